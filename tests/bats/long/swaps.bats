#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# swaps.bats: as ../swaps.bats, more often and with seeds of their own.

load ../lib
load ../reeve
load ../swaps

setup_file() {
	export BATS_TEST_TIMEOUT=900
}

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	start_node
}

@test "swaps: 150 changes under load" {
	swinging swap-long 20
	swapped swap-long 150 "$RANDOM"
}

@test "swaps: apply, agent and node killed at random moments of 50 changes" {
	swinging swap-killed-long 75
	swapped swap-killed-long 50 "$RANDOM" kill
}

@test "swaps: apply killed at each third of its system calls" {
	applied_in_part swap-cut-long 3
}
