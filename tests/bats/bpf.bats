#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1; full: all
# bpf.bats: every BPF program that comes and goes, in the log of who loaded it; and the node's own
# log. What a record must say is what the kernel's info call said to the loader.

load lib
load reeve

progs=/reeve/build/tests/progs
pin=/sys/fs/bpf/pinned-by-the-suite

setup_file() {
	export BATS_TEST_TIMEOUT=400 # loading can take minutes here
}

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	rm -f $pin
	crun list -q | xargs -r -n 1 crun delete -f
	[ -e /sys/fs/bpf/reeve/map/reeve_meta ] || reeve-load
	start_node
}

# loader ARG...: a bundle with /progs, allowed to load programs.
loader() {
	container "$dir" --edit '.process.capabilities[] |= (. + ["CAP_BPF", "CAP_PERFMON"] | unique)' -- "$@"
	cp $progs "$dir/rootfs/progs"
}

# start ID: what the container says goes to $dir/ID.
start() {
	crun run -b "$dir" "$1" </dev/null >"$dir/$1" 2>&1 3>&- 4>&- &
	retry 60 test -s "$dir/$1"
	head -n 1 "$dir/$1"
}

# records LOG ID: both kinds of one program.
records() {
	logs "$1" 'select((.kind == "bpf_load" or .kind == "bpf_unload") and .id == $id)' --argjson id "$2"
}
kinds() {
	records "$@" | jq -r .kind | paste -sd ' '
}
has_kinds() {
	local got
	got=$(kinds "$1" "$2")
	[ "$got" = "$3" ] || { echo "program $2 in $1: '$got', not '$3'"; return 1; }
}
loaded() {
	bpftool prog show id "$1" >/dev/null
}

# as_told TOLD <RECORDS: each says of the program what the tool was told, and the loads are its own.
as_told() {
	jq -s -e --argjson t "$1" 'length > 0 and all(.[];
		.id == $t.id and .tag == $t.tag and .name == $t.name and .type == "socket_filter" and
		$t.type == 1 and (.loader_start_ns / 1e7 | floor) == $t.start and .verdict == "none" and
		(.kind != "bpf_load" or (.loader_pid == .process.pid and .process.ns_pid == $t.pid and
			.loader_start_ns == .process.start_ns))) and
		(map([.loader_pid, .loader_start_ns]) | unique | length == 1)' >/dev/null
}

@test "bpf: loaded and closed in a container" {
	local told
	loader /progs load once
	told=$(crun run -b "$dir" bpf-once </dev/null)
	await_end bpf-once
	has_kinds bpf-once "$(jq .id <<<"$told")" "bpf_load bpf_unload"
	records bpf-once "$(jq .id <<<"$told")" | as_told "$told"
	# by its own hand, in its own image
	records bpf-once "$(jq .id <<<"$told")" |
		jq -s -e 'all(.[]; .process.exe == "/progs" and .process.comm == "progs" and .phase == "armed")'
	complete bpf-once
	[ -z "$(records --node "$(jq .id <<<"$told")")" ]
}

@test "bpf: the real ausearch finds both by type, id and process" {
	local told id pid at=$BATS_TEST_TMPDIR/audit
	loader /progs load audited
	told=$(crun run -b "$dir" bpf-audit </dev/null)
	await_end bpf-audit
	id=$(jq .id <<<"$told")
	pid=$(records bpf-audit "$id" | jq -s '.[0].process.pid')
	reeve logs --format audit bpf-audit >"$at"
	ausearch -if "$at" -m 1334 >"$at.found"
	[ "$(grep -c "^type=BPF .*prog-id=$id op=LOAD$" "$at.found")" -eq 1 ]
	[ "$(grep -c "^type=BPF .*prog-id=$id op=UNLOAD$" "$at.found")" -eq 1 ]
	[ "$(grep -c '^type=SYSCALL ' "$at.found")" -eq 2 ]
	# the title is the loader's own arguments
	[ "$(grep -c '^type=PROCTITLE ' "$at.found")" -eq 2 ]
	ausearch -if "$at" -m BPF -i | grep -q 'proctitle=/progs load audited'
	[ "$(ausearch -if "$at" -m 1334 -p "$pid" | grep -c '^type=BPF ')" -eq 2 ]
	run ausearch -if "$at" -m 1334 -p $((pid + 1))
	[ "$status" -ne 0 ]
}

