#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# The node as a service: what it tells its manager, reload, and an orderly end in the middle of traffic.
bats_require_minimum_version 1.5.0
load lib
load reeve

setup() {
	dir=$BATS_TEST_TMPDIR/b
	said=$BATS_TEST_TMPDIR/said
	stop_node
	socat -u "UNIX-RECV:$BATS_TEST_TMPDIR/notify" "OPEN:$said,creat,append" 3>&- 4>&- &
	socat=$!
	retry 5 test -S "$BATS_TEST_TMPDIR/notify"
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	stop_node
	kill "$socat" || true
	rm -rf /etc/reeve
	start_node
}

# served [VARIABLE]...: the node with ${options[@]}, and with the manager's socket.
options=()
served() {
	env NOTIFY_SOCKET="$BATS_TEST_TMPDIR/notify" "$@" setsid reeve-node "${options[@]}" </dev/null >>/var/log/reeve-node.log 2>&1 3>&- 4>&- &
	node=$!
	retry 120 grep -qx READY=1 "$said"
}

count() {
	grep -cx "$1" "$said" || true
}
at_least() {
	[ "$(count "$1")" -ge "$2" ]
}
stopped() {
	[[ $(<"/proc/$1/stat") == *') T '* ]]
}
# read_out: what was sent has been read.
read_out() {
	local before
	before=$(count WATCHDOG=1)
	sleep 0.5
	[ "$(count WATCHDOG=1)" -eq "$before" ]
}

@test "ready when it answers, alive while its loop turns, and not when it stands" {
	local before
	served WATCHDOG_USEC=1000000
	reeve status
	retry 10 at_least WATCHDOG=1 4
	kill -STOP "$node"
	retry 10 stopped "$node"
	retry 10 read_out
	before=$(count WATCHDOG=1)
	sleep 2
	[ "$(count WATCHDOG=1)" -eq "$before" ]
	kill -CONT "$node"
	retry 10 at_least WATCHDOG=1 $((before + 2))
	# Another process's watchdog, and one that is no time, are not served.
	stop_node
	: >"$said"
	served WATCHDOG_USEC=10000 WATCHDOG_PID=1
	retry 10 reeve status
	[ "$(count WATCHDOG=1)" -eq 0 ]
	stop_node
	: >"$said"
	served WATCHDOG_USEC=soon
	retry 5 grep -q 'WATCHDOG_USEC=soon: expected microseconds' /var/log/reeve-node.log
}

@test "SIGHUP: policies are read again, also where no watch can see the change" {
	local elsewhere=$BATS_TEST_TMPDIR/elsewhere.json
	served
	policy svc-reload '{}'
	printf '{"name":"svc-reload","mode":"enforce","rules":[]}' >"$elsewhere"
	ln -sf "$elsewhere" /etc/reeve/policies/svc-reload.json
	container "$dir" --annotate io.reeve.policy svc-reload -- /bin/sh -c 'while :; do cat /etc/secret >>/got 2>>/refused; sleep 0.2; done'
	echo x >"$dir/rootfs/etc/secret"
	started svc-reload
	retry 10 test -s "$dir/rootfs/got"
	printf '{"name":"svc-reload","mode":"enforce","rules":[{"subject":"file","path":"/etc/secret","action":"deny"}]}' >"$elsewhere"
	kill -HUP "$node"
	retry 10 test -s "$dir/rootfs/refused"
	retry 5 grep -qx RELOADING=1 "$said"
	grep -qx 'MONOTONIC_USEC=[0-9]*' "$said"
	retry 5 at_least READY=1 2
	[ "$(tail -n 1 "$said")" = READY=1 ]
	kill -0 "$node"
}

@test "SIGTERM in the middle of traffic: it ends at once and in order, nothing is lost, agents stay" {
	local before rc=0
	served
	container "$dir" --annotate io.reeve.repeat each -- /bin/sh -c 'while :; do /act opens 20 /etc/passwd; usleep 20000; done'
	started svc-term
	for _ in 1 2 3; do
		retry 10 stored_over svc-term 200
		kill -TERM "$node"
		wait "$node" || rc=$?
		[ "$rc" -eq 0 ]
		retry 2 grep -qx STOPPING=1 "$said"
		[ "$(agents)" -eq 1 ]
		: >"$said"
		served
	done
	crun kill svc-term KILL
	await_end svc-term
	complete svc-term
}

