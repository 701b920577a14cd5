#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# hook-input.bats: whatever reeve-hook is given, it answers within 5 s with one line
# that says why and the declared result, and leaves nothing behind.
# shellcheck disable=SC2154,SC2030,SC2031,SC2217

load lib

setup() {
	requires reeve-hook crun jq
	bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle"
	echo '{}' >"$bundle/config.json"
	cg=/sys/fs/cgroup/hook-input
	mkdir -p "$cg"
}

teardown() {
	[ -z "${pid:-}" ] || kill -9 "$pid" 2>/dev/null || true
	rm -rf /etc/reeve
	retry 5 rmdir "$cg"
}

# start_init: a process in a cgroup of its own, as a runtime would have made; sets pid.
start_init() {
	sh -c "echo \$\$ >$cg/cgroup.procs && exec sleep 1000" </dev/null >/dev/null 2>&1 3>&- &
	pid=$!
	retry 5 grep -qx "$pid" "$cg/cgroup.procs"
}

# what reeve has on this host: agents, pins, run directories, cgroups
inventory() {
	pgrep -x reeve-agent || true
	find /sys/fs/bpf/reeve/c /run/reeve/c /sys/fs/cgroup/reeve/agents -mindepth 1 -maxdepth 1 \
		-type d 2>/dev/null || true
}

nothing_new() {
	[ "$(inventory)" = "$before" ]
}

# timed COMMAND...: says how long it took, unless a wrapper has said it of the hook in it.
timed() {
	local begin=${EPOCHREALTIME/./} rc=0
	"$@" || rc=$?
	[ -e "$BATS_TEST_TMPDIR/us" ] || echo $((${EPOCHREALTIME/./} - begin)) >"$BATS_TEST_TMPDIR/us"
	return "$rc"
}

# told MARK PATTERN FAIL: it is in the system's log, behind that line.
told() {
	[[ $(tail -n "+$(($1 + 1))" /var/log/messages) == *"reeve-hook["*"$2"*"(--fail $3)"* ]]
}

# refuses PATTERN COMMAND...: under both results, with stdin from the file "in"
refuses() {
	local pattern=$1 fail want mark us
	shift
	before=$(inventory)
	for fail in open closed; do
		[ $fail = open ] && want=0 || want=1
		mark=$(wc -l </var/log/messages)
		rm -f "$BATS_TEST_TMPDIR/us"
		run --separate-stderr timed "$@" --fail $fail <"$BATS_TEST_TMPDIR/in"
		us=$(<"$BATS_TEST_TMPDIR/us")
		echo "--fail $fail: status $status in $((us / 1000)) ms: $stderr"
		[ "$status" -eq "$want" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "reeve-hook: "*$pattern*"(--fail $fail)" ]]
		[ -z "$output" ]
		[ "$us" -lt 5000000 ]
		retry 10 told "$mark" "$pattern" $fail
	done
	retry 10 nothing_new
}

state() {
	printf '{"ociVersion":"1.0","id":"%s","pid":%s,"bundle":"%s","status":"creating"}' \
		"$1" "$2" "${3:-$bundle}" >"$BATS_TEST_TMPDIR/in"
}

bats_require_minimum_version 1.5.0

@test "hook: state that is empty, cut short, not JSON" {
	: >"$BATS_TEST_TMPDIR/in"
	refuses empty reeve-hook
	printf '{"id":"x","pid":' >"$BATS_TEST_TMPDIR/in"
	refuses "1:" reeve-hook
	printf 'hello\n' >"$BATS_TEST_TMPDIR/in"
	refuses "1:" reeve-hook
	printf '[]' >"$BATS_TEST_TMPDIR/in"
	refuses "expected an object" reeve-hook
}

@test "hook: state that is huge, deeply nested, not UTF-8" {
	state x 1
	head -c 34000000 /dev/zero | tr '\0' ' ' >>"$BATS_TEST_TMPDIR/in"
	refuses "longer than" reeve-hook
	head -c 500000 /dev/zero | tr '\0' '[' >"$BATS_TEST_TMPDIR/in"
	refuses "one more level of nesting" reeve-hook
	printf '{"id":"\xff\xfe","pid":1}' >"$BATS_TEST_TMPDIR/in"
	refuses "\"id\" is missing" reeve-hook
}

