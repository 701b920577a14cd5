#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# cli.bats: `reeve` as people use it: run, doctor, and what it says when it cannot.

load lib
bats_require_minimum_version 1.5.0

bin=/reeve/build

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cat >deny.json <<-EOF
		{"name": "deny", "mode": "enforce", "rules": [
		  {"subject": "file", "path": "$BATS_TEST_TMPDIR/secret", "action": "deny"},
		  {"subject": "file", "path": "$BATS_TEST_TMPDIR/dir/**", "action": "deny", "errno": "ENOENT"},
		  {"subject": "exec", "path": "/usr/bin/id", "action": "deny"},
		  {"subject": "network", "address": "127.0.0.1", "port": 80, "action": "deny"}]}
	EOF
	sed 's/enforce/audit/; s/"deny", "mode"/"watch", "mode"/' deny.json >watch.json
	echo hidden >secret
	mkdir dir
	echo hidden >dir/file
}

# reeve run, its record to record.json
guarded() {
	"$bin/reeve" run --json --output record.json "$@"
}

records() {
	jq -c "select($1)" record.json | wc -l
}

@test "run: the command's output and exit status are its own" {
	run guarded -- sh -c 'echo out; echo err >&2; exit 7'
	echo "$output"
	[ "$status" -eq 7 ]
	[[ $output == *out* && $output == *err* ]]
	[ "$(echo in | guarded -- cat)" = in ]
	run guarded -- sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	run -127 guarded -- no-such-command
	[ "$status" -eq 127 ]
	[[ $output == *"no-such-command: No such file"* ]]
	run guarded -- /etc/passwd
	[ "$status" -eq 126 ]
}

@test "run: record 0 is armed, the next exec is the command's, the last record closes" {
	guarded -- sh -c 'exit 3' two 'a  b' || [ $? -eq 3 ]
	[ "$(jq -r .kind record.json | head -n 1)" = armed ]
	[ "$(jq -c 'select(.kind == "exec") | [.phase, .argv]' record.json | head -n 1)" = \
		'["armed",["sh","-c","exit 3","two","a  b"]]' ]
	[ "$(jq -r .kind record.json | tail -n 1)" = close ]
	[ "$(jq -s 'map(.seq) == [range(length)]' record.json)" = true ]
	[ "$(jq -c 'select(.kind == "exit") | [.code, .signal]' record.json)" = '[3,null]' ]
	[ "$(jq -s 'last.lost | add // 0' record.json)" -eq 0 ]
}

@test "run: what the policy denies is denied inside, recorded, and free next door" {
	run guarded --policy deny.json -- sh -c 'cat secret; cat dir/file; id; nc -w1 127.0.0.1 80; nc -w1 0.0.0.0 80'
	echo "$output"
	[[ $output == *"secret: Permission denied"* ]]
	[[ $output == *"dir/file: No such file"* ]]
	[[ $output != *hidden* && $output != *uid=* ]]
	[ "$(records '.verdict == "denied" and .kind == "open" and .error == "EACCES" and .rule == 1')" -eq 1 ]
	[ "$(records '.verdict == "denied" and .kind == "open" and .error == "ENOENT" and .rule == 2')" -eq 1 ]
	[ "$(records '.verdict == "denied" and .kind == "exec" and .rule == 3')" -ge 1 ]
	[ "$(records '.verdict == "denied" and .kind == "connect" and .rule == 4')" -eq 2 ]
	[ "$(cat secret dir/file | grep -c hidden)" -eq 2 ]
	id >/dev/null
}

@test "run: in audit mode nothing is denied, what would be is recorded" {
	run guarded --policy watch.json -- sh -c 'cat secret dir/file; id'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *hidden*uid=* ]]
	[ "$(records '.verdict == "would-deny" and .kind == "open"')" -eq 2 ]
	[ "$(records '.verdict == "would-deny" and .kind == "exec"')" -ge 1 ]
	[ "$(records '.verdict == "denied"')" -eq 0 ]
}

@test "run: a denied entrypoint does not run and says so" {
	run guarded --policy deny.json -- id
	echo "$output"
	[ "$status" -eq 126 ]
	[[ $output == *"run id: Permission denied"* ]]
	[ "$(jq -r .kind record.json | head -n 1)" = armed ]
}

@test "run: a policy that is wrong is refused before anything runs" {
	echo '{"name": "x", "mode": "enforce", "rules": [{"subject": "file", "path": "/etc/", "action": "deny"}]}' >bad.json
	run guarded --policy bad.json -- touch ran
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"bad.json:1:72: found \"/etc/\", expected a path without '/' at its end"* ]]
	[ ! -e ran ]
}

