#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# runc.bats: reeve-runc in front of crun and runc: a container of a bundle that knows nothing of reeve is
# guarded, its bundle differs by our hook alone, other verbs pass, and odd bundles are told.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	mkdir -p /etc/reeve
}

teardown() {
	for rt in crun runc; do
		$rt list -q 2>/dev/null | xargs -r -n 1 $rt delete -f
	done
	rm -rf /etc/reeve
}

# stands_for RUNTIME [JSON_MEMBER]...: what reeve-runc is.
stands_for() {
	local runtime
	runtime=$(type -p "$1")
	shift
	printf '%s\n' "{ // the real one" "\"runtime\": \"$runtime\"" "${@/#/, }" "}" >/etc/reeve/runc.json
}

# only_the_hook_is_new BEFORE AFTER: the rest is there byte for byte, in one piece before and one behind it.
only_the_hook_is_new() {
	python3 -I -S - "$1" "$2" <<-'EOF'
		import json, sys
		before, after = (open(f, 'rb').read() for f in sys.argv[1:])
		same = next(i for i in range(len(after)) if before[i:i + 1] != after[i:i + 1])
		added = len(after) - len(before)
		assert added > 0 and after[same + added:] == before[same:], 'more than an insertion'
		was, now = (json.loads(b) for b in (before, after))
		hook = now['hooks']['createRuntime'].pop(0)
		assert hook['path'] == '/usr/local/bin/reeve-hook', hook
		assert now['hooks'] == was['hooks'], now['hooks']
	EOF
}

@test "runc: a bundle without our hook is guarded under crun and runc, by create and by run" {
	local rt id
	for rt in crun runc; do
		stands_for "$rt"
		RUNTIME=$rt
		# Hooks of its own run as before: what they are told lies in the file.
		make_bundle "$dir-$rt" --hook createRuntime /bin/busybox --hook poststart /bin/true -- /bin/sh -c 'exit 3'
		jq -c '.hooks.createRuntime[0].args = ["tee", $f]' --arg f "$BATS_TEST_TMPDIR/state-$rt" \
			"$dir-$rt/config.json" >"$dir-$rt/config.new"
		mv "$dir-$rt/config.new" "$dir-$rt/config.json"
		chmod 640 "$dir-$rt/config.json"
		chown 0:reeve "$dir-$rt/config.json"
		cp -p "$dir-$rt/config.json" "$BATS_TEST_TMPDIR/before"
		id=wrap-$rt-run
		run timeout 30 reeve-runc run --bundle "$dir-$rt" "$id" </dev/null
		echo "$output"
		[ "$status" -eq 3 ]
		retry 10 complete "$id"
		logs "$id" 'select(.kind == "exit" and .process.ns_pid == 1) | .code' | grep -x 3
		[ "$(jq -r .id "$BATS_TEST_TMPDIR/state-$rt")" = "$id" ]
		only_the_hook_is_new "$BATS_TEST_TMPDIR/before" "$dir-$rt/config.json"
		[ "$(stat -c %a:%U:%G "$dir-$rt/config.json")" = 640:root:reeve ]
		[ "$(ls -A "$dir-$rt" | sort | xargs)" = "config.json rootfs" ]
		# Its hook is there already: the same file, by the place the shell is in, and in the old way of create.
		cp -p "$dir-$rt/config.json" "$BATS_TEST_TMPDIR/once"
		id=wrap-$rt-create
		retry 20 no_agents
		(cd "$dir-$rt" && reeve-runc create "$id" </dev/null >/dev/null 2>&1 3>&- 4>&-)
		cmp "$BATS_TEST_TMPDIR/once" "$dir-$rt/config.json"
		[ "$(agents)" -eq 1 ]
		[ "$(reeve-runc state "$id" | jq -r .id)" = "$id" ]
		reeve-runc start "$id" 3>&- 4>&-
		retry 10 complete "$id"
		reeve-runc delete -f "$id"
		retry 20 no_agents
	done
}

@test "runc: every other verb, and every option, reaches the runtime as it was" {
	cat >"$BATS_TEST_TMPDIR/said" <<-EOF
		#!/bin/sh
		printf '<%s>' "\$0" "\$@"
		exit 7
	EOF
	chmod +x "$BATS_TEST_TMPDIR/said"
	echo "{\"runtime\": \"$BATS_TEST_TMPDIR/said\"}" >/etc/reeve/runc.json
	make_bundle "$dir" -- /bin/true
	cp "$dir/config.json" "$BATS_TEST_TMPDIR/before"
	run reeve-runc --root '/a b' -x "" exec --bundle "$dir" $'c\n' -- sh -c 'a "b"'
	[ "$status" -eq 7 ]
	[ "$output" = "<$BATS_TEST_TMPDIR/said><--root></a b><-x><><exec><--bundle><$dir><c"$'\n'"><--><sh><-c><a \"b\">" ]
	for verb in start delete state kill restore update --version; do
		run reeve-runc $verb --bundle "$dir" x
		[ "$status" -eq 7 ]
	done
	cmp "$dir/config.json" "$BATS_TEST_TMPDIR/before"
	# No configuration: the real runc of this image.
	rm /etc/reeve/runc.json
	reeve-runc --version | grep '^runc version'
}

@test "runc: an odd bundle is told, and started as --fail says; a broken configuration is told with its place" {
	local log=$BATS_TEST_TMPDIR/log.json
	stands_for crun
	make_bundle "$dir" -- /bin/true
	cp "$dir/config.json" "$BATS_TEST_TMPDIR/good"
	# The runtime's own business: no file.
	rm "$dir/config.json"
	run reeve-runc run -b "$dir" wrap-none
	[ "$status" -ne 0 ] && [[ $output != *reeve-runc* ]]
	# Open: it runs unguarded, and that is said.
	ln -s "$BATS_TEST_TMPDIR/good" "$dir/config.json"
	run reeve-runc --log "$log" --log-format json run -b "$dir" wrap-open
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"$dir/config.json: it is a symbolic link"*"starts unguarded"* ]]
	jq -es '.[0].level == "warning" and (.[0].msg | contains("symbolic link"))' "$log"
	in_syslog 'reeve-runc.*symbolic link'
	cmp "$BATS_TEST_TMPDIR/good" "$dir/config.json"
	# Closed: it does not, and the engine is told.
	stands_for crun '"fail": "closed"'
	run reeve-runc --log "$log" --log-format json create -b "$dir" wrap-closed
	[ "$status" -eq 1 ]
	[[ $output == *"the container is not made"* ]]
	jq -es 'last.level == "error"' "$log"
	! crun state wrap-closed
	# The hook itself is not there.
	stands_for crun '"fail": "closed"' '"hook": ["/opt/none/reeve-hook"]'
	rm "$dir/config.json"
	cp "$BATS_TEST_TMPDIR/good" "$dir/config.json"
	run reeve-runc run -b "$dir" wrap-nohook
	[ "$status" -eq 1 ]
	[[ $output == *"/opt/none/reeve-hook is no program"* ]]
	cmp "$BATS_TEST_TMPDIR/good" "$dir/config.json"
	# Its own configuration.
	echo '{"runtime": "crun"}' >/etc/reeve/runc.json
	run reeve-runc list
	[ "$status" -eq 1 ]
	[[ $output == *"/etc/reeve/runc.json:1:13: expected the absolute path"* ]]
	echo "{\"runtime\": \"$(type -p reeve-runc)\"}" >/etc/reeve/runc.json
	run timeout 10 reeve-runc list
	[ "$status" -eq 1 ]
	[[ $output == *"is this wrapper itself"* ]]
}
