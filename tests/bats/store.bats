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

# one ID: a container that ends with 3 in time, whatever the store does, and its agent with it (another one may
# come, for what it has left).
one() {
	local agent runtime
	make_bundle "$dir" --hook createRuntime $hook -- /bin/sh -c 'until [ -e /go ]; do usleep 100000; done; cat /etc/passwd >/dev/null; exit 3'
	rm -f "$dir/rootfs/go"
	retry 20 no_agents
	timeout 20 crun run -b "$dir" "$1" </dev/null 3>&- 4>&- &
	runtime=$!
	agent=$(retry 20 pgrep -x reeve-agent)
	touch "$dir/rootfs/go"
	status=0
	wait "$runtime" || status=$?
	[ "$status" -eq 3 ]
	retry 5 test ! -e "/proc/$agent"
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
