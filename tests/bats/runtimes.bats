#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1; full: all
# image: plain bookworm-engines systemd bookworm-systemd
# runtimes.bats: the doorways, cell by cell: armed, denied what the policy denies, known by its name, exec covered,
# torn down clean. ../cells.table says which cells there must be; long/runtimes.bats has the engines.

load lib
load reeve
load engines

@test "runtimes: crun, the hook in the bundle" {
	bundle_cell crun
}

@test "runtimes: runc, the hook in the bundle" {
	bundle_cell runc
}
