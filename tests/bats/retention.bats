#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# retention.bats: records that are taken away in time, and a disk that is full under load: what is left is exact, intact,
# and says what is not there.

load lib
load reeve
load full

FULL_S=10 FULL_DISK=64m

setup() {
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	rm -f "$dir/filling"
	crun delete -f cutme 2>/dev/null || true
	crun delete -f full 2>/dev/null || true
	no_small_disk
}

@test "retention: a running container's oldest records go, the rest stays exact and intact; then all of it" {
	small_disk 64m '{"retention": {"age": null, "container_bytes": "1MiB", "keep": 100}}'
	busy cutme 200 # a quarter of the bound has room for them, however long this takes
	retry 60 holds cutme '.cut > 1000'
	retry 30 holds cutme '.exact and .expected >= .stored + .cut'
	reeve verify cutme | grep '^cut .*: bytes$'
	reeve ps | grep -A1 '^cutme' | grep 'records cut by retention'
	# What always stays: how it began, and what it may not do.
	logs cutme 'select(.seq == 0).kind' | grep armed
	crun kill cutme KILL
	await_end cutme
	crun delete -f cutme || true
	reeve ledger cutme | grep -v ^missing | sed 's/^/# /' >&3
	holds cutme '.exact and .closed and .lost == 0 and .dropped == 0 and .denials_cut == 0'
	all_denied cutme
	[ "$(metric reeve_records_cut_total)" -gt 1000 ] && [ "$(metric reeve_records_cut_total)" -le "$(field cutme .cut)" ]
	reeve verify cutme | grep 'intact: yes .* but for the cuts'
	# Questions find what is there, with and without the index.
	retry 30 all_shown cutme # more may be cut in between
	[ "$(reeve logs --json --tail 5 cutme | wc -l)" -eq 5 ]
	reeve tree cutme | grep act
	reeve stats cutme | grep 'records cut by retention'
	run reeve policy learn cutme
	[ "$status" -ne 0 ]
	[[ $output == *"were cut by retention"* ]]

	# The node comes again: it knows what was cut.
	stop_node KILL
	start_node
	holds cutme '.exact and .cut > 1000'
	reeve verify cutme

	# A mistake is said, with its place, and changes nothing.
	echo '{"retention": {"ages": "60s"}}' >/etc/reeve/node.json
	pkill -HUP -x reeve-node
	retry 5 grep 'node.json:1:24: found key "ages".*did you mean "age"' /var/log/reeve-node.log
	grep 'the configuration of before stays in force' /var/log/reeve-node.log
	reeve status | grep '^REFUSED: /etc/reeve/node.json:1:24'
	[ "$(metric reeve_config_refused)" -eq 1 ]
	run reeve-node --check-config /etc/reeve/node.json
	[ "$status" -eq 2 ]
	holds cutme '.exact'
	# By age it goes as a whole; something says that it was there.
	echo '{"retention": {"age": "10s"}}' >/etc/reeve/node.json
	reeve-node --check-config /etc/reeve/node.json | grep 'retention.age *10 s'
	pkill -HUP -x reeve-node
	retry 60 no_record cutme
	echo "# removed: $(jq -r .id /var/lib/reeve/removed | tr '\n' ' ')" >&3
	retry 10 counted "1 0" # what it says is up to a second old
	run reeve logs cutme
	[ "$status" -ne 0 ]
	[[ $output == *"the record of 'cutme' (cutme, ended "*") was removed at "*" by retention: age"* ]]
	[ -z "$(find /var/lib/reeve/containers /var/lib/reeve/seal -name 'cutme@*')" ]
	[ "$(jq -r 'select(.id == "cutme") | .anchor.head | length' /var/lib/reeve/removed)" -eq 64 ]
}

counted() {
	[ "$(metric reeve_databases_removed_total) $(metric reeve_config_refused)" = "$1" ]
}

all_shown() {
	local shown stored execs
	shown=$(logs "$1" | wc -l)
	execs=$(reeve logs --json --kind exec "$1" | wc -l)
	stored=$(field "$1" '"\(.stored) \(.stored_by_kind.exec // 0)"')
	[ "\"$shown $execs\"" = "$stored" ] || { echo "shown $shown, of them execs $execs; stored $stored"; return 1; }
}
no_record() {
	! reeve ps -a --json | jq -e --arg id "$1" 'any(.[]; .id == $id)' >/dev/null
}

@test "disk: full for a while under load: denials are stored, each other record explained, and it goes on" {
	full_under_load
}
