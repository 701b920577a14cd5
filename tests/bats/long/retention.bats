#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# The disk of retention.bats, full for a minute.

load ../lib
load ../reeve
load ../full

FULL_S=60 FULL_DISK=400m

setup() {
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	rm -f "$dir/filling"
	crun delete -f full 2>/dev/null || true
	no_small_disk
}

@test "disk: full for a minute under load: denials are stored, each other record explained, and it goes on" {
	full_under_load
}
