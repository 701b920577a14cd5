#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2; full: all
# merge.bats: repetitions of an act are counted, to the last one; what is another act is a record of
# its own.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	start_node
	rm -rf /etc/reeve
}

# recorded ID [MAKE_BUNDLE_OPTION]... -- ARG...: runs it to its end; the record adds up.
recorded() {
	local id=$1
	shift
	container "$dir" "$@"
	ran "$id"
}
ran() {
	run timeout 120 crun run -b "$dir" "$1" </dev/null
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	await_end "$1"
	exact "$1"
}

# opened ID PATH: a line "RECORDS REPETITIONS" of the opens of PATH.
opened() {
	reeve logs --json "$1" | jq -rs --arg path "$2" '
		([.[] | select(.kind == "open" and .path == $path)] | map(.seq)) as $opens |
		[.[] | select(.kind == "repeat" and (.of_seq | IN($opens[])))] as $repeats |
		"\($opens | length) \([$repeats[].count] | add // 0)"'
}

# is ID PATH RECORDS REPETITIONS
is() {
	local found
	found=$(opened "$1" "$2")
	echo "$2 of $1: $found"
	[ "$found" = "$3 $4" ]
}

# told ID: the sums of all REPEAT records are what the closing record's counters say.
told() {
	reeve logs --json "$1" | jq -es '
		([.[] | select(.kind == "repeat") | .count] | add // 0) as $told |
		(.[-1] | select(.kind == "close").merged | add // 0) as $counted |
		if $told == $counted then true else error("told \($told), counted \($counted)") end'
}

@test "merge: opens of one file are one record and a count" {
	recorded one -- /act opens 500 /etc/passwd
	is one /etc/passwd 1 499
	told one
	# the repetition says of what, and when
	logs one 'select(.kind == "repeat")' | jq -e '.of_kind == "open" and .first_ns <= .last_ns and
		.first_ns > 0 and .last_ns <= .boot_ns'
	reeve logs one | grep -q 'repeat.*count=499'
}

@test "merge: another process, another program, the same program anew: not the same act" {
	recorded proc -- /bin/sh -c '/act opens 10 /etc/passwd && /act opens 10 /etc/passwd'
	is proc /etc/passwd 2 18
	[ "$(logs proc 'select(.kind == "open" and .path == "/etc/passwd") | .process.pid' | sort -u | wc -l)" -eq 2 ]
	container "$dir" -- /act opens-exec 10 /etc/passwd /act2 opens 5 /etc/passwd
	cp "$dir/rootfs/act" "$dir/rootfs/act2"
	ran prog
	is prog /etc/passwd 2 13
	[ "$(logs prog 'select(.kind == "open" and .path == "/etc/passwd") | .process.pid' | sort -u | wc -l)" -eq 1 ]
	recorded anew -- /act opens-exec 10 /etc/passwd /act opens 5 /etc/passwd
	is anew /etc/passwd 2 13
}

@test "merge: another purpose, another name: not the same act" {
	recorded other -- /bin/sh -c 'echo 1 >/f; ln /f /g
		read x </f; read x </f; read x </f; echo 2 >>/f; echo 2 >>/f; read x </g; read x </g'
	logs other 'select(.kind == "open" or .kind == "repeat") | [.seq, .path, .access, .of_seq, .count]'
	is other /f 3 3 # written anew; read; appended to
	is other /g 1 1
	recorded renamed -- /bin/sh -c 'echo 1 >/f; read x </f; read x </f; mv /f /h; read x </h; read x </h'
	is renamed /f 2 1 # written and read
	is renamed /h 1 1
}

@test "merge: a denied open is always a record" {
	policy noshadow '{"name":"noshadow","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
	container "$dir" --annotate io.reeve.policy noshadow -- /bin/sh -c '/act opens 7 /etc/shadow; /act opens 30 /etc/passwd'
	echo x >"$dir/rootfs/etc/shadow"
	ran denied
	is denied /etc/shadow 7 0
	is denied /etc/passwd 1 29 # also where rules about files are asked first
	told denied
}

@test "merge: one that would have been denied is always a record" {
	policy audit '{"name":"audit","mode":"audit","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
	container "$dir" --annotate io.reeve.policy audit -- /act opens 7 /etc/shadow
	echo x >"$dir/rootfs/etc/shadow"
	ran audited
	is audited /etc/shadow 7 0
}

@test "merge: where what is not recorded is refused, each one is recorded" {
	policy strict '{"name":"strict","mode":"enforce","unrecorded":"deny","rules":[]}'
	recorded strict --annotate io.reeve.policy strict -- /act opens 20 /etc/passwd
	is strict /etc/passwd 20 0
}

@test "merge: more acts than the table holds lose nothing" {
	mkdir -p "$dir/rootfs/many"
	recorded full -- /act files 600 /many 2
	told full
	reeve logs --json full | jq -es '
		(map(select(.kind == "open" and (.path | startswith("/many/")))) | group_by(.path)) as $paths |
		(reduce (.[] | select(.kind == "repeat")) as $r ({}; .["\($r.of_seq)"] += $r.count)) as $counts |
		[$paths[] | length + ([.[] | $counts["\(.seq)"] // 0] | add)] as $sums |
		[($paths | map(length) | add), ($sums | length), ($sums | unique)] | debug |
		($sums | length) == 600 and ($sums | unique) == [2] and ($paths | map(length) | add) < 900'
}

@test "merge: threads, on two processors where the guest has them, exact" {
	[ "$KERNEL" != 7.2 ] || [ "$(nproc)" -ge 2 ]
	recorded smp -- /bin/sh -c '/act threads 2 20000 /etc/passwd & /act threads 3 10000 /etc/passwd & wait'
	is smp /etc/passwd 2 $((40000 + 30000 - 2))
	told smp
}

@test "merge: kill -9 of the agent, across an epoch: exact" {
	local i old
	container "$dir" -- /bin/sh -c 'i=0; while [ $i -lt 20000 ]; do read x </etc/passwd; i=$((i+1)); [ $((i%100)) -ne 0 ] || usleep 60000; done'
	started killed
	for i in 1 2 3 4 5 6; do
		sleep 2
		old=$(living_agents)
		kill -KILL "$old"
		retry 10 succeeded "$old"
	done
	retry 60 await_end killed
	exact killed
	told killed
	found=$(opened killed /etc/passwd)
	echo "$found"
	[ "$((${found% *} + ${found#* }))" -eq 20000 ]
	[ "${found% *}" -ge 1 ]
}
@test "merge: pending while the epoch runs, told after it; then the agent sleeps without end" {
	local before
	container "$dir" -- /bin/sh -c '/act opens 50 /etc/passwd; sleep 1.2; /act opens 5 /etc/group; exec /act pause'
	started sleeper
	retry 9 pending sleeper 53 # an epoch is ten seconds
	reeve ledger sleeper
	retry 30 is sleeper /etc/passwd 1 49
	retry 20 is sleeper /etc/group 1 4
	retry 20 pending sleeper 0
	exact sleeper
	sleep 3 # the looks at growing distances
	before=$(switches)
	sleep 4
	[ "$(switches)" = "$before" ]
	crun kill sleeper KILL
	await_end sleeper
	exact sleeper
	told sleeper
}
switches() {
	grep ctxt_switches "/proc/$(pgrep -x reeve-agent)/status"
}
# All that was opened beside the two files is counted as well, so: at least.
pending() {
	local n
	n=$(reeve ledger --json "$1" | jq '.merged_pending.open // 0')
	echo "pending: $n"
	if [ "$2" -eq 0 ]; then [ "$n" -eq 0 ]; else [ "$n" -ge "$2" ]; fi
}

@test "merge: each one a record, when the container asks for it; asking for less is in vain" {
	recorded each --annotate io.reeve.repeat each -- /act opens 20 /etc/passwd
	is each /etc/passwd 20 0
	recorded less --annotate io.reeve.repeat count --edit '.hooks.createRuntime[0].args += ["--repeat", "each"]' \
		-- /act opens 20 /etc/passwd
	is less /etc/passwd 20 0
	recorded wrong --annotate io.reeve.repeat never -- /act opens 20 /etc/passwd
	is wrong /etc/passwd 1 19
	recorded all --edit '.hooks.createRuntime[0].args += ["--record", "all"]' -- /act opens 20 /etc/passwd
	is all /etc/passwd 20 0
}

@test "merge: reeve run --repeat" {
	reeve run --name runeach --repeat each --output /dev/null -- "$act" opens 20 /etc/passwd
	is runeach /etc/passwd 20 0
	reeve run --name runcount --output /dev/null -- "$act" opens 20 /etc/passwd
	is runcount /etc/passwd 1 19
	run reeve run --repeat sometimes -- true
	[ "$status" -ne 0 ]
	[[ $output == *sometimes*each* ]]
}

# kinds ID: what record 0 says is recorded.
kinds() {
	logs "$1" 'select(.kind == "armed").record[]' -r | grep .
}

@test "a container's annotation adds to what the host records, and can take nothing away" {
	local wrong quiet='.hooks.createRuntime[0].args += ["--record", "quiet"]'
	container "$dir" --annotate io.reeve.record mount,thread --edit "$quiet" -- /bin/true
	ran adds
	kinds adds >"$dir/kinds"
	grep -qx mount "$dir/kinds"
	grep -qx thread "$dir/kinds"
	grep -qx exec "$dir/kinds"
	! grep -qx open "$dir/kinds"
	reeve events --json | jq -r '.[] | select(.profile == "quiet").kind' | sort >"$dir/quiet"
	for wrong in none nosuch "$(printf 'open,%.0s' {1..2000})open"; do
		container "$dir" --annotate io.reeve.record "$wrong" --edit "$quiet" -- /bin/true
		ran "wrong-${#wrong}"
		kinds "wrong-${#wrong}" | sort | diff - "$dir/quiet"
	done
}

@test "a policy asks for each repetition as a record" {
	policy each '{"name":"each","mode":"audit","repeat":"each","rules":[]}'
	recorded policy-each --annotate io.reeve.policy each -- /act opens 20 /etc/passwd
	[ "$(logs policy-each 'select(.kind == "open" and .path == "/etc/passwd")' | wc -l)" -eq 20 ]
}
