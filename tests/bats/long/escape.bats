#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# escape.bats: as ../escape.bats, with the full numbers, which the three kernels share: 10,000 starts by reeve
# run, 300 by crun, 100 by runc. ESCAPES, ESCAPES_CRUN and ESCAPES_RUNC are how many on one, HALT_STEP at
# every which system call hook and agent are halted: 1 is every one, which takes four hours a kernel.

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

@test "escape: starts by reeve run, a third of 10,000 unless told otherwise" {
	starts_alone "${ESCAPES:-3334}"
}
@test "escape: starts by crun, a third of 300 unless told otherwise" {
	starts crun "${ESCAPES_CRUN:-100}"
}
@test "escape: starts by runc, a third of 100 unless told otherwise" {
	starts runc "${ESCAPES_RUNC:-34}"
}
@test "escape: calls of the hook and the agent fail" {
	halting
	halted_each fail "${HALT_STEP:-30}"
}
@test "escape: hook and agent are killed at a call" {
	halting
	halted_each kill "${HALT_STEP:-30}"
}
@test "escape: both at once, at a call" {
	halting
	halted_each kill-all "${HALT_STEP:-60}"
}
@test "escape: they stop for ever, at every so many calls" {
	halting
	halted_each stop "${HALT_STEP:-60}"
}
