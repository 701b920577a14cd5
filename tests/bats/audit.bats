#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# audit.bats: reeve logs --format audit as the real ausearch and aureport read it: every event, by every
# search exactly the right ones, every byte.

load lib
load reeve

# One container does what the searches look for; its record as audit lines and as JSON.
setup_file() {
	local dir=$BATS_FILE_TMPDIR/b status
	start_node
	policy acts '{"name":"acts","mode":"enforce","rules":[
		{"subject":"file","path":"/etc/secret","action":"deny"},
		{"subject":"file","path":"/etc/other","action":"deny","errno":"ENOENT"}]}'
	container "$dir" --annotate io.reeve.policy acts -- /act pause
	echo x >"$dir/rootfs/etc/secret"
	echo x >"$dir/rootfs/etc/other"
	: >"$dir/rootfs$hostile"
	cp "$dir/rootfs/act" "$dir/rootfs/tmp/exe=b in"
	started acts
	crun exec -u 1234:1234 acts /act open /etc/passwd
	crun exec acts /act open "$hostile"
	status=0 && crun exec acts /act open /etc/secret || status=$?
	[ "$status" -eq 13 ]
	status=0 && crun exec acts /act open /etc/other || status=$?
	[ "$status" -eq 2 ]
	status=0 && crun exec acts /act connect 127.0.0.1 9 || status=$?
	[ "$status" -eq 111 ]
	crun exec acts '/tmp/exe=b in' open /etc/group
	crun exec acts /act exit 0 'a b' '' $'\xff\n' '"'
	crun kill acts KILL
	await_end acts
	exact acts
	crun delete -f acts
	rm -rf /etc/reeve
	reeve logs --format audit acts >"$BATS_FILE_TMPDIR/acts.log"
	reeve logs --json acts >"$BATS_FILE_TMPDIR/acts.json"
}

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	use acts
}

# use ID: the files of what follows.
use() {
	f=$BATS_FILE_TMPDIR/$1.log
	json=$BATS_FILE_TMPDIR/$1.json
}

# record ID: a container's record in both forms, and that is what follows.
record() {
	await_end "$1"
	exact "$1"
	use "$1"
	reeve logs --format audit "$1" >"$f"
	reeve logs --json "$1" >"$json"
}

events() {
	wc -l <"$json"
}

hostile=$'/tmp/a\033[31m\n"x\377\u202e y=z'

# What is nobody's act has no SYSCALL line, so no pid, comm, exe to search for.
act_only='select(.kind | IN("armed", "checkpoint", "close", "repeat") | not) |'

# found OPTION...: the serials that ausearch finds in $f, on one line.
found() {
	ausearch -if "$f" --raw "$@" </dev/null 2>"$BATS_TEST_TMPDIR/err" |
		sed -n 's/.* msg=audit([0-9.]*:\([0-9]*\)): .*/\1/p' | sort -nu | tr '\n' ' '
	grep -v '<no matches>' "$BATS_TEST_TMPDIR/err" >&2 || true
}

# wanted JQ_FILTER: the numbers of those records.
wanted() {
	jq "$1 | .seq" "$json" | sort -nu | tr '\n' ' '
}

# agree AT_LEAST JQ_FILTER OPTION...: ausearch finds just what jq finds, which is something.
agree() {
	local least=$1 filter=$2 want got
	shift 2
	want=$(wanted "$filter")
	got=$(found "$@")
	echo "ausearch $*: $got"
	[ "$got" = "$want" ] || { echo "json: $want"; return 1; }
	[ "$(wc -w <<<"$want")" -ge "$least" ]
}

@test "audit: ausearch finds by each of its searches exactly the right events" {
	local pid
	agree 20 '.'
	agree 20 '.' -m 1427
	agree 15 "$act_only ." -m SYSCALL
	agree 7 'select(.kind == "exec" and .argv != null)' -m EXECVE
	agree 7 "$act_only"' select(.path != null and (.path | startswith("\u0000") | not))' -m PATH
	agree 1 'select(.kind == "connect")' -m SOCKADDR
	for pid in $(jq "$act_only"' select(.path == "/etc/passwd" or .kind == "connect") | .process.pid' "$json"); do
		agree 2 "$act_only"" select(.process.pid == $pid)" -p "$pid"
	done
	agree 7 "$act_only"' select(.process.comm == "act")' -w -c act
	agree 2 "$act_only"' select(.process.comm == "exe=b in")' -w -c 'exe=b in'
	agree 7 "$act_only"' select((if .hook == "bprm_committed_creds" then .path else .process.exe end) == "/act")' -w -x /act
	agree 2 "$act_only"' select((if .hook == "bprm_committed_creds" then .path else .process.exe end) == "/tmp/exe=b in")' -w -x '/tmp/exe=b in'
	agree 1 'select(.path == "/etc/passwd")' -w -f /etc/passwd
	agree 1 'select(.path == "/tmp/a\u001b[31m\n\"x\udcff\u202e y=z")' -w -f "$hostile"
	agree 1 "$act_only"' select(.process.uid == 1234 or .process.euid == 1234)' -ua 1234
	agree 7 "$act_only"' select(.process.uid == 0)' -ui 0
	agree 1 'select(.rule == 1)' -w -k reeve-rule-1
	agree 1 'select(.rule == 2)' -w -k reeve-rule-2
	agree 2 'select(.verdict == "denied")' --success no
	agree 13 "$act_only"' select(.verdict != "denied")' --success yes
	agree 1 'select(.error == "ENOENT")' -e -2
	agree 1 'select(.error == "EACCES")' -e -13
	agree 1 'select(.kind == "connect")' -sc connect
	agree 7 'select(.kind == "exit")' -sc exit_group
	agree 1 'select(.kind == "armed")' -a 0
}

