#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2; full: all
# policy-live.bats: a running container's policy is changed whole, whoever is killed on the way; what is
# in force, what its records name, and what is kept as text agree.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	files=$BATS_TEST_TMPDIR/files
	mkdir -p "$files"
	text allow deny-other '"/etc/other"' deny
	text deny no-secrets '"/etc/secret"' deny
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	umount /etc/reeve/policies 2>/dev/null || true
	rm -rf /etc/reeve
}

# text FILE NAME PATH ACTION: a policy of one rule, in line 3.
text() {
	printf '{"name":"%s","mode":"enforce","rules":[\n\n{"subject":"file","path":%s,"action":"%s","reason":"%s for a reason"}]}\n' \
		"$2" "$3" "$4" "$1" >"$files/$1.json"
}

# medium FILE: a policy too big for the smallest table that denies /etc/secret; its last rule.
medium() {
	jq -n '{name: "medium", mode: "enforce", rules: ([range(400) | {subject: "file", path: "/data/\(. * 7919 % 1009)/**/x\(.)", action: "audit"}]
		+ [{subject: "file", path: "/etc/secret", action: "deny", reason: "the last one"}])}' >"$files/$1.json"
}

# looping ID [make_bundle OPTION]...: opens /etc/secret for ever, each result a line of /tmp/out.
looping() {
	local id=$1
	shift
	container "$dir" --annotate io.reeve.repeat each "$@" -- /act tries 10 /etc/secret /tmp/out
	echo x >"$dir/rootfs/etc/secret"
	started "$id"
	retry 10 more "$dir/rootfs/tmp/out" 2
}
more() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# becomes RESULT: the loop's opens come to that from now on, a few times in a row.
becomes() {
	retry 10 lately "$1"
}
lately() {
	: >"$dir/rootfs/tmp/out"
	retry 5 more "$dir/rootfs/tmp/out" 3
	# The first one may have been under way.
	[ "$(tail -n +2 "$dir/rootfs/tmp/out" | sort -u)" = "$1" ]
}

apply() {
	local id=$1
	shift
	reeve policy apply "$id" "${@/#/$files/}"
}
version() {
	reeve policy show --json "$1" | jq .version
}
# finish ID: ends it; its record is whole.
finish() {
	crun kill "$1" KILL
	await_end "$1"
	crun delete -f "$1" || true
	exact "$1"
}

# consistent ID DENYING...: every open of /etc/secret came to what the version that its record names
# says of it; DENYING are the versions that deny it.
consistent() {
	local id=$1
	shift
	logs "$id" 'select(.kind == "open" and .path == "/etc/secret")' >"$BATS_TEST_TMPDIR/opens"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/opens")" -gt 5 ]
	jq -se --argjson denying "$(jq -cn '$ARGS.positional | map(tonumber)' --args "$@")" \
		'all(.[]; (.verdict == "denied") == (.policy_version as $v | any($denying[]; . == $v)))' "$BATS_TEST_TMPDIR/opens" >/dev/null ||
		{ jq -c '[.seq, .verdict, .policy_version]' "$BATS_TEST_TMPDIR/opens"; return 1; }
	# Behind the record of a change nothing is decided by the version before it.
	logs "$id" 'select(.kind == "policy")' >"$BATS_TEST_TMPDIR/changes"
	jq -se --slurpfile p "$BATS_TEST_TMPDIR/changes" 'all(.[]; . as $o | ($p | map(select(.seq < $o.seq)) | last) as $a
		| ($p | map(select(.seq > $o.seq)) | first) as $b
		| $a == null or .policy_version == $a.policy_version or ($b != null and .policy_version == $b.policy_version))' "$BATS_TEST_TMPDIR/opens" >/dev/null ||
		{ jq -c '[.seq, .policy_version, .old_version]' "$BATS_TEST_TMPDIR/changes"; jq -c '[.seq, .policy_version]' "$BATS_TEST_TMPDIR/opens"; return 1; }
}