@test "hook: a writer of 34 MiB, which is too much, is read to its end" {
	run bash -o pipefail -c "head -c 36000000 /dev/zero | reeve-hook"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "hook: pid missing, 0, dead, of a type that is none" {
	printf '{"id":"x","bundle":"%s"}' "$bundle" >"$BATS_TEST_TMPDIR/in"
	refuses 'no "pid"' reeve-hook
	state x 0
	refuses "pid 0" reeve-hook
	sh -c 'exit 0' &
	dead=$!
	wait $dead
	state x $dead
	refuses "no process $dead" reeve-hook
	state x '"1"'
	refuses "not a process id" reeve-hook
	state x -1
	refuses "not a process id" reeve-hook
}

@test "hook: a zombie is not taken for a container's init" {
	# its parent has become a sleep that never waits for it
	bash -c 'sh -c "exit 0" & echo $! >"$1"; exec sleep 1000' _ "$BATS_TEST_TMPDIR/zombie" \
		</dev/null >/dev/null 2>&1 3>&- &
	pid=$!
	retry 5 test -s "$BATS_TEST_TMPDIR/zombie"
	zombie=$(<"$BATS_TEST_TMPDIR/zombie")
	retry 5 grep -q '^State:.*Z' "/proc/$zombie/status"
	state x "$zombie"
	refuses "is gone" reeve-hook
}

@test "hook: id that could be a path, or is missing" {
	start_init
	state ../x "$pid"
	refuses '"id"' reeve-hook
	printf '{"pid":%s,"bundle":"%s"}' "$pid" "$bundle" >"$BATS_TEST_TMPDIR/in"
	refuses '"id"' reeve-hook
}

@test "hook: bundle that is not there, or cannot be read" {
	start_init
	state x "$pid" /nonexistent
	refuses "cannot read /nonexistent/config.json" reeve-hook
	rm "$bundle/config.json"
	state x "$pid"
	refuses "cannot read" reeve-hook
	state x "$pid" relative
	refuses '"bundle"' reeve-hook
}

@test "hook: policy that is no name, or does not exist" {
	start_init
	state x "$pid"
	refuses "nosuch.json cannot be read" reeve-hook --policy nosuch
	refuses "policy name" reeve-hook --policy 'a b'
	refuses "/nonexistent.json cannot be read" reeve-hook --policy /nonexistent.json
}

@test "hook: an annotation's mistake never lifts the host's own policy" {
	local value
	start_init
	mkdir -p /etc/reeve/policies
	echo '{"name":"host","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}' \
		>/etc/reeve/policies/default.json
	echo '{"name":"half","mode":"enforce","rules":' >/etc/reeve/policies/half.json
	for value in '"../../etc/passwd"' '"missing"' '"half"' 5; do
		state x "$pid"
		jq -c ".annotations = {\"io.reeve.policy\": $value}" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/in2"
		run reeve-hook --fail closed <"$BATS_TEST_TMPDIR/in2"
		echo "$value: $output"
		[ "$status" -eq 1 ]
		run reeve-hook --fail open <"$BATS_TEST_TMPDIR/in2"
		echo "$value: $output"
		[ "$status" -eq 0 ]
		[[ $output == *"guarded without the policy its annotation names"* ]]
		retry 5 host_policy_holds
		kill -9 "$pid"
		retry 5 gone
		start_init
	done
}
host_policy_holds() {
	[ "$(reeve ps --json | jq -r '.[] | select(.id == "x" and .state != "ended") | .policy')" = host ]
}
gone() {
	! pgrep -x reeve-agent
}

@test "hook: arguments it does not know" {
	start_init
	state x "$pid"
	refuses "--nope" reeve-hook --nope
	refuses "startContainer" reeve-hook startContainer
}

@test "hook: stdin that never ends, silent or not, costs less than 5 s" {
	local begin
	for cmd in 'sleep 20' 'yes'; do
		begin=${EPOCHREALTIME/./}
		run timeout 10 bash -c "reeve-hook --fail closed < <(exec $cmd 2>/dev/null)"
		echo "$cmd: $status: $output"
		[ "$status" -eq 1 ]
		[ $((${EPOCHREALTIME/./} - begin)) -lt 5000000 ]
	done
}

@test "hook: standard fds that are closed" {
	run bash -c 'reeve-hook --fail closed <&- >&- 2>&-'
	[ "$status" -eq 1 ]
}

@test "hook: root cgroup, and a cgroup shared with the caller" {
	sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	pid=$!
	state x "$pid"
	refuses "holds the runtime as well" reeve-hook
	# A cgroup that gives controllers to children takes no process, except kernel threads.
	state x 2
	refuses "root cgroup" reeve-hook
}

@test "hook: host with cgroup v1 alone, a hybrid, or nothing there" {
	start_init
	state x "$pid"
	cat >"$BATS_TEST_TMPDIR/other" <<-'EOF'
		#!/bin/bash
		set -e
		umount -l /sys/fs/cgroup
		case $1 in
		v1) mount -t tmpfs t /sys/fs/cgroup ;;
		hybrid) mount -t tmpfs t /sys/fs/cgroup; mkdir /sys/fs/cgroup/unified
			mount -t cgroup2 c /sys/fs/cgroup/unified ;;
		none) ;;
		esac
		shift
		exec reeve-hook "$@"
	EOF
	chmod +x "$BATS_TEST_TMPDIR/other"
	refuses "only cgroup v1" unshare -m "$BATS_TEST_TMPDIR/other" v1
	refuses "hybrid" unshare -m "$BATS_TEST_TMPDIR/other" hybrid
	refuses "no cgroup file system" unshare -m "$BATS_TEST_TMPDIR/other" none
}

