#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1; full: all
# policy.bats: a rule holds whatever the container does to its view of the path or the address, and
# what is recorded is what happened.

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

# tried ID SCRIPT: runs SCRIPT with policy p in force; its output is in $output.
tried() {
	container "$dir" --annotate io.reeve.policy p \
		--edit '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]' -- /bin/sh -c "$2"
	mkdir -p "$dir/rootfs/sub/etc" "$dir/rootfs/mnt"
	echo secret >"$dir/rootfs/etc/secret"
	echo secret >"$dir/rootfs/sub/etc/secret"
	ln -s /etc/secret "$dir/rootfs/link"
	run timeout 20 crun run -b "$dir" "$1" </dev/null
	echo "$output"
	await_end "$1"
	exact "$1"
}

@test "policy: an exact path, however it is reached" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/etc/secret","action":"deny","errno":"ENOENT"}]}'
	tried reached 'for p in /etc/secret /etc/../etc/./secret //etc//secret /link /proc/self/root/etc/secret; do /act open $p; echo $?; done; cd /etc; /act open secret; echo $?; /act create secret; echo $?; /act open /sub/etc/secret; echo $?'
	[ "$(echo "$output" | tr '\n' ' ')" = '2 2 2 2 2 2 2 0 ' ]
	[ "$(logs reached 'select(.verdict == "denied") | [.path, .error, .rule]' | sort -u)" = '["/etc/secret","ENOENT",1]' ]
	[ "$(logs reached 'select(.verdict == "denied")' | wc -l)" = 7 ]
}

@test "policy: after chroot the path is still the container's" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/sub/etc/secret","action":"deny"}]}'
	tried chrooted '/act chroot /sub /etc/secret; echo $?; /act chroot /sub/etc /secret; echo $?; /act chroot / /etc/secret; echo $?'
	[ "$(echo "$output" | tr '\n' ' ')" = '13 13 0 ' ]
	[ "$(logs chrooted 'select(.verdict == "denied") | [.path, .path_state]' | sort -u)" = '["/sub/etc/secret","ok"]' ]
}

@test "policy: our walk and d_path name the same files the same way" {
	policy p '{"name":"p","mode":"audit","rules":[{"subject":"file","path":"/none","action":"deny"}]}'
	# Every file once from the root (d_path) and once from a chroot (the walk): names must agree.
	tried walk 'mkdir -p /sub/a/b/c/d/e; echo >/sub/a/b/c/d/e/f; : >/sub/x; mkdir -p /sub/m; mount -t tmpfs t /sub/m; mkdir /sub/m/n; echo >/sub/m/n/o
		for p in /a/b/c/d/e/f /x /m/n/o; do /act open /sub$p; /act chroot /sub $p; /act chroot /sub/m /n/o; done; umount /sub/m'
	logs walk 'select(.kind == "open" and .process.comm == "act" and (.access == ["read"])) | [.path, .path_state]' | sort | uniq -c
	[ "$(logs walk 'select(.kind == "open" and .process.comm == "act" and (.access == ["read"])) | .path' | sort | uniq -c | tr -s ' ' | tr '\n' ',')" = ' 2 "/sub/a/b/c/d/e/f", 5 "/sub/m/n/o", 2 "/sub/x",' ]
}

@test "policy: a subtree, and its neighbour with the same beginning" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"file","path":"/sub/**","action":"deny"}]}'
	tried subtree 'echo >/subway; /act open /sub/etc/secret; echo $?; /act open /subway; echo $?; /act create /sub/new; echo $?; ls / >/dev/null; echo $?'
	[ "$(echo "$output" | tr '\n' ' ')" = '13 0 13 0 ' ]
}

