# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# reeve.bash: what the suites that try reeve itself share. `load lib` first.

hook=/usr/local/bin/reeve-hook
act=/reeve/build/tests/act

# container DIR [make_bundle OPTION]... -- ARG...: a bundle with our hook and /act in it.
container() {
	local dir=$1
	shift
	make_bundle "$dir" --hook "${STAGE:-createRuntime}" "$hook" "$@"
	cp "$act" "$dir/rootfs/act"
}

# started ID: a container of the bundle in $dir, which runs on.
started() {
	(cd "$dir" && crun create "$1" </dev/null >/dev/null 2>&1 3>&- 4>&- && crun start "$1" 3>&- 4>&-)
}

# policy NAME JSON: a policy the annotation io.reeve.policy can name.
policy() {
	mkdir -p /etc/reeve/policies
	printf '%s\n' "$2" >"/etc/reeve/policies/$1.json"
}

# logs ID [JQ_FILTER [JQ_OPTION]...]: the record as JSON lines, filtered.
logs() {
	local id=$1 filter=${2:-.}
	shift $(($# < 2 ? $# : 2))
	reeve logs --json "$id" | jq -c "$@" "$filter"
}

# sql DATABASE STATEMENTS: the node may be at it, or be closing it.
sql() {
	sqlite3 -cmd '.timeout 60000' "$1" "$2"
}

# ended ID: reeve says the container has ended and its record is complete.
ended() {
	reeve ps -a --json | jq -e --arg id "$1" 'any(.[]; .id == $id and .state == "ended")' >/dev/null
}
await_end() {
	retry 60 ended "$1"
}

# in_syslog PATTERN: it has come there, or will.
in_syslog() {
	retry 20 grep -- "$1" /var/log/messages
}

# exact ID: the ledger is exact, and nothing was lost.
exact() {
	local ledger
	ledger=$(reeve ledger --json "$1") && jq -e '[.. | .lost? | numbers] | add == 0' <<<"$ledger" >/dev/null ||
		{ reeve ledger "$1"; return 1; }
}
# complete ID: ended as well.
complete() {
	local ledger
	ledger=$(reeve ledger --json "$1") && jq -e '.closed and ([.. | .lost? | numbers] | add == 0)' <<<"$ledger" >/dev/null ||
		{ reeve ledger "$1"; return 1; }
}

# settled ID: its record has stood still for half a second.
settled() {
	local before
	before=$(reeve ledger --json "$1" | jq .stored)
	sleep 0.5
	[ -n "$before" ] && [ "$(reeve ledger --json "$1" | jq .stored)" = "$before" ]
}

agents() {
	pgrep -c -x reeve-agent || true
}
# One that was killed is an agent by name until it is buried.
living_agents() {
	pgrep -r R,S,D -x reeve-agent
}
# succeeded PID: there is one agent, another one.
succeeded() {
	local pid
	pid=$(living_agents) && [[ $pid =~ ^[0-9]+$ && $pid != "$1" ]]
}
no_agents() {
	[ "$(agents)" -eq 0 ]
}
nothing_of_agents() {
	no_agents && [ -z "$(ls -A /run/reeve/c 2>/dev/null)" ] && [ -z "$(ls -A /var/lib/reeve/spool 2>/dev/null)" ]
}

# everything reeve may leave behind, one per line, sorted: for before and after.
traces() {
	find /sys/fs/bpf/reeve/c /sys/fs/bpf/reeve/anchor /sys/fs/bpf/reeve/link /sys/fs/bpf/reeve/prog \
		/sys/fs/bpf/reeve/map -mindepth 1 2>/dev/null
	find /sys/fs/cgroup -type d
	find /run/reeve /var/lib/reeve/spool /tmp -mindepth 1 -path '/tmp/bats*' -prune -o -print
	bpftool -j prog show | jq -r '.[] | "prog \(.id) \(.name)"'
	bpftool -j link show | jq -r '.[] | "link \(.id) \(.prog_id)"'
	bpftool -j map show | jq -r '.[] | select(.name != "reeve_state" and .name != "reeve_ring" and .name != "reeve_lane") | "map \(.id) \(.name)"'
	pgrep -x 'reeve-.*' | sed 's/^/process /'
	true
}

start_node() {
	pgrep -x reeve-node >/dev/null && return 0
	setsid reeve-node </dev/null >>/var/log/reeve-node.log 2>&1 3>&- 4>&- &
	retry 120 reeve status >/dev/null
}
stop_node() {
	pkill -"${1:-TERM}" -x reeve-node || true
	retry 30 node_gone
}
node_gone() {
	! pgrep -x reeve-node >/dev/null
}

# with CAP_NAME...: the edit that gives a container these capabilities as well.
with() {
	printf '.process.capabilities |= map_values(. + %s)' "$(jq -cn '$ARGS.positional' --args "$@")"
}

# acts FAMILY VERB [ARGUMENT]... [-- MAKE_BUNDLE_OPTION...]: runs that verb of tests/bats/tools/events/
# FAMILY.c as the container FAMILY-VERB, or $ID, and compares its record with what the verb says it did: every act
# a record (merge.bats has what is counted).
acts() {
	local family=$1 verb=$2 id=${ID:-$1-$2} args=()
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		args+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	container "$dir" --annotate io.reeve.repeat each "$@" -- "/ev-$family" "$verb" "${args[@]}"
	cp "/reeve/build/tests/ev-$family" "$dir/rootfs/"
	crun run -b "$dir" "$id" >"$dir/said" 2>"$dir/errors" || { cat "$dir/said" "$dir/errors"; return 1; }
	await_end "$id"
	agree "$id" "$dir/said"
	complete "$id"
}

# agree ID FILE: container ID's record holds what FILE says.
agree() {
	reeve events --json >"$BATS_TEST_TMPDIR/table"
	reeve logs --json "$1" >"$BATS_TEST_TMPDIR/records"
	python3 -I -S /reeve/tests/bats/events.py "$2" "$BATS_TEST_TMPDIR/records" "$BATS_TEST_TMPDIR/table"
}

# plain FAMILY: every verb of it that needs nothing but capabilities; one at least.
plain() {
	local verb with
	[ -n "$("/reeve/build/tests/ev-$1" list)" ]
	while read -r verb with; do
		echo "$1 $verb $with"
		# shellcheck disable=SC2086
		acts "$1" "$verb" -- --edit "$(with $with)" || return 1
	done < <("/reeve/build/tests/ev-$1" list)
}
