#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# The disk of retention.bats, full for a minute; and a chain that is trimmed.

load ../lib
load ../reeve
load ../full

export BATS_TEST_TIMEOUT=600
FULL_S=60 FULL_DISK=400m

setup() {
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	rm -f "$dir/filling"
	crun list -q | xargs -r -n 1 crun delete -f
	no_small_disk
}

@test "disk: full for a minute under load: denials are stored, each other record explained, and it goes on" {
	full_under_load
}

# gone ID: some of its chain's links are gone, and all that is left is proven.
gone() {
	reeve verify --json "$1" | jq -e '.intact and .trimmed > 0'
}

@test "retention: a running container's chain is trimmed, and proves what is left, whoever is killed" {
	small_disk 64m '{"retention": {"age": null, "container_bytes": "1MiB", "keep": 100}}'
	container "$dir" --annotate io.reeve.repeat each -- /bin/sh -c 'while :; do /act opens 50 /etc/passwd; usleep 20000; done'
	started trimmed
	reeve anchor trimmed >"$BATS_TEST_TMPDIR/first"
	retry 180 gone trimmed
	stop_node KILL
	start_node
	retry 120 gone trimmed
	reeve anchor trimmed >"$BATS_TEST_TMPDIR/later"
	crun kill trimmed KILL
	await_end trimmed
	retry 10 holds trimmed '.exact and .closed'
	reeve verify --anchor "$BATS_TEST_TMPDIR/later" trimmed | grep '^trimmed .*: their records are cut, or in a later link$'
	run reeve verify --anchor "$BATS_TEST_TMPDIR/first" trimmed
	[ "$status" -ne 0 ]
	[[ $output == *anchor-trimmed* ]]
}
