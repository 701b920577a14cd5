#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every kind of the files' family, done for real in a container and compared with its record.

bats_require_minimum_version 1.5.0

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	umount "$dir/rootfs" 2>/dev/null || true
	rm -rf /var/tmp/overlay-*
}

@test "files: names made, removed, renamed, linked" {
	acts files names -- --edit "$(with CAP_MKNOD)"
}
@test "files: mode, owner, times, length, extended attributes and ACLs" {
	acts files attributes -- --edit "$(with CAP_CHOWN CAP_SYS_ADMIN)"
}

@test "files: one record an act on overlayfs, with copy-up" {
	make_bundle "$dir" /bin/true
	local base name
	base=$(mktemp -d /var/tmp/overlay-XXXXXX)/d # tmpfs has no user. attributes on 6.1
	mv "$dir/rootfs" "$base-lower"
	mkdir -p "$base-lower/lower" "$base-upper" "$base-work" "$dir/rootfs"
	for name in read copy-up cut attr kept; do
		echo "$name" >"$base-lower/lower/$name"
		[ "$name" != attr ] || setfattr -n user.kept -v 1 "$base-lower/lower/$name"
	done
	mount -t overlay -o "lowerdir=$base-lower,upperdir=$base-upper,workdir=$base-work" o "$dir/rootfs"
	acts overlay once
}

# Whoever enters acts as the runtime until its own exec: none of that is the container's.
@test "files: a runtime's helper leaves no record" {
	local runtime
	for runtime in crun runc; do
		RUNTIME=$runtime container "$dir" -- /bin/sleep 60
		"$runtime" run -d -b "$dir" "noise-$runtime" </dev/null >/dev/null 2>&1
		"$runtime" exec "noise-$runtime" /bin/mkdir "/tmp/$runtime"
		"$runtime" kill "noise-$runtime" KILL
		await_end "noise-$runtime"
		[ "$(logs "noise-$runtime" 'select(.kind == "create" and .path == "/tmp/'"$runtime"'") | .process.comm')" = '"mkdir"' ]
		# every act is of an image that is in the record, and there are some
		logs "noise-$runtime" 'select(.cause | IN("file", "path", "dentry", "mount", "move_mount",
			"pivot_root", "ioctl")) | select(.kind != "exec")' >"$BATS_TEST_TMPDIR/acts"
		[ -s "$BATS_TEST_TMPDIR/acts" ]
		run jq -c 'select(.process | (.exec_seq == null or .exe != "/bin/busybox"))' "$BATS_TEST_TMPDIR/acts"
		[ -z "$output" ] || { echo "$output"; false; }
		"$runtime" delete -f "noise-$runtime"
	done
}

@test "files: what needs nothing but capabilities" {
	plain files
}
