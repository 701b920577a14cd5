#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# Security tags where no program may read a file's attributes: said so, and nothing else is amiss.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

@test "tags: a kernel that does not let them be read says so, and records the rest" {
	run reeve doctor
	[[ $output == *" tags "*"no program read files' attributes"* ]]
	container "$dir" -- /bin/cat /etc/passwd
	crun run -b "$dir" untagged
	await_end untagged
	[ "$(logs untagged 'select(.kind == "open" and .path == "/etc/passwd") | [.tag, .tag_source]')" = '[null,null]' ]
	complete untagged
}

@test "tags: set and shown on the host all the same" {
	modprobe loop
	mkdir -p "$BATS_TEST_TMPDIR/fs"
	cp --sparse=always /reeve/build/tests/ext4.img "$BATS_TEST_TMPDIR/disk"
	mount -o loop "$BATS_TEST_TMPDIR/disk" "$BATS_TEST_TMPDIR/fs"
	touch "$BATS_TEST_TMPDIR/fs/f"
	run reeve tag set "$BATS_TEST_TMPDIR/fs/f" secret
	[ "$status" = 0 ]
	[ "$(getfattr --only-values -n user.reeve.tag "$BATS_TEST_TMPDIR/fs/f")" = secret ]
	run reeve tag get "$BATS_TEST_TMPDIR/fs/f"
	umount "$BATS_TEST_TMPDIR/fs"
	[[ $output == *user.reeve.tag*secret* ]]
}

@test "tags: a policy with rules about them is refused with the reason, at the start and when applied" {
	local why='policy p, rule in line 2: this kernel (6.1.'
	policy p '{"name":"p","mode":"enforce","rules":[
		{"subject":"exec","tag":"bad","action":"deny"}]}'
	policy plain '{"name":"plain","mode":"enforce","rules":[{"subject":"file","path":"/etc/passwd","action":"deny"}]}'
	reeve policy check /etc/reeve/policies/p.json
	run reeve policy test /etc/reeve/policies/p.json -- exec /bin/x tag=bad
	[ "$status" = 1 ]
	container "$dir" --annotate io.reeve.policy p -- /bin/true
	crun run -b "$dir" tag-open </dev/null
	retry 20 grep -F "$why" /var/log/messages
	: >/var/log/messages
	jq '.hooks.createRuntime[0].args += ["--fail", "closed"]' "$dir/config.json" >"$dir/closed.json"
	mv "$dir/closed.json" "$dir/config.json"
	run crun run -b "$dir" tag-closed </dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	retry 20 grep -F "$why" /var/log/messages
	container "$dir" --annotate io.reeve.policy plain -- /bin/sleep 1000
	crun run -d -b "$dir" tag-refused </dev/null >/dev/null
	run reeve policy apply tag-refused /etc/reeve/policies/p.json
	echo "$output"
	[ "$status" = 1 ] && [[ $output == *"$why"*bpf_get_file_xattr* ]]
	run crun exec tag-refused /act open /etc/passwd
	[ "$status" = 13 ]
	crun delete -f tag-refused
	rm -rf /etc/reeve
}