@test "hook: no BPF LSM, no securityfs, no bpffs" {
	start_init
	state x "$pid"
	cat >"$BATS_TEST_TMPDIR/other" <<-'EOF'
		#!/bin/bash
		set -e
		case $1 in
		lsm) echo lockdown,capability,apparmor >/tmp/lsm.$$
			mount --bind /tmp/lsm.$$ /sys/kernel/security/lsm; rm /tmp/lsm.$$ ;;
		securityfs) umount -l /sys/kernel/security; mount -t tmpfs nobody /proc/1 ;; # init has it, too
		bpffs) umount -l /sys/fs/bpf ;;
		esac
		shift
		exec reeve-hook "$@"
	EOF
	chmod +x "$BATS_TEST_TMPDIR/other"
	refuses "lsm=lockdown,capability,apparmor,bpf" unshare -m "$BATS_TEST_TMPDIR/other" lsm
	refuses "securityfs is not mounted" unshare -m "$BATS_TEST_TMPDIR/other" securityfs
	refuses "bpffs is not mounted" unshare -m "$BATS_TEST_TMPDIR/other" bpffs
}

@test "hook: a rootless caller, by uid and in a user namespace" {
	start_init
	chmod 755 "$BATS_TEST_TMPDIR" "$bundle"
	state x "$pid" /etc
	cp "$bundle/config.json" /etc/config.json
	refuses "rootless" setpriv --reuid 65534 --clear-groups reeve-hook
	refuses "rootless" unshare -U -r reeve-hook
	rm /etc/config.json
}

# stand_in NAME BODY: reeve-hook beside another reeve-agent or reeve-load
stand_in() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cp "$(type -P reeve-hook)" "$BATS_TEST_TMPDIR/bin/"
	printf '#!/bin/bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

@test "hook: an agent that is missing, fails, ends without a word, babbles, says nothing" {
	start_init
	state x "$pid"
	hook=$BATS_TEST_TMPDIR/bin/reeve-hook
	reeve-load
	stand_in reeve-agent 'echo "error: no slot is free" >&3'
	refuses "agent: no slot is free" "$hook"
	stand_in reeve-agent 'exit 0'
	refuses "ended before it was ready" "$hook"
	stand_in reeve-agent 'exec head -c 100000 /dev/zero >&3'
	refuses "cannot read what the agent says" "$hook"
	stand_in reeve-agent 'exec sleep 77'
	refuses "was not ready within" "$hook"
	retry 10 sh -c '! pgrep -fx "sleep 77"'
	rm "$BATS_TEST_TMPDIR/bin/reeve-agent"
	refuses "cannot run $BATS_TEST_TMPDIR/bin/reeve-agent" "$hook"
}

