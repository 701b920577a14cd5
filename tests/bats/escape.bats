#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# escape.bats: a container's first act is denied, however often it starts and whatever happens to hook and
# agent on the way; long/escape.bats has more of each.

load lib
load reeve
load escape

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	escape_policy
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

@test "escape: 20 starts by reeve run, 5 by crun, 3 by runc" {
	starts_alone 20
	starts crun 5
	starts runc 3
}

@test "escape: a call of the hook or the agent fails, or is its end" {
	halting
	halted_each fail 139
	halted_each kill 290
}
