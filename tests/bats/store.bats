#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2
# store.bats: a store that cannot be written for a while costs the container nothing and the record
# nothing.

load lib
load reeve

setup() {
	dir=$BATS_TEST_TMPDIR/b
	stop_node
	mkdir -p /var/lib/reeve
	mount -t tmpfs -o size=4m,mode=755 tmpfs /var/lib/reeve
	start_node
}

teardown() {
	stop_node
	umount /var/lib/reeve
	start_node
}

# one ID: a container that ends with 3 in time, whatever the store does.
one() {
	make_bundle "$dir" --hook createRuntime $hook -- /bin/sh -c 'cat /etc/passwd >/dev/null; exit 3'
	run timeout 10 crun run -b "$dir" "$1" </dev/null
	[ "$status" -eq 3 ]
	retry 2 no_agents
}

@test "store: full, then not" {
	dd if=/dev/zero of=/var/lib/reeve/ballast bs=4k 2>/dev/null || true
	one full
	rm /var/lib/reeve/ballast
	await_end full
	exact full
	[ "$(logs full 'select(.kind == "exec") | .argv[0]' | head -n 1)" = '"/bin/sh"' ]
}

@test "store: read-only, then not" {
	one written
	await_end written
	stop_node # or its open databases keep the file system busy
	mount -o remount,ro /var/lib/reeve
	start_node
	reeve verify written
	one readonly
	mount -o remount,rw /var/lib/reeve
	await_end readonly
	exact readonly
}
