#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2; full: all
# kill.bats: kill -9 of the agent, of the node, of both: denials hold, nothing is lost.

load lib
load reeve
load traffic

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	noshadow
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	start_node
	rm -rf /etc/reeve
}

@test "kill -9 of the agent: the denial holds, a successor goes on without a gap" {
	local old i
	traffic ka
	for i in 1 2 3; do
		old=$(living_agents)
		kill -KILL "$old"
		retry 10 succeeded "$old"
		# What the one before sent is at most in the node by now, not this.
		retry 20 more_than ka "$(($(stored ka) + 200))"
	done
	finish ka
}

@test "kill -9 of the node for ten seconds of traffic" {
	local before
	traffic kn
	before=$(stored kn)
	stop_node KILL
	sleep 10
	start_node
	retry 10 more_than kn "$((before + 100))"
	finish kn
}

@test "kill -9 of both at once" {
	local before
	traffic kb 200000 # what the ring holds while a slow machine starts both, see docs/agent.md
	before=$(stored kb)
	pkill -KILL -x 'reeve-(node|agent)'
	sleep 1
	retry 20 node_gone
	start_node
	retry 20 more_than kb "$before"
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
		time.sleep(16)
	PY
	retry 10 test -S /run/reeve/agent.sock
	container "$dir" -- /bin/sh -c 'exit 3'
	run timeout 20 crun run -b "$dir" silent </dev/null
	[ "$status" -eq 3 ]
	retry 2 no_agents
	wait $!
	start_node
	await_end silent
	exact silent
}