@test "bpf: pinned from the host, gone at the unpinning" {
	local told id
	loader /bin/sh -c '/progs hold pinned /let-go; touch /gone; while [ ! -e /end ]; do sleep 0.1; done'
	told=$(start bpf-pinned)
	id=$(jq .id <<<"$told")
	bpftool prog pin id "$id" $pin
	touch "$dir/rootfs/let-go"
	retry 5 test -e "$dir/rootfs/gone"
	loaded "$id"
	retry 5 has_kinds bpf-pinned "$id" bpf_load
	rm $pin
	retry 5 has_kinds bpf-pinned "$id" "bpf_load bpf_unload"
	records bpf-pinned "$id" | as_told "$told"
	records bpf-pinned "$id" | jq -s -e '.[1].process.pid != .[0].process.pid'
	touch "$dir/rootfs/end"
	await_end bpf-pinned
	complete bpf-pinned
	[ -z "$(records --node "$id")" ]
}

@test "bpf: held by a socket, its loader gone" {
	local told id
	loader /bin/sh -c '/progs socket insocket /let-go; touch /gone; while [ ! -e /end ]; do sleep 0.1; done'
	told=$(start bpf-socket)
	id=$(jq .id <<<"$told")
	retry 5 test -e "$dir/rootfs/gone"
	loaded "$id"
	retry 5 has_kinds bpf-socket "$id" bpf_load
	touch "$dir/rootfs/let-go"
	retry 5 has_kinds bpf-socket "$id" "bpf_load bpf_unload"
	records bpf-socket "$id" | as_told "$told"
	# In an interrupt: of that nobody is said to be the author.
	records bpf-socket "$id" | jq -s -e '.[1].process |
		.pid == 0 and .tid == 0 and .comm == "" and .uid == null and .exe == null'
	touch "$dir/rootfs/end"
	await_end bpf-socket
	complete bpf-socket
	[ -z "$(records --node "$id")" ]
}

@test "bpf: the container has ended, its program has not" {
	local told id
	loader /progs hold outlives /let-go
	told=$(start bpf-outlived)
	id=$(jq .id <<<"$told")
	bpftool prog pin id "$id" $pin
	touch "$dir/rootfs/let-go"
	await_end bpf-outlived
	complete bpf-outlived
	has_kinds bpf-outlived "$id" bpf_load
	[ -z "$(records --node "$id")" ]
	rm $pin
	retry 5 has_kinds --node "$id" bpf_unload
	has_kinds bpf-outlived "$id" bpf_load
	{ records bpf-outlived "$id"; records --node "$id"; } | as_told "$told"
}

@test "bpf: what the host loads is in no container's log" {
	local told id
	loader /bin/sh -c 'echo up; while [ ! -e /end ]; do sleep 0.1; done'
	start bpf-bystander
	told=$($progs load byhost)
	id=$(jq .id <<<"$told")
	retry 5 has_kinds --node "$id" "bpf_load bpf_unload"
	records --node "$id" | as_told "$told"
	records --node "$id" | jq -s -e 'all(.[]; .container.id == null and .container.name == null and
		.phase == null and .process.comm == "progs" and .process.uid == 0)'
	reeve logs --node | grep -F '(node) #' | grep -F "name=byhost id=$id type=socket_filter"
	touch "$dir/rootfs/end"
	await_end bpf-bystander
	complete bpf-bystander
	[ -z "$(records bpf-bystander "$id")" ]
}

numbers() {
	logs --node .seq
}

@test "node log: a restarted node goes on with the same numbers" {
	local told generation last
	$progs load before
	retry 5 logged before
	generation=$(logs --node .container.generation | sort -u)
	last=$(numbers | tail -n 1)
	stop_node KILL
	told=$($progs load while_away)
	start_node
	retry 5 has_kinds --node "$(jq .id <<<"$told")" "bpf_load bpf_unload"
	stop_node
	start_node
	$progs load after
	retry 5 logged after
	[ "$(logs --node .container.generation | sort -u)" = "$generation" ]
	numbers >"$BATS_TEST_TMPDIR/numbers"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/numbers")" -gt "$last" ]
	cmp "$BATS_TEST_TMPDIR/numbers" <(seq 1 "$(wc -l <"$BATS_TEST_TMPDIR/numbers")")
	exact --node
	[ "$(reeve ledger --json --node | jq '[.stored, .expected, .missing] | .[0] == .[1] and .[2] == 0')" = true ]
}
logged() {
	[ "$(logs --node 'select(.name == $n)' --arg n "$1" | wc -l)" -eq 2 ]
}