@test "policy check: ok, warned of, refused; as nobody, with no node, from the standard input" {
	check() {
		setpriv --reuid=nobody --clear-groups --regid=nogroup "$bin/reeve" policy check "$@"
	}
	cat >twice.json <<-EOF
		{"name": "twice", "mode": "audit", "rules": [
		  {"subject": "file", "path": "/etc/*", "action": "deny"},
		  {"subject": "file", "path": "/etc/shadow", "action": "allow"}]}
	EOF
	chmod 755 . && chmod 644 ./*.json
	[ "$(check - <deny.json)" = '-: ok, 4 rules' ]
	run --separate-stderr check deny.json twice.json
	[ "$status" -eq 0 ]
	[ "$output" = $'deny.json: ok, 4 rules\ntwice.json: ok, 2 rules' ]
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == "twice.json:3:3: warning: rule 2 never decides;"*"rule 1 in line 2" ]]
	run --separate-stderr check --strict deny.json twice.json
	[ "$status" -eq 1 ]
	[ "$output" = 'deny.json: ok, 4 rules' ]
	echo '{"name": "a", "mode": "audit", "rules": [{"subject": "file", "pth": "/a"}]}' >wrong.json
	run --separate-stderr check wrong.json deny.json
	[ "$status" -eq 1 ]
	[ "$output" = 'deny.json: ok, 4 rules' ]
	[ "$stderr" = 'wrong.json:1:69: found key "pth", expected a known one; did you mean "path"?' ]
	run check
	[ "$status" -eq 2 ]
	run "$bin/reeve" policy nothing
	[ "$status" -eq 2 ]
	[[ $("$bin/reeve" policy help) == *"check [--strict] [--verbose] FILE..."* ]]
	[[ $(check --verbose deny.json) == *" states, "*" of 16384 bytes (small table), at most "* ]]
	jq -n '{name: "many", mode: "audit", rules: [range(1; 66) |
		{subject: "network", protocol: ., action: "deny"}]}' >many.json
	run --separate-stderr check many.json
	[ "$status" -eq 1 ]
	[[ $stderr == *"many.json: policy many, rule in line "*": more than 64 rules apply to one name"* ]]
}

@test "policy test: what would become of an act, and by which rule; as nobody, with no node" {
	try() {
		setpriv --reuid=nobody --clear-groups --regid=nogroup "$bin/reeve" policy test "$@"
	}
	is() {
		local want=$1 exit=$2
		shift 2
		run --separate-stderr try "$@"
		echo "$*: $status $output $stderr"
		[ "$status" -eq "$exit" ] && [ "$output" = "$want" ]
	}
	cat >web.json <<-EOF
		{"name": "web", "mode": "enforce", "defaults": {"kernel": "deny"}, "rules": [
		  {"subject": "file", "path": "/srv/**", "access": "read", "action": "allow"},
		  {"subject": "file", "path": "/srv/cache/**", "action": "allow",
		    "when": {"exec": "/usr/sbin/nginx", "children": true}},
		  {"subject": "file", "path": "/srv/**", "action": "deny", "reason": "read-only"},
		  {"subject": "network", "cidr": "10.0.0.0/8", "port": 443, "protocol": "tcp", "action": "deny"},
		  {"subject": "unix", "path": "@**", "action": "audit"},
		  {"subject": "capability", "capability": "sys_admin", "action": "deny"}]}
	EOF
	sed 's/enforce/audit/; s/"web"/"watch"/' web.json >watch.json
	chmod 755 . && chmod 644 ./*.json
	is 'denied EACCES: rule 3 of web, web.json:5: read-only' 1 web.json -- file read,write /srv/x
	is 'allowed: rule 1 of web, web.json:2' 0 web.json -- file read /srv/x
	is 'allowed: rule 2 of web, web.json:3' 0 --as /usr/sbin/nginx --as /bin/sh web.json -- file write /srv/cache/x
	is 'denied EACCES: rule 3 of web, web.json:5: read-only' 1 --as /bin/sh web.json -- file write /srv/cache/x
	is 'denied EACCES: rule 4 of web, web.json:6' 1 web.json -- connect '[::ffff:10.0.0.1]:443/tcp'
	is 'allowed: no rule' 0 web.json -- connect 10.0.0.1:443/udp
	is 'audited: rule 5 of web, web.json:7' 0 web.json -- send unix:@x
	is 'denied EPERM: rule 6 of web, web.json:8' 1 web.json -- capability CAP_SYS_ADMIN
	is 'would-deny: rule 6 of watch, watch.json:8' 0 watch.json -- capability sys_admin
	is 'denied EACCES: rule 9 of web, web.json:5: read-only' 1 watch.json web.json -- file delete /srv/x
	is 'denied EPERM: default of web' 1 web.json -- kernel mount
	is 'allowed: no rule' 0 web.json -- memory write-exec
	is '' 2 web.json -- connect 10.0.0.1:443x
	is '' 2 web.json -- exec /bin/../bin/sh
	is '' 2 web.json
	is '' 3 missing.json -- exec /bin/sh
	[ "$(try --json watch.json -- file write '/srv/a b' | jq -c '[.verdict, .policy, .rule, .line, .reason]')" = \
		'["would-deny","watch",3,5,"read-only"]' ]
	run try web.json -- - < <(printf 'file read /srv/a b\n--as /usr/sbin/nginx file write /srv/cache/x\nexec /bin/sh\n')
	[ "$status" -eq 0 ]
	[ "$output" = $'allowed: rule 1 of web, web.json:2\nallowed: rule 2 of web, web.json:3\nallowed: no rule' ]
	run try web.json -- - < <(yes 'file write /srv/x' | head -n 20000)
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 20000 ]
}

@test "run: signals reach the command, what it leaves behind is ended" {
	"$bin/reeve" run --output record -- sh -c 'trap "exit 9" TERM; touch up; while :; do sleep 0.1; done' &
	local pid=$! status=0
	retry 10 test -e up
	kill -TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" -eq 9 ]
	guarded -- sh -c 'sleep 12345 & echo started'
	run pgrep -f 'sleep 12345'
	[ "$status" -eq 1 ]
	[ ! -e /sys/fs/cgroup/reeve/run ]
}

@test "logs, ps, ledger: the same container by name, id and the beginning of it" {
	local id
	guarded --name cli-one -- true
	id=$("$bin/reeve" ps -a --json | jq -r '.[] | select(.name == "cli-one") | .id')
	[ -n "$id" ]
	"$bin/reeve" logs --json cli-one | cmp - record.json
	"$bin/reeve" logs --json -f "${id:0:12}" | cmp - record.json
	"$bin/reeve" logs "$id" | grep -q '#0 '
	"$bin/reeve" ledger cli-one | grep -q '^exact: yes'
	run "$bin/reeve" ledger no-such-container
	[ "$status" -eq 1 ]
	# a reader that has seen enough is no failure
	set -o pipefail
	"$bin/reeve" logs cli-one | head -n 1
}

@test "doctor: ready here, and tells what is missing elsewhere" {
	run "$bin/reeve" doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"reeve can run here"* ]]
	[ "$("$bin/reeve" doctor --json | jq -r '.ready, (.checks[] | select(.name == "bpf-lsm").status)')" = $'true\nok' ]
	# as many programs as the kernel has; those it has not, by name
	local events loaded
	events=$("$bin/reeve" doctor --json | jq -r '.checks[] | select(.name == "events").text')
	loaded=$(bpftool -j prog show | jq '[.[] | select((.name // "") | startswith("reeve_")) | select(.type != "syscall")] | length')
	[[ $events == "$loaded of "* ]]
	if [ -e /sys/kernel/btf/vmlinux ] && [[ $(uname -r) == 6.1.* ]]; then
		[[ $events == *"lsm/file_truncate (6.2)"* ]]
	fi
	run setpriv --reuid nobody "$bin/reeve" doctor
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"not ok  privileges"* ]]
	run unshare -m sh -c "umount -l /sys/fs/bpf; exec $bin/reeve doctor"
	[ "$status" -eq 1 ]
	[[ $output == *"mount -t bpf bpf /sys/fs/bpf"* ]]
}

@test "doctor: names where the hook is registered" {
	local dir=/usr/share/containers/oci/hooks.d
	mkdir -p "$dir"
	jq --arg path "$bin/reeve-hook" '.hook.path = $path' /reeve/deploy/hooks.d/reeve.json >"$dir/cli-test.json"
	run "$bin/reeve" doctor
	rm "$dir/cli-test.json"
	echo "$output"
	[[ $output == *"ok      registered    $dir/cli-test.json (createRuntime, poststop)"* ]]
}

@test "wrong usage is status 2 and says how" {
	local verb
	for verb in run logs ledger policy; do
		run "$bin/reeve" "$verb"
		[ "$status" -eq 2 ]
		[[ $output == "usage: reeve $verb"* ]]
	done
	run "$bin/reeve" logz
	[ "$status" -eq 2 ]
	run "$bin/reeve" help
	[ "$status" -eq 0 ]
	for verb in run ps logs ledger status policy doctor unload; do
		[[ $output == *"  $verb "* ]]
	done
}

@test "events: every kind with its hooks, scope, fields and first kernel; without privileges" {
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs "$bin/reeve" events
	[[ $output == *$'\nunlink\n'*"lsm/path_unlink (node, Linux 6.1)"* ]]
	setpriv --reuid=65534 --regid=65534 --clear-groups "$bin/reeve" events --json >table
	jq -e 'length > 50 and all(.[]; .kind and .doc and .profile and .cause and (.fields | type == "array")
		and all(.hooks[]; .attach and (.scope == "cgroup" or .scope == "node") and (.kernel | test("^[0-9]+[.]"))))' table
	# no hook: made by the counting program or the agent, and by nothing else
	[ "$(jq -r '[.[] | select(.hooks == []) | .kind] | sort | join(" ")' table)" = "checkpoint close policy repeat" ]
	run -2 "$bin/reeve" events --nonsense
	run -2 "$bin/reeve" events extra
}

@test "events: the schema in the docs is that of this build" {
	"$bin/reeve" events --schema | jq -S . >now
	jq -S . /reeve/docs/events.schema.json >then
	diff then now
}
