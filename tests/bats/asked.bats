#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# asked.bats: the kernel and `reeve policy test` agree, on random policies and acts. long/asked.bats has more.

load lib
load reeve
load asked

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
}

@test "asked: 300 random acts come to what policy test says, by its rule" {
	asked asked 1 300 none
}
