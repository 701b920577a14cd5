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
