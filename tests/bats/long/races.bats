#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# races.bats: the same again, many times: starts whose first act is denied, kills at random moments.

load ../lib
load ../reeve

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

@test "races: 300 starts through reeve run, 50 through crun, 25 through runc: no escape" {
	local n rt
	for n in $(seq 300); do
		run reeve run --output /dev/null --policy /etc/reeve/policies/noshadow.json -- "$act" open /etc/shadow
		[ "$status" -eq 13 ] || { echo "start $n: $output"; return 1; }
	done
	for rt in crun runc; do
		RUNTIME=$rt container "$dir-$rt" --annotate io.reeve.policy noshadow -- /act open /etc/shadow
		echo x >"$dir-$rt/rootfs/etc/shadow"
		for n in $(seq $([ $rt = crun ] && echo 50 || echo 25)); do
			run $rt run -b "$dir-$rt" "race-$rt-$n" </dev/null
			[ "$status" -eq 13 ] || { echo "$rt $n: $status $output"; return 1; }
		done
	done
}

@test "races: the node, the agent or both killed 20 times at random moments" {
	local n victim
	container "$dir" --annotate io.reeve.policy noshadow --annotate io.reeve.repeat each -- /bin/sh -c '/act guard 5 /etc/shadow /tmp/out & while :; do /act opens 20 /etc/passwd; usleep 50000; done'
	echo x >"$dir/rootfs/etc/shadow"
	(cd "$dir" && crun create hunted </dev/null >/dev/null 2>&1 3>&- 4>&- && crun start hunted 3>&- 4>&-)
	for n in $(seq 20); do
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
}
