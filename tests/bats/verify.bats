#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2
# verify.bats: what somebody changes in a database with sqlite3, as root and behind the node's back, reeve
# verify names by number; what the node did itself is clean, also when it was killed in the middle of it.

load lib
load reeve

setup_file() {
	load lib
	load reeve
	local dir=$BATS_FILE_TMPDIR/b db
	start_node
	container "$dir" --annotate io.reeve.repeat each -- /bin/sh -c 'for i in 1 2 3 4 5 6; do /act opens 30 /etc/passwd; usleep 100000; done'
	crun run -b "$dir" chained </dev/null
	await_end chained
	db=$(echo /var/lib/reeve/containers/chained@*.db)
	sql "$db" ".backup $BATS_FILE_TMPDIR/before.db"
	reeve anchor chained >"$BATS_FILE_TMPDIR/anchor"
}

setup() {
	db=$(echo /var/lib/reeve/containers/chained@*.db)
	seal=$(echo /var/lib/reeve/seal/containers/chained@*.seal)
	anchor=$BATS_FILE_TMPDIR/anchor
	start_node
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
}

# tampered SQL: does it to the container's database, says what verify finds of it, and takes it back.
tampered() {
	sql "$db" "$1"
	found
	takeback
}
found() {
	local status=0
	reeve verify --json chained "$@" >"$BATS_TEST_TMPDIR/found" 2>"$BATS_TEST_TMPDIR/said" || status=$?
	jq -r '"intact " + (.intact | tostring), (.findings[] | "\(.what) \(.from)-\(.to)")' "$BATS_TEST_TMPDIR/found"
	echo "status $status"
}
takeback() {
	sql "$db" "ATTACH '$BATS_FILE_TMPDIR/before.db' AS b; BEGIN;
		CREATE TABLE IF NOT EXISTS chain(link INTEGER PRIMARY KEY,wall_ns INTEGER,records INTEGER,key BLOB,next BLOB,previous BLOB,signature BLOB,entries BLOB);
		DELETE FROM events; INSERT INTO events SELECT * FROM b.events; DELETE FROM chain; INSERT INTO chain SELECT * FROM b.chain; COMMIT"
}
# is TEXT LINE...: what was found is these lines, and nothing else.
is() {
	local said=$1
	shift
	diff -u <(printf '%s\n' "$@") - <<<"$said"
}

@test "a byte changed, a record deleted, two swapped, the tail cut: each is named, by number" {
	local last
	is "$(found --anchor "$anchor")" 'intact true' 'status 0'
	reeve verify chained | grep '^intact: yes'
	is "$(tampered "UPDATE events SET record=CAST(substr(record,1,200)||x'fe'||substr(record,202) AS BLOB) WHERE seq=57")" \
		'intact false' 'altered 57-57' 'status 1'
	is "$(tampered "DELETE FROM events WHERE seq=60")" 'intact false' 'removed 60-60' 'status 1'
	is "$(tampered "UPDATE events SET seq=-1 WHERE seq=61; UPDATE events SET seq=61 WHERE seq=90; UPDATE events SET seq=90 WHERE seq=-1")" \
		'intact false' 'moved 61-61' 'moved 90-90' 'status 1'
	last=$(sql "$db" "SELECT max(seq) FROM events")
	is "$(tampered "DELETE FROM events WHERE seq>100")" 'intact false' "removed 101-$last" 'status 1'
	is "$(tampered "INSERT INTO events SELECT 100000,kind,wall_ns,verdict,pid,path,record FROM events WHERE seq=57")" \
		'intact false' 'added 100000-100000' 'status 1'
	is "$(found)" 'intact true' 'status 0'
}

@test "a chain that is computed anew without its key, or cut off: named from there on" {
	local link links changed
	links=$(sql "$db" "SELECT max(link) FROM chain")
	changed=$(sql "$db" "SELECT max(seq) FROM events WHERE path='/etc/passwd' AND seq<(SELECT max(seq)/2 FROM events)")
	sql "$db" "UPDATE events SET path='/etc/group' WHERE seq=$changed"
	/reeve/tests/bats/rechain.py "$db" "$changed" >"$BATS_TEST_TMPDIR/sql"
	link=$(sed -n '1s/^-- //p' "$BATS_TEST_TMPDIR/sql")
	[ "$link" -gt 1 ]
	[ "$link" -lt "$links" ]
	sql "$db" ".read $BATS_TEST_TMPDIR/sql"
	found >"$BATS_TEST_TMPDIR/list"
	cat "$BATS_TEST_TMPDIR/list"
	grep -x "link-forged $link-$links" "$BATS_TEST_TMPDIR/list"
	awk -v n="$changed" -F '[ -]' '$1 == "unproven" && $2 <= n && n <= $3 { any = 1 } END { exit !any }' "$BATS_TEST_TMPDIR/list"
	grep -x 'status 1' "$BATS_TEST_TMPDIR/list"
	takeback
	# The last links go with their records.
	sql "$db" "DELETE FROM chain WHERE link>$link"
	found >"$BATS_TEST_TMPDIR/list"
	cat "$BATS_TEST_TMPDIR/list"
	grep -x "link-cut $((link + 1))-$links" "$BATS_TEST_TMPDIR/list"
	grep -x 'status 1' "$BATS_TEST_TMPDIR/list"
	# Without the seal the anchor still knows.
	mv "$seal" "$BATS_TEST_TMPDIR/"
	found --anchor "$anchor" >"$BATS_TEST_TMPDIR/list"
	cat "$BATS_TEST_TMPDIR/list"
	grep -x "anchor-cut $((link + 1))-$links" "$BATS_TEST_TMPDIR/list"
	grep '^seal-missing' "$BATS_TEST_TMPDIR/list"
	# As an earlier version left it.
	sql "$db" "DROP TABLE chain"
	found | grep '^not-chained'
	takeback
	mv "$BATS_TEST_TMPDIR/${seal##*/}" "$seal"
	is "$(found --anchor "$anchor")" 'intact true' 'status 0'
}

running() {
	reeve verify --json vrun | jq -e '.intact and .records > '"$1" >/dev/null
}
records() {
	reeve verify --json vrun | jq -e .records
}

@test "a running container's record is proven, whenever the node is killed" {
	local dir=$BATS_TEST_TMPDIR/b i
	container "$dir" --annotate io.reeve.repeat each -- /bin/sh -c 'while :; do /act opens 20 /etc/passwd; usleep 20000; done'
	started vrun
	retry 60 running 100
	reeve anchor vrun >"$BATS_TEST_TMPDIR/anchor"
	for i in 1 2 3; do
		stop_node KILL
		start_node
		retry 60 running "$(retry 60 records)"
	done
	reeve anchor vrun >>"$BATS_TEST_TMPDIR/anchor"
	crun kill vrun KILL
	await_end vrun
	exact vrun
	reeve verify --anchor "$BATS_TEST_TMPDIR/anchor" vrun
	reeve verify --node
}

@test "an anchor of another life, or none at all, is refused with the reason" {
	run reeve verify --anchor "$anchor" vrun
	[ "$status" -eq 1 ]
	[[ $output == *"expected an anchor of container vrun"* ]]
	echo '{"anchor":1}' >"$BATS_TEST_TMPDIR/none"
	run reeve verify --anchor "$BATS_TEST_TMPDIR/none" chained
	[ "$status" -eq 1 ]
	[[ $output == *"none:1: expected an anchor"* ]]
	[ "$(stat -c %a /var/lib/reeve/seal "$seal" | xargs)" = '700 600' ]
}
