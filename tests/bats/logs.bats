#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# logs.bats: what is asked for of a record is what jq picks out of all of it.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

seqs() {
	jq -s -c 'map(.seq)'
}

# asks JQ_SELECT OPTION...: the records of container asked are those
asks() {
	local select=$1 want got
	shift
	want=$(jq -c "select($select)" "$BATS_TEST_TMPDIR/all" | seqs)
	got=$(reeve logs --json "$@" asked | seqs)
	echo "$*: $got, expected $want"
	[ "$got" = "$want" ] && [ "$want" != "[]" ]
}

@test "logs: by time, kind, verdict, path, program, process, user, address and rule; the last, the newest first" {
	local times pid
	policy asked '{"name":"asked","mode":"enforce","rules":[
		{"subject":"file","path":"/etc/shadow","action":"deny"},
		{"subject":"network","cidr":"127.0.0.0/8","port":81,"action":"deny"}]}'
	container "$dir" --annotate io.reeve.policy asked --annotate io.reeve.repeat each -- /bin/sh -c \
		'cat /etc/passwd; cat /etc/shadow; for n in 1 2 3; do nc -w 1 127.0.0.1 80; nc -w 1 127.0.0.1 81; sleep 1; done; exec /act open /etc/group'
	echo x >"$dir/rootfs/etc/shadow"
	crun run -b "$dir" asked </dev/null >/dev/null 2>&1 || true
	await_end asked
	logs asked >"$BATS_TEST_TMPDIR/all"
	asks true
	asks '.kind == "exec" or .kind == "connect"' --kind exec,connect
	asks '.kind == "exec" or .kind == "connect"' --kind exec --kind connect
	asks '.verdict == "denied"' --verdict denied
	asks '.path? // "" | test("^/etc/[^/]*$")' --path '/etc/*'
	asks '.process.exe == "/act" or (.kind == "exec" and .path == "/act")' --exec '/ac[t]'
	pid=$(jq -s 'map(select(.kind == "exec")) | last | .process.pid' "$BATS_TEST_TMPDIR/all")
	asks ".process.pid == $pid" --pid "$pid"
	asks '.process.ns_pid == 1' --pid 1
	asks '.process.uid == 0' --uid 0
	asks '.faddr? == "127.0.0.1"' --addr 127.0.0.0/8
	asks '.faddr? == "127.0.0.1" and .fport == 81' --addr 127.0.0.1:81
	asks '.fport? == 80' --addr :80
	asks '.rule == 1' --rule 1
	asks '.rule == 2 and .verdict == "denied" and .fport == 81' --rule 2 --verdict denied --addr :81
	times=$(jq -s -r '.[length / 2 | floor].time' "$BATS_TEST_TMPDIR/all")
	asks ".time >= \"$times\"" --since "$times"
	asks ".time < \"$times\"" --until "$times"
	[ "$(reeve logs --json --tail 5 asked | seqs)" = "$(tail -n 5 "$BATS_TEST_TMPDIR/all" | seqs)" ]
	[ "$(reeve logs --json --reverse asked | seqs)" = "$(tac "$BATS_TEST_TMPDIR/all" | seqs)" ]
	[ "$(reeve logs --json --reverse --tail 3 asked | seqs)" = "$(tac "$BATS_TEST_TMPDIR/all" | head -n 3 | seqs)" ]
	[ "$(reeve logs --json --kind connect --tail 2 asked | seqs)" = "$(jq -c 'select(.kind == "connect")' "$BATS_TEST_TMPDIR/all" | tail -n 2 | seqs)" ]
	[ -z "$(reeve logs --since 1s asked)" ] || sleep 2
	[ -z "$(reeve logs --since 1s asked)" ]
	[ "$(reeve logs --json --tail 1000000 asked | wc -l)" -eq "$(wc -l <"$BATS_TEST_TMPDIR/all")" ]
}

@test "logs: what cannot be asked says so" {
	local asked
	container "$dir" -- /bin/true
	crun run -b "$dir" asked-wrong </dev/null
	await_end asked-wrong
	while IFS='|' read -r asked expected; do
		# shellcheck disable=SC2086
		run reeve logs $asked asked-wrong
		echo "$asked: $status, $output, expected: $expected"
		[ "$status" -ne 0 ]
		[[ $output == *"$expected"* ]]
	done <<-'EOF'
		--since then|expected 2026
		--kind opens|'opens' is none of the kinds: 'reeve events' lists them
		--verdict deny|none, allowed, denied, would-deny
		--path /[a|path '/[a': at byte
		--pid x|--pid 'x': expected a number
		--addr 10.0.0.0/33|expected an IPv4 or IPv6 address
		--addr :x|expected a number
		--tail 1000001|expected a number up to 1000000
		--follow --reverse|do not go together
	EOF
}
