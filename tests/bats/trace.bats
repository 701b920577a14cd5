#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12; full: all
# trace.bats: what reeve leaves behind (nothing), what is seen of it (all of it), who pays (nobody
# next door), and what an agent is allowed.

load lib
load reeve

setup() {
	start_node
	retry 20 no_agents
	dir=$BATS_TEST_TMPDIR/b
	policy noshadow '{"name":"noshadow","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	start_node
	rm -rf /etc/reeve
}

running() {
	container "$dir" "${@:2}" -- /act pause
	started "$1"
}

@test "trace: nothing is left after the last container and the node" {
	local before='' n
	# What the first container of a boot has made for all of them stays.
	for n in 0 1 2 3; do
		if [ $n -eq 1 ]; then
			retry 20 no_agents
			stop_node
			before=$(traces)
			start_node
		fi
		container "$dir" --annotate io.reeve.policy noshadow -- /bin/sh -c 'cat /etc/shadow; true'
		crun run -b "$dir" "left-$n" </dev/null
		await_end "left-$n"
	done
	retry 20 no_agents
	stop_node
	retry 5 same_traces "$before"
}
same_traces() {
	diff <(echo "$1") <(traces)
}

@test "trace: unload refuses while a container runs, and says which" {
	running busy
	run reeve unload
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *busy* ]]
}

@test "trace: every object of reeve has its name in bpftool" {
	local name cg
	running named
	for name in reeve_file_open reeve_exec_chk reeve_exec_done reeve_connect reeve_fork reeve_attach reeve_exit reeve_repeats; do
		bpftool prog show | grep -q "name $name" || { bpftool prog show; return 1; }
	done
	for name in reeve_place reeve_states reeve_rings reeve_lanes reeve_bulk reeve_state reeve_ring reeve_lane reeve_t_small reeve_t_medium reeve_t_large; do
		bpftool map show | grep -q "name $name" || { echo "no map $name"; return 1; }
	done
	[ "$(bpftool -j map show | jq '[.[] | select(.name == "")] | length')" = 0 ]
	cg=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(crun state named | jq .pid)/cgroup")
	bpftool cgroup show "$cg" | grep -q reeve_file_open
	[ "$(bpftool -j link show | jq '[.[] | select(.type == "cgroup")] | length')" -ge 8 ]
	ls "/sys/fs/bpf/reeve/c/"*/link_reeve_file_open
}

@test "trace: next door there are no events and no denials" {
	local before
	running door --annotate io.reeve.policy noshadow --cgroup /door
	mkdir -p /sys/fs/cgroup/nextdoor
	retry 5 settled door
	before=$(reeve ledger --json door | jq .stored)
	run sh -c 'echo $$ >/sys/fs/cgroup/nextdoor/cgroup.procs; cat /etc/shadow >/dev/null && /reeve/build/tests/act connect 127.0.0.1 9; /reeve/build/tests/act open /etc/shadow'
	[ "$status" -eq 0 ]
	rmdir /sys/fs/cgroup/nextdoor
	[ "$(reeve ledger --json door | jq .stored)" = "$before" ]
	# and inside it is denied
	echo x >"$dir/rootfs/etc/shadow"
	run crun exec door /act open /etc/shadow
	[ "$status" -eq 13 ]
}

@test "trace: the agent has no privilege left" {
	local pid
	running jailed
	pid=$(pgrep -x reeve-agent)
	cat "/proc/$pid/status"
	[ "$(awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$pid/status" | tr ' ' '\n' | sort -u)" = "$(id -u reeve)" ]
	[ "$(awk '/^Gid:/ {print $2}' "/proc/$pid/status")" != "$(id -g reeve)" ]
	[ "$(awk '/^Cap(Inh|Prm|Eff|Bnd|Amb):/ {print $2}' "/proc/$pid/status" | sort -u)" = 0000000000000000 ]
	grep -qx 'Seccomp:	2' "/proc/$pid/status"
	grep -qx 'NoNewPrivs:	1' "/proc/$pid/status"
	grep -q '^Groups:	 *$' "/proc/$pid/status"
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	grep -q '^0::/reeve/agents/' "/proc/$pid/cgroup"
}

@test "trace: every descriptor of the agent is one the manual explains" {
	local pid fd target known
	running fds
	pid=$(pgrep -x reeve-agent)
	for fd in "/proc/$pid/fd/"*; do
		target=$(readlink "$fd")
		echo "$(basename "$fd") $target"
		# docs/agent.md has a table: | `target pattern` | what for |
		known=0
		while IFS= read -r pattern; do
			# shellcheck disable=SC2053
			[[ $target == $pattern ]] && known=1
		done < <(sed -n 's/^| `\([^`]*\)` |.*/\1/p' /reeve/docs/agent.md)
		[ "$known" = 1 ] || { echo "unexplained: $target"; return 1; }
	done
}

# gone_in_time ID: one of three containers' agents, as others may have the processor for a second.
gone_in_time() {
	local i
	for i in 1 2 3; do
		run timeout 10 crun run -b "$dir" "$1-$i" </dev/null
		[ "$status" -eq 0 ]
		! retry 1 no_agents || return 0
		retry 20 no_agents
	done
	return 1
}

@test "trace: the agent is gone within a second of the container's end, with the node and without it" {
	container "$dir" -- /bin/true
	gone_in_time quick
	stop_node KILL
	gone_in_time quick-alone
}