@test "audit: a search for what is not there finds nothing" {
	[ -s "$f" ]
	for search in '-p 4194303' '-w -c ac' '-w -x /ac' '-w -f /etc/passw' '-ua 4321' '-w -k reeve-rule-3' \
		'-m AVC' '-m BPF' '-e -1' '-sc ptrace' '-a 99999'; do
		# shellcheck disable=SC2086
		[ "$(found $search)" = "" ] || { echo "$search: $(found $search)"; return 1; }
	done
}

@test "audit: every string comes back byte for byte, lines of an event are together" {
	[ "$(python3 /reeve/tests/bats/audit.py "$f" <"$json")" = "$(events)" ]
	# and as ausearch -i shows them; it escapes controls itself
	ausearch -if "$f" -i --escape raw -w -f "$hostile" </dev/null >"$f.i"
	grep -azF "name=$hostile inode=" "$f.i" >/dev/null
	ausearch -if "$f" -i -sc connect </dev/null | grep -F 'saddr={ saddr_fam=inet laddr=127.0.0.1 lport=9 }'
	ausearch -if "$f" -i -w -k reeve-rule-2 </dev/null | grep -F 'syscall=openat success=no exit=ENOENT(No such file or directory) a0=AT_FDCWD'
	[ "$(ausearch -if "$f" -i </dev/null | grep -cx -- ----)" = "$(events)" ]
}

@test "audit: aureport's counts are the record's" {
	local report
	report=$(aureport -if "$f" </dev/null)$'\n'
	echo "$report"
	[[ $report == *"Number of events: $(events)"$'\n'* ]]
	[[ $report == *"Number of failed syscalls: 2"$'\n'* ]]
	[[ $report == *"Number of process IDs: $(jq "$act_only .process.pid" "$json" | sort -u | wc -l)"$'\n'* ]]
	[[ $report == *"Number of keys: 2"$'\n'* ]]
	aureport -if "$f" -x --summary </dev/null
	[ "$(aureport -if "$f" -x --summary </dev/null | awk '$2 == "/act" { print $1 }')" = \
		"$(found -w -x /act | wc -w)" ]
	aureport -if "$f" -f </dev/null
	[ "$(aureport -if "$f" -f </dev/null | grep -c '^[0-9]*\. ')" = \
		"$(wanted "$act_only"' select(.path != null)' | wc -w)" ]
	[ "$(aureport -if "$f" -f </dev/null | awk '$4 == "/etc/secret" { print $6, $7 }')" = 'no /act' ]
	aureport -if "$f" -p </dev/null
	[ "$(aureport -if "$f" -p </dev/null | grep -c '^[0-9]*\. ')" = "$(wanted "$act_only ." | wc -w)" ]
}

@test "audit: arguments longer than a line and longer than the ring come back whole" {
	local id
	for id in '1 9000 0 0' '1 131071 1 1000'; do
		# shellcheck disable=SC2086
		container "$dir" -- /act args $id
		id=args-${id// /-}
		crun run -b "$dir" "$id" </dev/null
		record "$id"
		[ "$(python3 /reeve/tests/bats/audit.py "$f" <"$json")" = "$(events)" ]
		agree 2 'select(.kind == "exec")' -m EXECVE
		agree 4 .
	done
}

@test "audit: two containers in one file are told apart with node=" {
	local id total=0
	for id in audit-one audit-two; do
		container "$dir" -- /act open /etc/passwd
		crun run -b "$dir" "$id" </dev/null
		record "$id"
		sed "s/^/node=$id /" "$f" >>"$BATS_FILE_TMPDIR/mixed.log"
		total=$((total + $(events)))
	done
	for id in audit-one audit-two; do
		cp "$BATS_FILE_TMPDIR/$id.json" "$BATS_FILE_TMPDIR/mixed.json"
		use mixed
		agree 4 . -n "$id"
		agree 1 'select(.path == "/etc/passwd")' -n "$id" -w -f /etc/passwd
	done
	[ "$(ausearch -if "$f" -i </dev/null | grep -cx -- ----)" = "$total" ]
}

@test "audit: --format says which; a wrong one is refused with status 2" {
	cmp <(reeve logs --format json acts) "$json"
	cmp <(reeve logs --format text acts) <(reeve logs acts)
	cmp <(reeve logs -f --format audit acts) "$f"
	run reeve logs --format xml acts
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"--format 'xml'"*"text, json, csv, audit"* ]]
	reeve help logs | grep -q -- '--format text|json|csv|audit'
}
