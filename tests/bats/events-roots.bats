#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts and roots, and what becomes of paths behind them; paths of every kind and length.

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

@test "files: mounts, old and new, and roots" {
	acts mounts mounts -- --edit "$(with SYS_ADMIN SYS_CHROOT)"
}
@test "files: in a mount namespace of its own the names are the same" {
	acts mounts own -- --edit "$(with SYS_ADMIN)"
}
@test "files: names of any byte, deleted ones" {
	acts paths bytes
}
@test "files: paths up to 4,095 bytes whole, 2,000 deep; the end of longer ones" {
	acts paths lengths
}
