#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2
# swaps.bats: the policy is changed again and again under load, and with everybody killed on the way:
# at every moment one whole version decides. long/swaps.bats has more of it.

load lib
load reeve
load swaps

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	start_node
}

@test "swaps: 40 changes while four processes open what is allowed and denied" {
	swinging swap 25
	swapped swap 40 1
}

@test "swaps: apply killed at its system calls" {
	applied_in_part swap-cut 9
}
