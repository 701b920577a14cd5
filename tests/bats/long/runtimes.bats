#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: engines bookworm-engines systemd bookworm-systemd
# long/runtimes.bats: the cells of podman, containerd and docker; see ../runtimes.bats.

load ../lib
load ../reeve
load ../engines

@test "runtimes: podman with crun, by hooks.d" {
	podman_cell crun
}

@test "runtimes: podman with runc, by hooks.d" {
	podman_cell runc
}

@test "runtimes: containerd by ctr, with reeve-runc" {
	containerd_up
	ctr_cell containerd+reeve-runc rt-ctr-runc --runc-binary /usr/local/bin/reeve-runc \
		localhost/bb:latest rt-ctr-runc "${life[@]}"
}

@test "runtimes: containerd by ctr, with a spec that has the hook" {
	containerd_up
	spec_cell
}

@test "runtimes: docker, by a runtime of its configuration" {
	docker_up
	docker_cell
}