@test "node log: followed" {
	timeout 20 reeve logs --node --json -f >"$BATS_TEST_TMPDIR/followed" 3>&- 4>&- &
	retry 5 test -s "$BATS_TEST_TMPDIR/followed"
	$progs load followed
	retry 10 grep -q '"kind":"bpf_unload".*"name":"followed"' "$BATS_TEST_TMPDIR/followed"
	kill $!
}

@test "node log: no container, and none that is called node" {
	local told
	reeve logs --node >/dev/null
	reeve ps -a --json | jq -e 'all(.[]; .id != "node" and .name != "node")'
	run reeve logs node
	[ "$status" -eq 1 ]
	loader /progs load ofnode
	told=$(crun run -b "$dir" node </dev/null)
	await_end node
	has_kinds node "$(jq .id <<<"$told")" "bpf_load bpf_unload"
	[ -z "$(records --node "$(jq .id <<<"$told")")" ]
	run reeve logs --node node
	[ "$status" -eq 2 ]
	run reeve ledger --node node
	[ "$status" -eq 2 ]
}

closed() {
	reeve ledger --json --node | jq -e '.ended and .closed'
}

no_objects() {
	! bpftool prog show | grep reeve && ! bpftool map show | grep reeve
}

# bats test_tags=full
@test "unload: refuses while a container is guarded; forced, it takes all away, ends its record and the node's; loading begins another" {
	local generation
	$progs load oldlife
	retry 5 logged oldlife
	generation=$(logs --node .container.generation | sort -u)
	container "$dir" -- /act pause
	started bpf-busy
	run reeve unload
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"bpf-busy is running"* ]]
	reeve unload --force
	[ ! -e /sys/fs/bpf/reeve ]
	crun delete -f bpf-busy
	retry 20 ended bpf-busy
	retry 10 nothing_of_agents
	run reeve ledger bpf-busy
	[ "$status" -ne 0 ] # cut off: no closing record, and it says so
	reeve unload
	[ ! -e /sys/fs/bpf/reeve ] && [ ! -e /sys/fs/cgroup/reeve ]
	retry 5 no_objects
	run reeve unload
	[ "$status" -eq 0 ] && [ "$output" = "nothing is loaded" ]
	# A node that has seen the slots go asks for new ones: that is no reason to load all of it again.
	reeve-load --refill
	no_objects && [ ! -e /sys/fs/bpf/reeve ]
	# Without programs the node goes on, and says so when it starts.
	retry 5 closed
	reeve ledger --node | tee /dev/stderr | grep -F 'exact: yes'
	cmp <(logs --node 'select(.name == "oldlife").kind') <(printf '"bpf_load"\n"bpf_unload"\n')
	stop_node
	mv /var/lib/reeve/node "$BATS_TEST_TMPDIR/node"
	start_node
	run reeve logs --node
	echo "$output"
	[ "$status" -eq 1 ]
	[[ "$output" == *"the node has no log yet"* ]]
	[ "$(reeve status | awk '/log_attached/ { print $2 }')" = 0 ]
	stop_node
	rm -rf /var/lib/reeve/node
	mv "$BATS_TEST_TMPDIR/node" /var/lib/reeve/node
	start_node
	run $progs load unseen
	[ "$status" -eq 0 ]
	reeve run --output "$BATS_TEST_TMPDIR/record" -- true # who needs them loads them
	retry 5 other_life "$generation"
	$progs load newlife
	retry 5 logged newlife
	[ -z "$(logs --node 'select(.name == "oldlife" or .name == "unseen")')" ]
	[ "$(numbers | head -n 1)" -eq 1 ]
	exact --node
	# the earlier life is a file still
	grep -l oldlife /var/lib/reeve/node/*.db* | sed 's/-wal$//' | sort -u >"$BATS_TEST_TMPDIR/old"
	grep -l newlife /var/lib/reeve/node/*.db* | sed 's/-wal$//' | sort -u >"$BATS_TEST_TMPDIR/new"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/old")" -eq 1 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/new")" -eq 1 ]
	[ "$(<"$BATS_TEST_TMPDIR/old")" != "$(<"$BATS_TEST_TMPDIR/new")" ]
}
other_life() {
	[ "$(reeve status | awk '/log_attached/ { print $2 }')" = 1 ] &&
		! logs --node .container.generation | grep -qx "$1"
}

# From here on the node's log is long.

# thousand LOG TOLD: as many pairs as told, each whole, of those programs, in that order.
thousand() {
	[ "$(wc -l <"$2")" -eq 1000 ]
	logs "$1" 'select(.name == "quick" and (.kind | startswith("bpf_"))) | {kind, id, tag, name, type, loader_pid, loader_start_ns}' >"$dir/got"
	jq -s -c '[.[] | [.id, .tag, .name]]' "$2" >"$dir/want"
	local kind
	for kind in bpf_load bpf_unload; do
		jq -s -c --arg k $kind '[.[] | select(.kind == $k) | [.id, .tag, .name]]' "$dir/got" | cmp - "$dir/want"
	done
	jq -s -e '[_nwise(2)] | all(.[]; .[0].kind == "bpf_load" and .[1].kind == "bpf_unload" and
		(.[0] | del(.kind)) == (.[1] | del(.kind)))' "$dir/got"
	jq -s -e 'map([.loader_pid, .loader_start_ns, .type]) | unique | length == 1' "$dir/got"
}

@test "bpf: a thousand loads and unloads in a container" {
	loader /progs many quick 1000
	crun run -b "$dir" bpf-thousand </dev/null >"$BATS_TEST_TMPDIR/told"
	await_end bpf-thousand
	complete bpf-thousand
	thousand bpf-thousand "$BATS_TEST_TMPDIR/told"
	[ -z "$(logs --node 'select(.name == "quick")')" ]
}

all_quick() {
	[ "$(logs --node 'select(.name == "quick")' | wc -l)" -eq 2000 ]
}

# bats test_tags=full
@test "bpf: a thousand loads and unloads on the host" {
	mkdir -p "$dir"
	$progs many quick 1000 >"$BATS_TEST_TMPDIR/told"
	retry 10 all_quick
	thousand --node "$BATS_TEST_TMPDIR/told"
	exact --node
}

# crowd N: four loaders at a time, each program freed in an interrupt while others load.
crowd() {
	local i pids=()
	for i in 1 2 3 4; do
		$progs sockets "crowd$i" "$1" >"$BATS_TEST_TMPDIR/crowd$i" 3>&- 4>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
}
told_and_recorded() {
	jq -s -c 'map([.id, .pid, .name]) | sort' "$BATS_TEST_TMPDIR"/crowd? >"$BATS_TEST_TMPDIR/want"
	logs --node 'select((.name // "") | startswith("crowd"))' >"$BATS_TEST_TMPDIR/got"
	local kind
	for kind in bpf_load bpf_unload; do
		jq -s -c --arg k $kind '[.[] | select(.kind == $k) | [.id, .loader_pid, .name]] | sort' \
			"$BATS_TEST_TMPDIR/got" | cmp - "$BATS_TEST_TMPDIR/want" || return 1
	done
}

@test "bpf: none is missed where the kernel passes a busy program over" {
	crowd 250
	retry 10 told_and_recorded
	exact --node
	# for the reader: how often it did
	bpftool -j prog show name reeve_bpf_prog | jq -c '{recursion_misses}'
}

@test "node log: what found no room while the node was away is counted" {
	local before ledger
	before=$(reeve ledger --json --node)
	stop_node
	$progs many flood 1500 >/dev/null
	start_node
	$progs load behind
	retry 10 logged behind
	ledger=$(reeve ledger --json --node)
	jq -c 'del(.missing_ranges)' <<<"$ledger"
	jq -e --argjson b "$before" '.exact and .unexplained == 0 and .lost > $b.lost + 900 and
		.missing == .lost and .stored + .lost == .expected' <<<"$ledger"
	# Numbers are given for all that happened. Programs of containers gone by may end meanwhile.
	jq -e --argjson b "$before" '.taken_by_kind.bpf_load - $b.taken_by_kind.bpf_load == 1501 and
		.taken_by_kind.bpf_unload - $b.taken_by_kind.bpf_unload >= 1501' <<<"$ledger"
}
