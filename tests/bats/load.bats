#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2
# A build, small: exact in every profile, and nothing lost in quiet and normal. load.bash has what is checked,
# the bench what it costs.

load lib
load reeve
load load

FILES=500 EXECS=200 CONNECTS=200

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

@test "a build in quiet: exact, nothing lost, its execs and exits, none of its files" {
	in_quiet
}

# bats test_tags=full
@test "a build in normal: exact, nothing lost, every file, exec and connect" {
	in_normal
}

@test "a build in all: exact, whatever was lost" {
	in_all
}

@test "four containers that take all the processor they can get do not keep their agents from it" {
	local n ledger
	for n in 1 2 3 4; do
		container "$dir-$n" --annotate io.reeve.repeat each --edit '.hooks.createRuntime[0].args += ["--record", "all"]' -- \
			/act opens 12000 /etc/passwd
		(cd "$dir-$n" && crun create "greedy-$n" </dev/null >/dev/null 2>&1 3>&- 4>&-)
	done
	[ "$(cat /sys/fs/cgroup/reeve/cpu.weight)" = 1000 ]
	for n in 1 2 3 4; do
		crun start "greedy-$n" 3>&- 4>&-
	done
	for n in 1 2 3 4; do
		retry 60 ended "greedy-$n"
		ledger=$(reeve ledger --json "greedy-$n")
		jq -r '"# \(.id): \(.expected) given, \(.lost) lost"' <<<"$ledger" >&3
		jq -e '.exact and .closed and .expected > 12000 and .lost <= .expected / 50' <<<"$ledger"
		crun delete -f "greedy-$n" || true
	done
}
