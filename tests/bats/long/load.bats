#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# A whole build: as load.bats, with 5,000 files, 2,000 execs, 2,000 connects.

load ../lib
load ../reeve
load ../load

export BATS_TEST_TIMEOUT=900
FILES=5000 EXECS=2000 CONNECTS=2000

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

@test "a build in quiet: exact, nothing lost, its execs and exits, none of its files" {
	in_quiet
}

@test "a build in normal: exact, nothing lost, every file, exec and connect" {
	in_normal
}

@test "a build in all: exact, whatever was lost" {
	in_all
}