# stored_over ID N: more than N records are stored.
stored_over() {
	[ "$(reeve ledger --json "$1" | jq .stored)" -gt "$2" ]
}

# metric SERIES: its value. metric_is SERIES N
metric() {
	reeve metrics | awk -v series="$1" '$1 == series { print $2 }'
}
metric_is() {
	local is
	is=$(metric "$1")
	[ "$is" = "$2" ] || { echo "$1 is '$is', not $2"; return 1; }
}

@test "metrics: what containers, hooks and policies did is in them, by the verb and by HTTP" {
	local unguarded refused socket=$BATS_TEST_TMPDIR/metrics
	options=(--metrics "unix:$socket")
	served
	policy svc-metrics '{"name":"svc-metrics","mode":"enforce","rules":[{"subject":"file","path":"/etc/secret","action":"deny"}]}'
	container "$dir" --annotate io.reeve.repeat each --annotate io.reeve.policy svc-metrics -- /bin/sh -c 'for i in 1 2 3; do cat /etc/secret; done'
	echo x >"$dir/rootfs/etc/secret"
	crun run -b "$dir" svc-metrics </dev/null 3>&- 4>&- || true
	await_end svc-metrics
	complete svc-metrics
	reeve stats --json svc-metrics >"$dir/stats"
	jq -e '.denied == 3' "$dir/stats"
	retry 5 metric_is reeve_denied_total 3
	for kind in open exec exit armed close; do
		metric_is "reeve_records_stored_total{kind=\"$kind\"}" "$(jq ".kinds.$kind.stored" "$dir/stats")"
	done
	metric_is reeve_programs_loaded 1
	metric_is reeve_agents 0

	# A start without the guard, by the hook's own word.
	unguarded=$(metric reeve_unguarded_starts_total)
	echo '{}' | "$hook"
	retry 5 metric_is reeve_unguarded_starts_total $((unguarded + 1))
	echo '{}' | "$hook" --fail closed && false
	sleep 1.1
	metric_is reeve_unguarded_starts_total $((unguarded + 1))

	# An agent that dies, a policy that is none.
	refused=$(metric reeve_policy_reload_failures_total)
	container "$dir" --annotate io.reeve.policy svc-metrics -- sleep 1000
	(cd "$dir" && crun create svc-counted </dev/null >/dev/null 2>&1 3>&- 4>&- && crun start svc-counted 3>&- 4>&-)
	retry 10 metric_is 'reeve_containers{state="armed"}' 1
	metric_is reeve_agents 1
	pkill -KILL -x reeve-agent
	retry 20 metric_is reeve_successors_total 1
	retry 10 metric_is reeve_agents 1
	policy svc-metrics '{'
	retry 20 metric_is reeve_containers_policy_refused 1
	retry 5 metric_is reeve_policy_reload_failures_total $((refused + 1))
	policy svc-metrics '{"name":"svc-metrics","mode":"enforce","rules":[]}'
	retry 20 metric_is reeve_containers_policy_refused 0
	reeve metrics --containers | grep -qE '^reeve_container_info\{id="svc-counted",.*,policy="svc-metrics",armed="yes"\} 1$'

	# For those who may query: the socket is a group's. The same text.
	[ "$(stat -c '%a %G' "$socket")" = '660 reeve' ]
	printf 'GET /metrics HTTP/1.1\r\n\r\n' | socat -t 5 - "UNIX-CONNECT:$socket" >"$dir/http"
	head -n 1 "$dir/http" | grep -qx $'HTTP/1.1 200 OK\r'
	diff <(grep -o '^reeve_[^ ]*' "$dir/http") <(reeve metrics | grep -o '^reeve_[^ ]*')
	# and the query socket speaks lines to whoever has no client
	echo '{"verb":"ps"}' | socat -t 5 - UNIX-CONNECT:/run/reeve/query.sock >"$dir/ps"
	[ "$(head -n 1 "$dir/ps" | jq -c 'map(.id)')" = '["svc-counted"]' ]
	[ "$(tail -n +2 "$dir/ps")" = '{"status":0}' ]
	crun delete -f svc-counted
	await_end svc-counted
	retry 5 metric_is reeve_denied_total 3
	stop_node
	[ ! -e "$socket" ]
}
