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
		--fields seq,pid|there is no field 'pid'; the nearest is 'process.pid'
		--format audit --fields seq|fields can be chosen of the formats text, json and csv
		--format xml|one of text, json, csv, audit
	EOF
}

# imported CSV|JSON FILE QUERY: what sqlite makes of it.
imported() {
	case $1 in
	csv) sqlite3 :memory: ".import --csv $2 t" "$3" ;;
	json) sqlite3 :memory: 'CREATE TABLE t(line)' '.mode ascii' '.separator "\001" "\n"' ".import $2 t" '.mode list' "$3" ;;
	esac
}

@test "logs: CSV and JSON give sqlite as many rows as were stored; fields are what jq picks" {
	local stored opens
	container "$dir" --annotate io.reeve.repeat each -- /bin/sh -c 'printf "a,b\n\"" >"/tmp/=1,\"
x"; cat /etc/passwd /tmp/*; exit 3'
	crun run -b "$dir" table </dev/null >/dev/null || [ $? -eq 3 ]
	await_end table
	complete table
	stored=$(reeve ledger --json table | jq .stored)
	logs table >"$dir/all"
	reeve logs --format csv table >"$dir/csv"
	[ "$(imported csv "$dir/csv" 'SELECT count(*) FROM t')" -eq "$stored" ]
	[ "$(imported csv "$dir/csv" 'SELECT group_concat(seq) FROM t')" = "$(jq -s -r 'map(.seq) | join(",")' "$dir/all")" ]
	opens=$(jq -s -r 'map(select(.kind == "open") | .path) | join(",") | gsub("\n"; "\\n")' "$dir/all")
	[ "$(imported csv "$dir/csv" "SELECT group_concat(path) FROM t WHERE kind = 'open'")" = "$opens" ]
	[ "$(imported csv "$dir/csv" "SELECT code FROM t WHERE kind = 'exit' ORDER BY seq DESC LIMIT 1")" -eq 3 ]
	reeve logs --json table >"$dir/json"
	[ "$(imported json "$dir/json" 'SELECT sum(json_valid(line)) || " " || max(line ->> "seq") FROM t')" = \
		"$stored $(jq -s 'last.seq' "$dir/all")" ]
	# every field there is, and some
	reeve logs --format csv --fields all table >"$dir/csv"
	[ "$(head -n 1 "$dir/csv")" = "$(reeve events --fields | paste -sd,)"$'\r' ]
	[ "$(imported csv "$dir/csv" 'SELECT count(*) FROM t')" -eq "$stored" ]
	diff <(reeve logs --json --fields seq,process.pid,path,argv --kind open,exec table | jq -c .) \
		<(jq -c 'select(.kind == "open" or .kind == "exec") | {seq, "process.pid": .process.pid, path, argv}' "$dir/json")
	[ "$(reeve logs --fields argv,rule --kind exec --tail 1 table)" = "(cat /etc/passwd $'/tmp/=1,\"\\x0ax')"$'\t-' ]
}

all_closed() {
	[ "$(jq -s 'map(select(.kind == "close")) | length' "$dir/followed" 2>/dev/null)" -ge "$1" ]
}

three_opens() {
	[ "$(reeve logs --json --path /etc/passwd --kind open "$1" | wc -l)" -ge 3 ]
}

@test "logs: all containers' records by time, filtered, followed" {
	local begin follower id pids=()
	begin=$(date -u +%FT%T.%NZ)
	container "$dir" --annotate io.reeve.repeat each -- /bin/sh -c 'cat /etc/passwd; until [ -e /go ]; do usleep 200000; cat /etc/passwd; done'
	reeve logs --all --json --follow --since "$begin" >"$dir/followed" &
	follower=$!
	for id in all-one all-two; do
		crun run -b "$dir" $id </dev/null >/dev/null &
		pids+=($!)
	done
	retry 60 three_opens all-one
	retry 60 three_opens all-two
	touch "$dir/rootfs/go"
	wait "${pids[@]}"
	await_end all-one
	await_end all-two
	crun run -b "$dir" all-three </dev/null >/dev/null
	await_end all-three
	retry 20 all_closed 3
	kill $follower
	reeve logs --all --json --since "$begin" >"$dir/all"
	for id in all-one all-two all-three; do
		# each record once, in the order of its numbers, in both
		logs $id >"$dir/one"
		cmp "$dir/one" <(jq -c "select(.container.id == \"$id\")" "$dir/all")
		cmp <(sort "$dir/one") <(jq -c "select(.container.id == \"$id\")" "$dir/followed" | sort)
	done
	# by time, but for what one container numbered otherwise; and the first two mixed
	jq -s -e 'reduce .[] as $r ({at: "", of: {}, ok: true};
		.of[$r.container.id] = ([.of[$r.container.id] // "", $r.time] | max) |
		.ok = (.ok and .of[$r.container.id] >= .at) | .at = .of[$r.container.id]) | .ok' "$dir/all"
	[ "$(jq -r .container.id "$dir/all" | uniq | wc -l)" -gt 3 ]
	diff <(reeve logs --all --json --since "$begin" --kind exec,exit | jq -c .) <(jq -c 'select(.kind == "exec" or .kind == "exit")' "$dir/all")
	diff <(reeve logs --all --json --since "$begin" --path /etc/passwd | jq -c .) <(jq -c 'select(.path? == "/etc/passwd")' "$dir/all")
	cmp <(reeve logs --all --json --tail 9 --kind exec | jq -c .) <(jq -c 'select(.kind == "exec")' "$dir/all" | tail -n 9)
	cmp <(reeve logs --all --json --reverse --tail 9 --kind exec | jq -c .) <(jq -c 'select(.kind == "exec")' "$dir/all" | tail -n 9 | tac)
	[ "$(reeve logs --all --format csv --since "$begin" | wc -l)" -eq $(($(wc -l <"$dir/all") + 1)) ]
	[ "$(reeve logs --all --format audit --since "$begin" --kind close | grep -o '^node=[^ ]*' | sort -u)" = \
		$'node=all-one\nnode=all-three\nnode=all-two' ]
	run reeve logs --all all-one
	[ "$status" -eq 2 ]
}
