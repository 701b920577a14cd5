#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2
# views.bats: ways to look at a record: the processes, the numbers, the rates, the page.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# tree ID JQ_FILTER [JQ_OPTION]...: true of its processes.
tree() {
	reeve tree --json "$1" >"$dir/tree"
	jq -e "${@:3}" "$2" "$dir/tree" >/dev/null || { cat "$dir/tree"; return 1; }
}
entered() {
	tree "$1" 'any(.processes[]; .origin == "entered" and .parent == null and .execs[0].argv == ["echo", "a b", "\u001b[31m\n"])'
}

@test "tree: who made whom, what each ran, how it ended; of a running container, of an ended one" {
	container "$dir" -- /bin/sh -c 'sleep 100 & (exit 3); sh -c "exec cat /etc/passwd" >/dev/null
		until read -r c </proc/$!/comm && [ "$c" = sleep ]; do :; done; kill -9 $!
		while [ ! -e /tmp/go ]; do sleep 1; done; exit 5'
	crun run -b "$dir" grown </dev/null >/dev/null 3>&- &
	retry 20 crun exec grown echo 'a b' $'\e[31m\n' >/dev/null
	retry 10 entered grown
	retry 20 tree grown '([.processes[] | select(.origin == "init")] | length == 1 and .[0].state == "running" and .[0].ns_pid == 1) and
		any(.processes[]; .signal == "SIGKILL" and .execs[-1].argv == ["sleep", "100"])'
	touch "$dir/rootfs/tmp/go"
	await_end grown
	complete grown
	logs grown >"$dir/all"
	# every fork is a process, every exit an end
	tree grown '([.processes[] | select(.origin == "forked") | .pid] | sort) == ($all | map(select(.kind == "fork").child_pid) | sort) and
		([.processes[] | select(.state == "exit" or .state == "signal") | [.pid, .code // 0, .signal]] | sort) ==
			($all | map(select(.kind == "exit") | [.process.pid, .code, .signal]) | sort) and
		all(.processes[]; .parent == null or .parent < .id) and .missing == 0 and .lost == {} and .ended and
		(.processes[0] | .code == 5 and .duration_ns > 0) and
		any(.processes[]; [.execs[].argv[0]] == ["sh", "cat"] and .parent == 0 and .code == 0)' --slurpfile all "$dir/all"
	reeve tree grown >"$dir/text"
	[ "$(wc -l <"$dir/text")" -eq "$(($(jq '.processes | length' "$dir/tree") + 1))" ]
	grep -qE "^ +[0-9]+ +1 2.*Z +[0-9.]+ exit 5 +\(init\) /bin/sh -c " "$dir/text"
	grep -qF "(entered from outside) echo 'a b' \$'\\x1b[31m\\x0a'" "$dir/text"
	grep -qE 'exit 0 +[|`]- sh -c .exec cat /etc/passwd. -> cat /etc/passwd$' "$dir/text"
	# records that are missing are said to be
	sql "$(echo /var/lib/reeve/containers/grown@*.db)" "DELETE FROM events WHERE kind = 'fork'"
	tree grown '.missing > 0 and any(.processes[]; .origin == "unknown" and .parent == 0)'
	reeve tree grown | grep -q '^This tree may not be whole: [1-9][0-9]* records are missing'
	run reeve tree no-such-container
	[ "$status" -eq 1 ]
	[[ $output == *"no container 'no-such-container' is known"* ]]
}

@test "stats: the numbers of the record; top: rates of what runs" {
	local numbers
	policy counted '{"name":"counted","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
	container "$dir" --annotate io.reeve.policy counted -- /bin/sh -c \
		'n=0; while [ ! -e /tmp/go ]; do read x </etc/passwd; n=$((n + 1)); [ $((n % 10)) -gt 0 ] || cat /etc/shadow; done'
	echo x >"$dir/rootfs/etc/shadow"
	crun run -b "$dir" counted </dev/null >/dev/null 2>&1 3>&- &
	retry 20 busy
	touch "$dir/rootfs/tmp/go"
	await_end counted
	complete counted
	logs counted >"$dir/all"
	numbers=$(reeve stats --json counted)
	jq -e --slurpfile all "$dir/all" --argjson ledger "$(reeve ledger --json counted)" \
		--argjson stored "$(sql "$(echo /var/lib/reeve/containers/counted@*.db)" 'SELECT sum(length(record)) FROM events')" '
		.stored == ($all | length) and .denied == ($all | map(select(.verdict == "denied")) | length) and .denied > 0 and
		.lost == $ledger.lost and .repeated == ($ledger.merged | add) and .repeated > 0 and .state == "ended" and
		.first == ($all | map(.time) | min) and .last == ($all | map(.time) | max) and
		.record_bytes == $stored and .file_bytes > .record_bytes and
		(.kinds | map_values(select(.stored > 0).stored)) == $ledger.stored_by_kind and .kinds.open.denied == .denied' <<<"$numbers"
	reeve stats counted | grep -qE "^open +$(jq .kinds.open.stored <<<"$numbers") +$(jq .denied <<<"$numbers") +0 "
	# The file itself grows or shrinks when it is closed.
	[ "$(reeve stats --json | jq -c 'select(.id == "counted") | del(.file_bytes)')" = "$(jq -c 'del(.file_bytes)' <<<"$numbers")" ]
	[ "$(reeve stats | wc -l)" -eq "$(($(reeve ps -a --json | jq length) + 1))" ]
}

# page SELECTED: how many lines of the page have it.
page() {
	grep -cF "$1" "$dir/page"
}

@test "report: a page of a running container, and of what it became" {
	policy paged '{"name":"paged","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny","reason":"<b>never</b>"}]}'
	container "$dir" --annotate io.reeve.policy paged -- /bin/sh -c 'cat /etc/shadow; echo >"/tmp/<script>"
		while [ ! -e /tmp/go ]; do sleep 1; done; cat /etc/shadow; exit 5'
	echo x >"$dir/rootfs/etc/shadow"
	crun run -b "$dir" paged </dev/null >/dev/null 2>&1 3>&- &
	retry 20 reeve_denied paged 1
	reeve report paged >"$dir/page"
	[ "$(page 'The container was running when this page was made.')" -eq 1 ]
	[ "$(page '<span class=denied>denied</span><small>EACCES')" -eq 1 ]
	touch "$dir/rootfs/tmp/go"
	await_end paged
	complete paged
	reeve report --output "$dir/page" paged
	[ "$(page 'This record is complete and unaltered.')" -eq 1 ]
	[ "$(page '<strong>Nothing lost</strong>')" -eq 1 ]
	[ "$(page '<strong>Guarded</strong>')" -eq 1 ]
	[ "$(page '<strong>2 denied</strong>')" -eq 1 ]
	[ "$(page '<dt>Exit<dd>5 after ')" -eq 1 ]
	[ "$(page '<span class=denied>denied</span><small>EACCES')" -eq 2 ]
	[ "$(page "rule 1 of <code>paged</code>, line 1<br><code>&#39;&lt;b&gt;never&lt;/b&gt;&#39;</code>")" -eq 2 ]
	[ "$(page '<code>&#39;/tmp/&lt;script&gt;&#39;</code>')" -eq 1 ]
	[ "$(page '<tr id=p')" -eq "$(reeve tree --json paged | jq '.processes | length')" ]
	[ "$(page '<script>')" -eq 1 ]
	[ "$(page "$(reeve verify --json paged | jq -r .head)")" -eq 1 ]
}

# reeve_denied ID N: at least N denials of it are stored.
reeve_denied() {
	[ "$(reeve logs --verdict denied "$1" | wc -l)" -ge "$2" ]
}

# terminal COMMAND: what it writes to one.
terminal() {
	TERM=xterm script -qec "$1" /dev/null </dev/null
}

@test "logs: a pager and colours on a terminal, and nowhere else" {
	policy seen '{"name":"seen","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
	container "$dir" --annotate io.reeve.policy seen -- /bin/cat /etc/shadow
	echo x >"$dir/rootfs/etc/shadow"
	crun run -b "$dir" seen </dev/null || true
	await_end seen
	reeve logs --kind open --verdict denied seen >"$dir/plain"
	[[ $(<"$dir/plain") == *"open       DENIED(EACCES) pid="* ]]
	export REEVE_PAGER='sed "s/^/paged: /"'
	[ "$(terminal 'reeve logs --kind open --verdict denied seen')" = \
		"paged: $(sed $'s/DENIED(EACCES)/\e[1;31m&\e[m/' "$dir/plain")"$'\r' ]
	[ "$(NO_COLOR=1 terminal 'reeve logs --no-pager --kind open --verdict denied seen')" = "$(<"$dir/plain")"$'\r' ]
	[ "$(PAGER=false REEVE_PAGER='' terminal 'NO_COLOR=1 reeve logs --kind open --verdict denied seen')" = "$(<"$dir/plain")"$'\r' ]
	terminal 'reeve tree seen' | grep -q '^paged: .*(init) /bin/cat /etc/shadow'
	cmp "$dir/plain" <(reeve logs --kind open --verdict denied seen)
	# a pager that has seen enough ends it, quietly
	[ "$(REEVE_PAGER='head -n 1' terminal 'reeve logs seen; echo $?' | wc -l)" -eq 2 ]
	[[ $(terminal 'reeve logs no-such') == "paged: "*"no container 'no-such' is known"* ]]
}

# There is a line of counted's with events, denials and an agent's cost.
busy() {
	reeve top --once --interval 0.5 | awk '$2 == "counted" && $5 > 0 && $6 > 0 && $7 == 0 && $9 == 0 && $10 ~ /^[0-9.]+$/ && $11 > 0 { found = 1 } END { exit !found }'
}
