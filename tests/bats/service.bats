#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
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

# served [VARIABLE]...: the node, with the manager's socket.
served() {
	env NOTIFY_SOCKET="$BATS_TEST_TMPDIR/notify" "$@" setsid reeve-node </dev/null >>/var/log/reeve-node.log 2>&1 3>&- 4>&- &
	node=$!
	retry 20 grep -qx READY=1 "$said"
}

count() {
	grep -cx "$1" "$said" || true
}
at_least() {
	[ "$(count "$1")" -ge "$2" ]
}

@test "ready when it answers, alive while its loop turns, and not when it stands" {
	local before
	served WATCHDOG_USEC=1000000
	reeve status
	retry 10 at_least WATCHDOG=1 4
	kill -STOP "$node"
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
