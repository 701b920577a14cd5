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
	halted_each kill 97
}

@test "escape: an agent that is killed before it is ready leaves nothing" {
	local list
	halting
	unhalted list # the first start of a boot has calls of its own
	list=$said
	# Its spool is there, but does not yet say whose it is; and the programs are attached.
	halted kill $(($(last_of 285 "$list") + 4)) # fallocate()
	[[ $said == *" of reeve-agent"* ]]
	halted kill $(($(last_of 321 "$list") - 9)) # bpf()
	[[ $said == *" of reeve-agent"* ]]
	retry 20 nothing_of_agents
}
# last_of CALL LIST: which of the calls in halt's LIST is the agent's last of these before it is ready.
last_of() {
	awk -v call="$1" '$1 == "calls" { exit } $3 == call && $5 == "reeve-agent" { n = $1 } END { print n }' <<<"$2"
}
