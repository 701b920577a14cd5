#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# audit.bats: reeve logs --format audit as the real ausearch and aureport read it: every event, by every
# search exactly the right ones, every byte.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	f=$BATS_TEST_TMPDIR/audit.log
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# What is nobody's act has no SYSCALL line, so no pid, comm, exe to search for.
act_only='select(.kind | IN("armed", "checkpoint", "close", "repeat") | not) |'

# found OPTION...: the serials that ausearch finds in $f, on one line.
found() {
	ausearch -if "$f" --raw "$@" </dev/null 2>"$BATS_TEST_TMPDIR/err" |
		sed -n 's/.* msg=audit([0-9.]*:\([0-9]*\)): .*/\1/p' | sort -nu | tr '\n' ' '
	grep -v '<no matches>' "$BATS_TEST_TMPDIR/err" >&2 || true
}

# wanted ID JQ_FILTER: the numbers of those records.
wanted() {
	logs "$1" "$2 | .seq" | sort -nu | tr '\n' ' '
}

# agree ID AT_LEAST JQ_FILTER OPTION...: ausearch finds just what jq finds, which is something.
agree() {
	local id=$1 least=$2 filter=$3 want got
	shift 3
	want=$(wanted "$id" "$filter")
	got=$(found "$@")
	echo "ausearch $*: $got"
	[ "$got" = "$want" ] || { echo "json: $want"; return 1; }
	[ "$(wc -w <<<"$want")" -ge "$least" ]
}

# One container does what the searches look for; its audit lines are in $f.
acts() {
	policy acts '{"name":"acts","mode":"enforce","rules":[
		{"subject":"file","path":"/etc/secret","action":"deny"},
		{"subject":"file","path":"/etc/other","action":"deny","errno":"ENOENT"}]}'
	hostile=$'/tmp/a\033[31m\n"x\377\u202e y=z'
	container "$dir" --annotate io.reeve.policy acts -- /bin/sh -c \
		'while [ ! -e /tmp/stop ]; do sleep 0.1; done; exit 3'
	echo x >"$dir/rootfs/etc/secret"
	echo x >"$dir/rootfs/etc/other"
	: >"$dir/rootfs$hostile"
	cp "$act" "$dir/rootfs/tmp/exe=b in"
	(cd "$dir" && crun create acts </dev/null >/dev/null 2>&1 3>&- 4>&- && crun start acts 3>&- 4>&-)
	crun exec -u 1234:1234 acts /act open /etc/passwd
	crun exec acts /act open "$hostile"
	run crun exec acts /act open /etc/secret
	[ "$status" -eq 13 ]
	run crun exec acts /act open /etc/other
	[ "$status" -eq 2 ]
	run crun exec acts /act connect 127.0.0.1 9
	[ "$status" -eq 111 ]
	crun exec acts '/tmp/exe=b in' open /etc/group
	crun exec acts /act exit 0 'a b' '' $'\xff\n' '"'
	touch "$dir/rootfs/tmp/stop"
	await_end acts
	exact acts
	reeve logs --format audit acts >"$f"
}

@test "audit: ausearch finds by each of its searches exactly the right events" {
	local pid
	acts
	agree acts 20 '.'
	agree acts 20 '.' -m 1427
	agree acts 15 "$act_only ." -m SYSCALL
	agree acts 7 'select(.kind == "exec" and .argv != null)' -m EXECVE
	agree acts 7 "$act_only"' select(.path != null and (.path | startswith("\u0000") | not))' -m PATH
	agree acts 1 'select(.kind == "connect")' -m SOCKADDR
	for pid in $(logs acts "$act_only"' .process.pid' | sort -u); do
		agree acts 1 "$act_only"" select(.process.pid == $pid)" -p "$pid"
	done
	agree acts 7 "$act_only"' select(.process.comm == "act")' -w -c act
	agree acts 2 'select(.process.comm == "exe=b in")' -w -c 'exe=b in'
	agree acts 7 "$act_only"' select((if .hook == "bprm_committed_creds" then .path else .process.exe end) == "/act")' -w -x /act
	agree acts 2 'select((if .hook == "bprm_committed_creds" then .path else .process.exe end) == "/tmp/exe=b in")' -w -x '/tmp/exe=b in'
	agree acts 1 'select(.path == "/etc/passwd")' -w -f /etc/passwd
	agree acts 1 'select(.path == "/tmp/a\u001b[31m\n\"x\udcff\u202e y=z")' -w -f "$hostile"
	agree acts 1 "$act_only"' select(.process.uid == 1234 or .process.euid == 1234)' -ua 1234
	agree acts 7 "$act_only"' select(.process.uid == 0)' -ui 0
	agree acts 1 'select(.rule == 1)' -w -k reeve-rule-1
	agree acts 1 'select(.rule == 2)' -w -k reeve-rule-2
	agree acts 2 'select(.verdict == "denied")' --success no
	agree acts 13 "$act_only"' select(.verdict != "denied")' --success yes
	agree acts 1 'select(.error == "ENOENT")' -e -2
	agree acts 1 'select(.error == "EACCES")' -e -13
	agree acts 1 'select(.kind == "connect")' -sc connect
	agree acts 7 'select(.kind == "exit")' -sc exit_group
	agree acts 1 'select(.kind == "armed")' -a 0
}

