#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# escape.bats: as ../escape.bats, with the full numbers. ESCAPES, ESCAPES_CRUN and ESCAPES_RUNC are how
# many starts, HALT_STEP at every which system call.

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

@test "escape: starts by reeve run, 10,000 unless told otherwise" {
	starts_alone "${ESCAPES:-10000}"
}
@test "escape: starts by crun, 300 unless told otherwise" {
	starts crun "${ESCAPES_CRUN:-300}"
}
@test "escape: starts by runc, 100 unless told otherwise" {
	starts runc "${ESCAPES_RUNC:-100}"
}
@test "escape: each call of the hook and the agent fails, or every so many" {
	halting
	halted_each fail "${HALT_STEP:-1}"
}
@test "escape: hook and agent are killed at each call, or every so many" {
	halting
	halted_each kill "${HALT_STEP:-1}"
}
@test "escape: both at once, at each call, or every so many" {
	halting
	halted_each kill-all "${HALT_STEP:-1}"
}
@test "escape: they stop for ever, at every tenth call" {
	halting
	halted_each stop "${HALT_STEP:-10}"
}