@test "policy: audit mode says would-deny and lets it happen" {
	policy p '{"name":"p","mode":"audit","rules":[{"subject":"file","path":"/etc/secret","action":"deny"},{"subject":"exec","path":"/act","action":"deny"}]}'
	tried audit '/act open /etc/secret; echo $?'
	[ "$output" = 0 ]
	[ "$(logs audit 'select(.verdict == "would-deny") | [.kind, .path, .error]' | sort)" = '["exec","/act",null]
["open","/etc/secret",null]' ]
}

@test "policy: an address and port; IPv4 inside IPv6 is the same address; other ports are free" {
	policy p '{"name":"p","mode":"enforce","rules":[{"subject":"network","address":"127.0.0.1","port":81,"action":"deny"},{"subject":"network","address":"::1","port":82,"action":"deny"}]}'
	tried address '/act connect 127.0.0.1 81; echo $?; /act connect 127.0.0.1 80; echo $?; /act connect6 ::ffff:127.0.0.1 81; echo $?; /act connect6 ::1 82; echo $?; /act connect 127.0.0.2 81; echo $?'
	[ "$(echo "$output" | tr '\n' ' ')" = '13 111 13 13 111 ' ]
	[ "$(logs address 'select(.kind == "connect" and .verdict == "denied") | [.family, .faddr, .fport]' | sort -u)" = '["inet","127.0.0.1",81]
["inet6","::1",82]
["inet6","::ffff:127.0.0.1",81]' ]
}

@test "policy: deleted and anonymous files are named as such" {
	policy p '{"name":"p","mode":"audit","rules":[]}'
	tried deleted 'echo x >/tmp/gone; exec 3</tmp/gone; rm /tmp/gone; cat /proc/self/fd/3 >/dev/null'
	[ "$(logs deleted 'select(.kind == "open" and .path_state == "deleted") | .path')" = '"/tmp/gone"' ]
}

@test "policy: a signal's end, an exit code, hostile bytes in names" {
	policy p '{"name":"p","mode":"audit","rules":[]}'
	tried bytes '/act abort; f=$(printf "/tmp/a\033[31m\n\"x\377"); : >"$f"; exit 9'
	[ "$(logs bytes 'select(.kind == "exit" and .signal != null) | .signal')" = '"SIGABRT"' ]
	[ "$(logs bytes 'select(.kind == "exit" and .process.ns_pid == 1) | .code')" = 9 ]
	reeve logs bytes | grep -q '\\x1b'
	run grep -c $'\033' <(reeve logs bytes)
	[ "$output" = 0 ]
	[ "$(reeve logs bytes | wc -l)" = "$(reeve logs --json bytes | wc -l)" ]
}

@test "policy: one that cannot be read, compiled or found has the declared result" {
	local closed
	policy bad '{"name":"bad","mode":"enforce","rules":[{"subject":"file","path":"relative","action":"deny"}]}'
	for name in bad missing; do
		container "$dir" --annotate io.reeve.policy $name -- /bin/true
		run crun run -b "$dir" "open-$name" </dev/null
		[ "$status" -eq 0 ]
		closed=$(jq '.hooks.createRuntime[0].args += ["--fail", "closed"]' "$dir/config.json")
		echo "$closed" >"$dir/config.json"
		run crun run -b "$dir" "closed-$name" </dev/null
		echo "$output"
		[ "$status" -ne 0 ]
		in_syslog "closed-$name"
	done
	retry 20 no_agents
	[ -z "$(ls -A /sys/fs/bpf/reeve/c)" ]
}

@test "policy: one that is put in force while the container runs decides from then on, and is a record" {
	local init
	container "$dir" -- /bin/sleep 1000
	echo x >"$dir/rootfs/etc/secret"
	crun run -d -b "$dir" changed </dev/null >/dev/null
	crun exec changed /act open /etc/secret
	echo '{"name":"late","mode":"enforce","rules":[{"subject":"file","path":"/etc/secret","action":"deny"}]}' >"$BATS_TEST_TMPDIR/late.json"
	reeve policy apply changed "$BATS_TEST_TMPDIR/late.json"
	run crun exec changed /act open /etc/secret
	[ "$status" -eq 13 ]
	[ "$(reeve policy show --json changed | jq -r '.name')" = late ]
	crun kill changed KILL
	await_end changed
	exact changed
	[ "$(logs changed 'select(.kind == "policy") | [.policy_name, .old_version]')" = '["late",0]' ]
	[ "$(logs changed 'select(.kind == "open" and .path == "/etc/secret") | .verdict' | tr '\n' ' ')" = '"allowed" "denied" ' ]
}