@test "audit: a search for what is not there finds nothing" {
	acts
	[ -s "$f" ]
	for search in '-p 4194303' '-w -c ac' '-w -x /ac' '-w -f /etc/passw' '-ua 4321' '-w -k reeve-rule-3' \
		'-m AVC' '-m BPF' '-e -1' '-sc ptrace' '-a 99999'; do
		# shellcheck disable=SC2086
		[ "$(found $search)" = "" ] || { echo "$search: $(found $search)"; return 1; }
	done
}

@test "audit: every string comes back byte for byte, lines of an event are together" {
	acts
	[ "$(reeve logs --json acts | python3 /reeve/tests/bats/audit.py "$f")" = "$(reeve logs --json acts | wc -l)" ]
	# and as ausearch -i shows them; it escapes controls itself
	ausearch -if "$f" -i --escape raw -w -f "$hostile" </dev/null >"$f.i"
	grep -azF "name=$hostile inode=" "$f.i" >/dev/null
	ausearch -if "$f" -i -sc connect </dev/null | grep -F 'saddr={ saddr_fam=inet laddr=127.0.0.1 lport=9 }'
	ausearch -if "$f" -i -w -k reeve-rule-2 </dev/null | grep -F 'syscall=openat success=no exit=ENOENT(No such file or directory)'
	[ "$(ausearch -if "$f" -i </dev/null | grep -cx -- ----)" = "$(reeve logs --json acts | wc -l)" ]
}

@test "audit: aureport's counts are the record's" {
	local report
	acts
	report=$(aureport -if "$f" </dev/null)
	echo "$report"
	[[ $report == *"Number of events: $(reeve logs --json acts | wc -l)"$'\n'* ]]
	[[ $report == *"Number of failed syscalls: 2"$'\n'* ]]
	[[ $report == *"Number of process IDs: $(logs acts "$act_only .process.pid" | sort -u | wc -l)"$'\n'* ]]
	[[ $report == *"Number of keys: 2"$'\n'* ]]
	aureport -if "$f" -x --summary </dev/null
	[ "$(aureport -if "$f" -x --summary </dev/null | awk '$2 == "/act" { print $1 }')" = \
		"$(found -w -x /act | wc -w)" ]
	aureport -if "$f" -f </dev/null
	[ "$(aureport -if "$f" -f </dev/null | grep -c '^[0-9]*\. ')" = \
		"$(logs acts "$act_only"' select(.path != null)' | wc -l)" ]
	[ "$(aureport -if "$f" -f </dev/null | awk '$4 == "/etc/secret" { print $6, $7 }')" = 'no /act' ]
	aureport -if "$f" -p </dev/null
	[ "$(aureport -if "$f" -p </dev/null | grep -c '^[0-9]*\. ')" = "$(logs acts "$act_only ." | wc -l)" ]
}

@test "audit: arguments longer than a line and longer than the ring come back whole" {
	local id
	for id in '1 9000 0 0' '1 131071 1 1000' '1900 1047 0 0'; do
		# shellcheck disable=SC2086
		container "$dir" -- /act args $id
		id=args-${id// /-}
		crun run -b "$dir" "$id" </dev/null
		await_end "$id"
		exact "$id"
		reeve logs --format audit "$id" >"$f"
		[ "$(reeve logs --json "$id" | python3 /reeve/tests/bats/audit.py "$f")" = "$(reeve logs --json "$id" | wc -l)" ]
		agree "$id" 2 'select(.kind == "exec")' -m EXECVE
		agree "$id" 4 '.'
	done
}

@test "audit: two containers in one file are told apart with node=" {
	local id
	for id in one two; do
		container "$dir" -- /act open /etc/passwd
		crun run -b "$dir" "audit-$id" </dev/null
		await_end "audit-$id"
		reeve logs --format audit "audit-$id" | sed "s/^/node=audit-$id /" >>"$f"
	done
	agree audit-one 4 . -n audit-one
	agree audit-two 4 . -n audit-two
	agree audit-two 1 'select(.path == "/etc/passwd")' -n audit-two -w -f /etc/passwd
	[ "$(ausearch -if "$f" -i </dev/null | grep -cx -- ----)" = "$(cat <(reeve logs --json audit-one) <(reeve logs --json audit-two) | wc -l)" ]
}

@test "audit: --format says which; a wrong one is refused with status 2" {
	container "$dir" -- /act open /etc/passwd
	crun run -b "$dir" formats </dev/null
	await_end formats
	cmp <(reeve logs --format json formats) <(reeve logs --json formats)
	cmp <(reeve logs --format text formats) <(reeve logs formats)
	cmp <(reeve logs --format audit formats) <(reeve logs -f --format audit formats)
	reeve logs --format audit formats | grep -q '^type=SYSCALL msg=audit('
	run reeve logs --format xml formats
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"--format 'xml'"*"text, json, audit"* ]]
	reeve help logs | grep -q -- '--format text|json|audit'
}
