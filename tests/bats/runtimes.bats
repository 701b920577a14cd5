#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: engines
# runtimes.bats: the doorways, cell by cell: armed, denied what the policy denies, known by its name, exec
# covered, torn down clean. A cell that is not there fails, as its runtime is not. More: long/runtimes.bats.

load lib
load reeve
load engines

setup_file() {
	start_node
	engines_up
}

teardown_file() {
	engines_down
}

setup() {
	dir=$BATS_TEST_TMPDIR/b
	start_node
}

@test "runtimes: podman with crun, by hooks.d" {
	podman_cell crun
}

@test "runtimes: containerd by ctr, with reeve-runc" {
	containerd_up
	ctr_cell containerd+reeve-runc rt-ctr-runc --runc-binary /usr/local/bin/reeve-runc \
		localhost/bb:latest rt-ctr-runc "${life[@]}"
}

@test "runtimes: docker, by a runtime of its configuration" {
	docker_up
	docker_cell
}

@test "runtimes: every cell was there" {
	[ "$(sort "$BATS_FILE_TMPDIR/cells" | xargs)" = "containerd+reeve-runc docker+reeve-runc podman+crun" ]
}
