#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: 7.2-alone
# races.bats: kills at random moments, many times.

load ../lib
load ../reeve

export BATS_TEST_TIMEOUT=600

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

@test "races: the node, the agent or both killed 50 times at random moments: exact, nothing lost, verify clean" {
	local n victim
	container "$dir" --annotate io.reeve.policy noshadow --annotate io.reeve.repeat each -- /bin/sh -c '/act guard 5 /etc/shadow /tmp/out & while :; do /act opens 20 /etc/passwd; usleep 200000; done'
	echo x >"$dir/rootfs/etc/shadow"
	started hunted
	for n in $(seq 50); do
		sleep "0.$((RANDOM % 90 + 10))"
		victim=$(printf 'reeve-node\nreeve-agent\nreeve-(node|agent)\n' | shuf -n 1)
		echo "$n $victim"
		pkill -KILL -x "$victim" || true
		start_node
	done
	crun kill hunted KILL
	await_end hunted
	[ ! -e "$dir/rootfs/tmp/out" ]
	exact hunted
	reeve verify hunted
	reeve ledger hunted >&3
}