@test "hook: a loader that fails, or is late" {
	start_init
	state x "$pid"
	hook=$BATS_TEST_TMPDIR/bin/reeve-hook
	cat >"$BATS_TEST_TMPDIR/fresh" <<-EOF
		#!/bin/bash
		mount -t bpf bpf /sys/fs/bpf
		begin=\${EPOCHREALTIME/./}
		$hook "\$@"
		rc=\$?
		echo \$((\${EPOCHREALTIME/./} - begin)) >$BATS_TEST_TMPDIR/us
		exit \$rc
	EOF
	chmod +x "$BATS_TEST_TMPDIR/fresh"
	stand_in reeve-load 'echo "reeve-load: the verifier says no" >&2; exit 1'
	refuses "the verifier says no" unshare -m "$BATS_TEST_TMPDIR/fresh"
	stand_in reeve-load 'exec sleep 8'
	refuses "still loading" unshare -m "$BATS_TEST_TMPDIR/fresh"
	rm "$BATS_TEST_TMPDIR/bin/reeve-load"
	refuses "cannot run $BATS_TEST_TMPDIR/bin/reeve-load" unshare -m "$BATS_TEST_TMPDIR/fresh"
}

@test "hook: poststop, and a state that says stopped, are nothing to do" {
	echo '{' >"$BATS_TEST_TMPDIR/in"
	run reeve-hook --fail closed poststop <"$BATS_TEST_TMPDIR/in"
	[ "$status" -eq 0 ] && [ -z "$output" ]
	printf '{"id":"x","pid":0,"status":"stopped","bundle":"/gone"}' >"$BATS_TEST_TMPDIR/in"
	run reeve-hook --fail closed <"$BATS_TEST_TMPDIR/in"
	[ "$status" -eq 0 ] && [ -z "$output" ]
}

@test "hook: unknown keys are fine; the agent serves, once, and leaves with the container" {
	start_init
	before=$(inventory)
	printf '{"id":"unknown-keys","pid":%s,"bundle":"%s","future":{"a":[1,null]},"":0}' \
		"$pid" "$bundle" >"$BATS_TEST_TMPDIR/in"
	run reeve-hook --fail closed <"$BATS_TEST_TMPDIR/in"
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	agents=$(pgrep -cx reeve-agent)
	run reeve-hook --fail closed prestart <"$BATS_TEST_TMPDIR/in"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(pgrep -cx reeve-agent)" -eq "$agents" ]
	agent=$(pgrep -nx reeve-agent)
	ls -l "/proc/$agent/fd"
	[ "$(readlink "/proc/$agent/fd/0")" = /dev/null ]
	[ "$(readlink "/proc/$agent/fd/1")" = /dev/null ]
	[ "$(readlink "/proc/$agent/fd/2")" = /dev/null ]
	[ "$(readlink "/proc/$agent/cwd")" = / ]
	[ "$(awk '{print $6}' "/proc/$agent/stat")" != "$(awk '{print $6}' /proc/$$/stat)" ]
	tr '\0' '\n' <"/proc/$agent/environ" | { ! grep -v '^PATH='; }
	kill -9 "$pid"
	wait "$pid" || true
	retry 3 nothing_new
}

@test "hook: fail closed stops crun and runc, fail open lets the container run" {
	local rt
	for rt in crun runc; do
		RUNTIME=$rt make_bundle "$bundle" --hook createRuntime /usr/local/bin/reeve-hook \
			--annotate io.reeve.policy nosuch -- echo it runs
		run $rt run -b "$bundle" hook-open
		echo "$rt: $output"
		[ "$status" -eq 0 ]
		[[ $output == *"it runs"* ]]
		jq '.hooks.createRuntime[0].args += ["--fail", "closed"]' "$bundle/config.json" \
			>"$bundle/new"
		mv "$bundle/new" "$bundle/config.json"
		run $rt run -b "$bundle" hook-closed
		echo "$rt: $output"
		[ "$status" -ne 0 ]
		[[ $output != *"it runs"* ]]
		$rt delete -f hook-closed 2>/dev/null || true
	done
}
