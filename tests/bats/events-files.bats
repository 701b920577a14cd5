#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every kind of the files' family, done for real in a container and compared with its record.

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

@test "files: unlink" {
	acts files unlink
}