@test "live: allowed, denied, allowed again, while a process goes on" {
	local allowed denied
	looping change
	becomes 0
	apply change allow.json
	becomes 0
	allowed=$(version change)
	apply change deny.json
	becomes 13
	denied=$(version change)
	apply change allow.json
	becomes 0
	[ "$(version change)" = "$allowed" ]
	finish change
	consistent change "$denied"
	[ "$(logs change 'select(.kind == "policy") | [.old_version, .policy_version, .policy_name, .cause]')" = "[0,$allowed,\"deny-other\",\"none\"]
[$allowed,$denied,\"no-secrets\",\"none\"]
[$denied,$allowed,\"deny-other\",\"none\"]" ]
	[ "$(logs change 'select(.kind == "policy" and .policy_name == "no-secrets") | .policy_sha256 | length')" = 64 ]
}

@test "live: a table of another size, there and back; what was in force stays behind nowhere" {
	looping size
	medium medium
	apply size allow.json
	apply size medium.json
	[ "$(bpftool map show | grep -cw reeve_table)" = 1 ]
	becomes 13
	[ "$(reeve policy show --json size | jq -c '[.table.size, .text_enforced, (.rules | length), (.rules[400] | .action, .reason)]')" = '["medium",true,401,"deny","the last one"]' ]
	apply size allow.json
	becomes 0
	[ "$(reeve policy show --json size | jq -r .table.size)" = small ]
	finish size
	[ "$(logs size 'select(.verdict == "denied") | [.rule, .policy, .reason]' | sort -u)" = '[401,"medium","the last one"]' ]
	retry 5 no_tables
}
no_tables() {
	! bpftool map show | grep -w reeve_table
}

@test "live: a broken file among good ones keeps the old policy, and says so" {
	local before
	looping broken
	apply broken deny.json
	becomes 13
	before=$(version broken)
	echo '{"name":"bad","mode":"enforce","rules":[{"subject":"file","path":"relative","action":"deny"}]}' >"$files/bad.json"
	run apply broken allow.json bad.json
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *bad.json:1:* ]]
	in_syslog "container broken keeps its policy.*bad.json:1:"
	becomes 13
	[ "$(version broken)" = "$before" ]
	reeve ps --json | jq -e '.[] | select(.id == "broken") | .policy_refused | test("bad.json:1:")'
	reeve ps | grep -q 'policy change refused: .*bad.json:1:'
	run apply broken missing.json
	[ "$status" -eq 1 ]
	run apply nobody allow.json
	[ "$status" -eq 1 ]
	apply broken allow.json
	reeve ps --json | jq -e '.[] | select(.id == "broken") | .policy_refused == null and .policy == "deny-other"'
	finish broken
	[ "$(logs broken 'select(.kind == "policy")' | wc -l)" = 2 ]
}

@test "live: killed at any moment, the old policy or the new one is in force" {
	local i denied medium before
	looping cutoff
	medium medium
	apply cutoff deny.json
	becomes 13
	denied=$(version cutoff)
	apply cutoff medium.json
	medium=$(version cutoff)
	for i in $(seq 1 12); do
		reeve policy apply cutoff "$files/$([ $((i % 2)) = 0 ] && echo medium || echo deny).json" 2>/dev/null &
		sleep "$(awk -v i="$i" 'BEGIN { print i * 0.012 }')"
		kill -9 $! 2>/dev/null || true
		wait $! || true
		before=$(version cutoff)
		[ "$before" = "$denied" ] || [ "$before" = "$medium" ]
		reeve policy show cutoff >/dev/null
	done
	apply cutoff deny.json
	[ "$(version cutoff)" = "$denied" ]
	[ -z "$(ls /var/lib/reeve/policy/*.new 2>/dev/null)" ]
	becomes 13
	finish cutoff
	# Both deny: not one open in between was let through.
	[ "$(logs cutoff 'select(.kind == "open" and .path == "/etc/secret" and .policy_version != null and .policy_version != 0) | .verdict' | sort -u)" = '"denied"' ]
	consistent cutoff "$denied" "$medium"
	# Each record's version follows from the one before: no change is without a record.
	logs cutoff 'select(.kind == "policy") | [.old_version, .policy_version]' | jq -se '. as $c | all(range(1; $c | length); $c[.][0] == $c[. - 1][1])'
}

@test "live: many at once follow each other" {
	local i allowed denied pids=()
	looping atonce
	apply atonce allow.json
	allowed=$(version atonce)
	for i in 1 2 3; do
		reeve policy apply atonce "$files/deny.json" 3>&- 4>&- &
		pids+=($!)
		reeve policy apply atonce "$files/allow.json" 3>&- 4>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	apply atonce deny.json
	denied=$(version atonce)
	becomes 13
	finish atonce
	consistent atonce "$denied"
	logs atonce 'select(.kind == "policy") | [.old_version, .policy_version]' | jq -se '. as $c | length >= 2 and all(range(1; $c | length); $c[.][0] == $c[. - 1][1])'
	[ "$allowed" != "$denied" ]
}

