#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# asked.bats: as ../asked.bats, with 10,200 acts on the three kernels, of seeds of their own. ASKED_SEED repeats one.

load ../lib
load ../reeve
load ../asked

setup_file() {
	export BATS_TEST_TIMEOUT=900
}

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
}

@test "asked: 3,400 random acts come to what policy test says, by its rule" {
	local seed=${ASKED_SEED:-$RANDOM}
	echo "# seed $seed" >&3
	asked asked-1 "$seed" 3400 none
}
