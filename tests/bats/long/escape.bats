#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# escape.bats: as ../escape.bats, many more: 300 starts by reeve run, 60 by crun, 30 by runc on the three kernels
# together, and hook and agent halted at each 30th of their system calls, from another one on each time. As many as anybody
# has the hours for:
#   make guest KERNEL=6.1 TIMEOUT=30000 CMD="ESCAPES=10000 ESCAPES_CRUN=300 ESCAPES_RUNC=100 HALT_STEP=1 bats tests/bats/long/escape.bats"

load ../lib
load ../reeve
load ../escape

setup_file() {
	export BATS_TEST_TIMEOUT=7200
}

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	escape_policy
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# halted_at WHAT STEP
halted_at() {
	halting
	halted_each "$1" "$2"
}

@test "escape: many starts by reeve run" {
	starts_alone "${ESCAPES:-100}"
}
@test "escape: many starts by crun" {
	starts crun "${ESCAPES_CRUN:-20}"
}
@test "escape: many starts by runc" {
	starts runc "${ESCAPES_RUNC:-10}"
}
@test "escape: calls of the hook and the agent fail" {
	halted_at fail "${HALT_STEP:-30}"
}
@test "escape: hook or agent is killed at a call" {
	halted_at kill "${HALT_STEP:-30}"
}
@test "escape: both at once" {
	halted_at kill-all "${HALT_STEP:-30}"
}
@test "escape: they stop for ever" {
	halted_at stop "${HALT_STEP:-90}" # each takes its runtime's time
}
