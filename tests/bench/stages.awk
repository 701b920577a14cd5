# SPDX-License-Identifier: Apache-2.0
# The stages of one container start out of a kernel trace: when hook and agent were exec'ed, called
# bpf(2), were jailed and ended, and in which part of that time the CPU stood idle.
# Lines: COMM-PID [CPU] FLAGS SECONDS: EVENT: ...
{
	now = 0
	for (i = 1; i <= NF && !now; i++)
		if ($i ~ /^[0-9]+\.[0-9]+:$/) {
			now = $i * 1e6
			event = $(i + 1)
		}
	comm = $1
	sub(/-[0-9]+$/, "", comm)
}
!now { next }
event ~ /^sched_switch/ {
	if (/next_pid=0 /)
		idle_from = now
	else if (idle_from) {
		idle += now - idle_from
		idle_from = 0
	}
}
event ~ /^sched_process_exec/ && comm == "reeve-hook" { begin["hook"] = now; idle_at["hook"] = idle }
event ~ /^sched_process_exec/ && comm == "reeve-agent" { begin["enter"] = now; idle_at["enter"] = idle }
event ~ /^sys_bpf|^sys_enter_bpf/ && comm == "reeve-agent" && !("jail" in begin) {
	if (!("attach" in begin)) {
		begin["attach"] = now
		idle_at["attach"] = idle
	}
	bpf_now = now
	bpf_idle = idle
}
event ~ /^sys_seccomp|^sys_enter_seccomp/ && comm == "reeve-agent" && !("ready" in begin) {
	begin["jail"] = bpf_now
	idle_at["jail"] = bpf_idle
	begin["ready"] = now
	idle_at["ready"] = idle
}
event ~ /^sched_process_exit/ && comm == "reeve-hook" { begin["end"] = now; idle_at["end"] = idle }
END {
	n = split("hook enter attach jail ready end", stage, " ")
	for (i = 1; i <= n; i++)
		if (!(stage[i] in begin)) {
			print "bench: the trace lacks the stage " stage[i] > "/dev/stderr"
			exit 1
		}
	for (i = 1; i < n; i++) {
		elapsed = begin[stage[i + 1]] - begin[stage[i]]
		waited = idle_at[stage[i + 1]] - idle_at[stage[i]]
		printf "stage.%s.elapsed\t%.0f\nstage.%s.running\t%.0f\n", stage[i], elapsed * 1000,
			stage[i], (elapsed - waited) * 1000
	}
}
