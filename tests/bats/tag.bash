# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# tag.bash: files with tags, on ext4, which keeps user attributes on every kernel. `load lib` and `load reeve` first.

setup() {
	start_node
	fs=$BATS_TEST_TMPDIR/fs
	dir=$fs/b
	mkdir -p "$fs"
	cp --sparse=always /reeve/build/tests/ext4.img "$BATS_TEST_TMPDIR/disk"
	modprobe loop
	mount -o loop "$BATS_TEST_TMPDIR/disk" "$fs"
	# What each kernel reads, by its version and not by what reeve thinks of it.
	case $(uname -r) in
	6.12.*) source=user.reeve.tag set=$source tag=top-secret ;;
	*) source=security.bpf.reeve set=$source tag=top-secret ;;
	esac
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
	umount "$BATS_TEST_TMPDIR/merged/rootfs" 2>/dev/null || true
	umount "$fs"
}

# tagged PATH...: each gets the tag.
tagged() {
	local path
	for path in "$@"; do
		reeve tag set "$path" top-secret
	done
}

files() {
	make_rootfs "$dir/rootfs"
	mkdir "$dir/rootfs/dir"
	touch "$dir"/rootfs/{tagged,tagged-too,only-write}
	chmod 0222 "$dir/rootfs/only-write"
	tagged "$dir"/rootfs/{tagged,tagged-too,dir,only-write} >/dev/null
}
