#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# Security tags where no program may read a file's attributes: said so, and nothing else is amiss.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

@test "tags: a kernel that does not let them be read says so, and records the rest" {
	run reeve doctor
	[[ $output == *" tags "*"no program read files' attributes"* ]]
	container "$dir" -- /bin/cat /etc/passwd
	crun run -b "$dir" untagged
	await_end untagged
	[ "$(logs untagged 'select(.kind == "open" and .path == "/etc/passwd") | [.tag, .tag_source]')" = '[null,null]' ]
	complete untagged
}

@test "tags: set and shown on the host all the same" {
	modprobe loop
	mkdir -p "$BATS_TEST_TMPDIR/fs"
	cp --sparse=always /reeve/build/tests/ext4.img "$BATS_TEST_TMPDIR/disk"
	mount -o loop "$BATS_TEST_TMPDIR/disk" "$BATS_TEST_TMPDIR/fs"
	touch "$BATS_TEST_TMPDIR/fs/f"
	run reeve tag set "$BATS_TEST_TMPDIR/fs/f" secret
	[ "$status" = 0 ]
	[ "$(getfattr --only-values -n user.reeve.tag "$BATS_TEST_TMPDIR/fs/f")" = secret ]
	run reeve tag get "$BATS_TEST_TMPDIR/fs/f"
	umount "$BATS_TEST_TMPDIR/fs"
	[[ $output == *user.reeve.tag*secret* ]]
}
