#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2
# kill.bats: kill -9 of the agent, of the node, of both: denials hold, nothing is lost.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	policy noshadow '{"name":"noshadow","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	start_node
	rm -rf /etc/reeve
}

# traffic ID: a container that tries a denied open and makes some hundred records a second.
traffic() {
	container "$dir" --annotate io.reeve.policy noshadow --annotate io.reeve.repeat each -- /bin/sh -c '/act guard 5 /etc/shadow /tmp/out & while :; do /act opens 20 /etc/passwd; usleep 50000; done'
	echo x >"$dir/rootfs/etc/shadow"
	(cd "$dir" && crun create "$1" </dev/null >/dev/null 2>&1 3>&- 4>&- && crun start "$1" 3>&- 4>&-)
	retry 5 more_than "$1" 0
}

stored() {
	reeve ledger --json "$1" | jq .stored
}
more_than() {
	[ "$(stored "$1")" -gt "$2" ]
}
one_agent() {
	[ "$(agents)" -eq 1 ]
}

# finish ID: ends it and checks the record.
finish() {
	[ ! -e "$dir/rootfs/tmp/out" ] || { echo "a denied open went through"; return 1; }
	crun kill "$1" KILL
	await_end "$1"
	crun delete -f "$1" || true
	exact "$1"
	retry 2 no_agents
}

@test "kill -9 of the agent: the denial holds, a successor goes on without a gap" {
	local before i
	traffic ka
	for i in 1 2 3; do
		before=$(stored ka)
		pkill -KILL -x reeve-agent
		retry 5 one_agent
		retry 5 more_than ka "$before"
	done
	finish ka
}

@test "kill -9 of the node for ten seconds of traffic" {
	local before
	traffic kn
	before=$(stored kn)
	pkill -KILL -x reeve-node
	sleep 10
	start_node
	retry 10 more_than kn "$((before + 100))"
	finish kn
}

@test "kill -9 of both at once" {
	local before
	traffic kb
	before=$(stored kb)
	pkill -KILL -x 'reeve-(node|agent)'
	sleep 1
	start_node
	retry 10 more_than kb "$before"
	finish kb
}

@test "the node away for a whole life: the record is delivered when it comes" {
	stop_node KILL
	container "$dir" -- /bin/sh -c 'exit 3'
	run timeout 20 crun run -b "$dir" away </dev/null
	[ "$status" -eq 3 ]
	retry 1 no_agents
	start_node
	await_end away
	exact away
	[ "$(logs away 'select(.kind == "exec") | .argv')" = '["/bin/sh","-c","exit 3"]' ]
	retry 3 no_agents
	[ -z "$(ls -A /var/lib/reeve/spool)" ]
}

@test "the node silent: accepts and says nothing" {
	stop_node
	python3 - <<-'PY' 3>&- 4>&- &
		import os, pwd, socket, time
		s = socket.socket(socket.AF_UNIX)
		s.bind("/run/reeve/agent.sock")
		os.chown("/run/reeve/agent.sock", pwd.getpwnam("reeve").pw_uid, 0)
		s.listen(16)
		time.sleep(8)
	PY
	retry 2 test -S /run/reeve/agent.sock
	container "$dir" -- /bin/sh -c 'exit 3'
	run timeout 20 crun run -b "$dir" silent </dev/null
	[ "$status" -eq 3 ]
	retry 2 no_agents
	wait $!
	start_node
	await_end silent
	exact silent
}