@test "live: show and stats read the kernel back, with and without a node" {
	looping shown
	[ "$(reeve policy show shown)" = 'no policy' ]
	apply shown deny.json
	becomes 13
	reeve policy show shown
	reeve policy show shown | grep -q 'text       is what the kernel enforces'
	[ "$(reeve policy show --json shown | jq -c '[.name, .mode, .table.size, .text_enforced, (.rules | length), (.rules[0] | .action, .policy, .line, .path)]')" = '["no-secrets","enforce","small",true,1,"deny","no-secrets",3,"/etc/secret"]' ]
	[ "$(reeve policy stats --json shown | jq '.rules[0].hits >= 3')" = true ]
	reeve policy stats shown | grep -q 'no-secrets:3'
	stop_node
	apply shown allow.json
	becomes 0
	[ "$(reeve policy stats --json shown | jq -c '[.name, .rules[0].hits]')" = '["deny-other",0]' ]
	# A text that is not the one in force is told as such.
	sed -i 's|/etc/other|/etc/othor|' /var/lib/reeve/policy/*-"$(printf %08x "$(version shown || true)")"
	run reeve policy show shown
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"NOT what the kernel enforces"* ]]
	start_node
	finish shown
}

@test "live: the reason stands in the record, of both versions, in every format, also after the end" {
	ls /var/lib/reeve/policy >"$BATS_TEST_TMPDIR/others" # of applies that were killed: they stay for ten minutes
	looping reason
	apply reason deny.json
	becomes 13
	retry 5 says reason 'deny for a reason'
	text deny again '"/etc/{secret,more}"' deny
	sed -i 's/deny for a/another/' "$files/deny.json"
	apply reason deny.json
	becomes 13
	finish reason
	retry 10 taken
	[ "$(logs reason 'select(.verdict == "denied") | [.rule, .policy, .policy_line, .reason]' | sort -u)" = '[1,"again",3,"another reason"]
[1,"no-secrets",3,"deny for a reason"]' ]
	reeve logs reason | grep -q "DENIED(EACCES).* rule=1 (no-secrets:3) reason='deny for a reason'"
	reeve logs --format audit reason | grep -q ' rule=1 policy="again" policy-line=3 reason='
}
# says ID REASON: a denial with that reason is in the store; a record takes a moment to get there.
says() {
	[ -n "$(logs "$1" 'select(.verdict == "denied" and .rule == 1 and .policy_line == 3 and .reason == $r)' --arg r "$2")" ]
}
taken() {
	[ -z "$(ls /var/lib/reeve/policy | comm -13 "$BATS_TEST_TMPDIR/others" -)" ]
}

# configmap NAME FILE: a directory as a mounted ConfigMap is made, and as it is changed.
configmap() {
	local new
	new=/etc/reeve/policies/..$1
	mkdir -p "$new"
	cp "$files/$2" "$new/web.json"
	ln -s "..$1" /etc/reeve/policies/..data_tmp
	mv -T /etc/reeve/policies/..data_tmp /etc/reeve/policies/..data
	[ -e /etc/reeve/policies/web.json ] || ln -s ..data/web.json /etc/reeve/policies/web.json
}

@test "live: a swapped ConfigMap is followed; a broken one is not" {
	local denied
	mkdir -p /etc/reeve/policies
	configmap 1 allow.json
	sleep 1.2
	looping follows --annotate io.reeve.policy web
	becomes 0
	configmap 2 deny.json
	becomes 13
	denied=$(version follows)
	printf '{"name":"web","mode":"enforce","rules":[{"subject":"file","pth":"/x","action":"deny"}]}' >"$files/bad.json"
	configmap 3 bad.json
	retry 10 refused follows
	becomes 13
	[ "$(version follows)" = "$denied" ]
	grep -q "container follows keeps its policy.*web.json:1:" /var/log/messages
	configmap 4 allow.json
	becomes 0
	retry 5 not_refused follows
	cp "$files/deny.json" /etc/reeve/policies/other.json
	sleep 1
	becomes 0
	finish follows
	consistent follows "$denied"
	[ "$(logs follows 'select(.kind == "policy")' | wc -l)" = 2 ]
}
refused() {
	reeve ps --json | jq -e --arg id "$1" '.[] | select(.id == $id) | .policy_refused | test("web.json:1:")'
}
not_refused() {
	reeve ps --json | jq -e --arg id "$1" '.[] | select(.id == $id) | .policy_refused == null'
}

@test "live: the host's default is part of it, unless one of them is selectable" {
	policy default '{"name":"base","mode":"enforce","rules":[{"subject":"file","path":"/etc/secret","action":"deny","reason":"base"}]}'
	looping base
	becomes 13
	apply base allow.json
	becomes 13
	[ "$(reeve policy show --json base | jq -c '[.name, .files[0]]')" = '["base+deny-other","/etc/reeve/policies/default.json"]' ]
	jq '.selectable = true' "$files/allow.json" >"$files/instead.json"
	apply base instead.json
	becomes 0
	finish base
}
