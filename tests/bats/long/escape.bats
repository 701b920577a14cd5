#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# escape.bats: as ../escape.bats, with the full numbers, which the three kernels share: 10,000 starts by reeve
# run, 300 by crun, 100 by runc, and hook and agent halted at each of their system calls in turn. ESCAPES,
# ESCAPES_CRUN and ESCAPES_RUNC are how many on one kernel; HALT_STEP=1 halts at every call there, not at a third.

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

# halted_third WHAT: at each third call, of which every kernel has its own.
halted_third() {
	local third
	case $(uname -r) in
	6.1.*) third=1 ;;
	6.12.*) third=2 ;;
	*) third=3 ;;
	esac
	halting
	if [ "${HALT_STEP:-3}" = 3 ]; then
		halted_each "$1" 3 $third
	else
		halted_each "$1" "$HALT_STEP"
	fi
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
@test "escape: each third call of the hook and the agent fails" {
	halted_third fail
}
@test "escape: hook or agent is killed at each third call" {
	halted_third kill
}
@test "escape: both at once, at each third call" {
	halted_third kill-all
}
@test "escape: they stop for ever, at each third call" {
	halted_third stop
}
