#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Memory that becomes executable, done for real in a container and compared with its record.

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	umount "$BATS_TEST_TMPDIR"/*/rootfs 2>/dev/null || true
}

@test "memory: files, by mmap and mprotect" {
	acts memory files
}

@test "memory: files on overlayfs" {
	local lower=$BATS_TEST_TMPDIR/lower
	make_rootfs "$lower/rootfs"
	mkdir -p "$dir/rootfs" "$lower/upper" "$lower/work"
	mount -t overlay overlay "$dir/rootfs" \
		-o "lowerdir=$lower/rootfs,upperdir=$lower/upper,workdir=$lower/work"
	ID=memory-overlay acts memory files
}

@test "memory: anonymous" {
	acts memory anonymous
}

@test "memory: what needs nothing but capabilities" {
	plain memory
}
