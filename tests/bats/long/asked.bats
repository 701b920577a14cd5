#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# asked.bats: as ../asked.bats, with 20,000 acts, of seeds of their own. ASKED_SEED repeats one.

load ../lib
load ../reeve
load ../asked

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
}

@test "asked: 20,000 random acts come to what policy test says, by its rule" {
	local n seed
	for n in 1 2 3 4; do
		seed=${ASKED_SEED:-$RANDOM$n}
		echo "# seed $seed" >&3
		asked "asked-long-$n" "$seed" 5000 none
		rm -rf "$dir"
	done
}
