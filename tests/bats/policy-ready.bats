#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# policy-ready.bats: the policies of deploy/policies. Real programs work under them with no denial at all,
# and each attack of a list fails: by itself, with its errno and the record that says why. Each is tried
# without a policy as well, with every capability, so that nothing but the policy can have refused it.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	ready=/reeve/deploy/policies
	mkdir -p /etc/reeve/policies
	cp "$ready"/*.json /etc/reeve/policies/
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# every capability there is, and a /proc and /sys without the runtime's own protection
bare() {
	local caps
	caps=$(capsh --decode="$(awk '/CapBnd/ { print $2 }' /proc/self/status)" | cut -d= -f 2 | tr a-z, 'A-Z\n' | jq -R . | jq -sc .)
	printf '.process.capabilities |= map_values(%s) | del(.linux.maskedPaths, .linux.readonlyPaths, .linux.resources)
		| .linux.devices += [{path:"/dev/mem",type:"c",major:1,minor:1}]
		| .mounts |= map(if .destination == "/sys" then .options -= ["ro"] else . end)' "$caps"
}

# try ID POLICY TABLE: the acts of TABLE in a container ID, with or without ("") a policy. What came of
# them is in $dir/said. Every act has a file of its own name to work on.
try() {
	local id=$1 policy=$2 name rest
	rm -rf "$dir"
	container "$dir" ${policy:+--annotate io.reeve.policy "$policy"} --edit "$(bare)" -- /usr/sbin/nginx /attacks
	mkdir -p "$dir"/rootfs/{usr/{bin,sbin,lib},mnt,work,home/u/.ssh,run/secrets,var/www,etc/ssl/private}
	cp /reeve/build/tests/attack "$dir/rootfs/usr/sbin/nginx"
	cp /reeve/build/tests/attack "$dir/rootfs/usr/sbin/httpd"
	echo token | tee "$dir"/rootfs/{etc/shadow,run/secrets/token,home/u/.ssh/id,etc/ssl/private/key,var/www/index.html} >/dev/null
	: >"$dir/rootfs/attacks"
	while read -r name _ _ _ _ rest; do
		[ -n "$rest" ] || continue
		echo "$name $rest" >>"$dir/rootfs/attacks"
		touch "$dir/rootfs/usr/bin/$name" "$dir/rootfs/tmp/$name"
	done <<<"$3"
	run timeout 60 crun run -b "$dir" "$id" </dev/null
	printf '%s\n' "$output" >"$dir/said"
	await_end "$id"
	exact "$id"
}

# refused ID POLICY TABLE: rows of NAME, what becomes of it without a policy, what with it, the kind and
# rule of its record, the act. All of it is compared at once, and whatever differs is shown.
refused() {
	local id=$1 policy=$2 table=$3 rules expected=$BATS_TEST_TMPDIR/expected
	[ "$(grep -c . <<<"$table")" -gt 10 ]
	try "$id-free" "" "$table"
	awk 'NF { print $1, $2 }' <<<"$table" >"$expected"
	diff "$expected" "$dir/said" || { echo "without a policy, that is; see above"; false; }
	try "$id" "$policy" "$table"
	awk 'NF { print $1, $3 }' <<<"$table" >"$expected"
	diff "$expected" "$dir/said"
	rules=$(sed 's,^[[:blank:]]*//.*,,' "$ready/$policy.json" | jq -c '[.rules[].reason]')
	awk '$4 != "-" && NF { print $1, $4, $5 }' <<<"$table" |
		jq -Rr --argjson reasons "$rules" --arg policy "$policy" 'split(" ") |
			[.[0], .[1], $policy, .[2], $reasons[.[2] | tonumber - 1]] | join(" ")' | sort >"$expected"
	logs "$id" 'select(.verdict == "denied") | [.process.comm, .kind, .policy, (.rule | tostring), .reason] | join(" ")' -r |
		sort -u | diff "$expected" -
}

@test "ready: restricted, what it refuses" {
	refused restricted restricted "$(cat <<-'END'
		write 0 EACCES open 1 open w /usr/bin/write
		truncate 0 EACCES truncate 1 truncate /usr/bin/truncate
		open-truncate 0 EACCES open 1 open t /usr/bin/open-truncate
		create 0 EACCES create 1 open wc /usr/lib/new
		nameless 0 EACCES open 1 open T /usr/lib
		mkdir 0 EACCES create 1 mkdir /usr/lib/dir
		fifo 0 EACCES create 1 fifo /usr/lib/fifo
		symlink 0 EACCES symlink 1 symlink /tmp/x /usr/bin/new
		unlink 0 EACCES unlink 1 unlink /usr/bin/unlink
		rename-away 0 EACCES rename 1 rename /usr/bin/rename-away /tmp/a
		rename-over 0 EACCES rename 1 rename /tmp/rename-over /usr/bin/rename-over
		swap 0 EACCES rename 1 swap /tmp/swap /usr/bin/swap
		rename-dir 0 EACCES rename 1 rename /usr/lib /tmp/lib
		link 0 EACCES link 1 link /usr/bin/link /tmp/b
		set-id 0 EACCES chmod 1 chmod /usr/bin/set-id
		chown 0 EACCES chown 1 chown /usr/bin/chown
		by-root 0 EACCES open 1 open w /proc/self/root/usr/bin/by-root
		by-dots 0 EACCES open 1 open w /tmp/../usr/./bin//by-dots
		by-dir 0 EACCES open 1 open-below w /usr bin/by-dir
		by-fd 0 EACCES open 1 reopen w /usr/bin/by-fd
		by-link 0 EACCES open 1 open-by-link w /usr/bin/by-link
		by-ring 0 EACCES open 1 ring-open /usr/bin/by-ring
		busybox 0 EACCES open 1 open w /bin/busybox
		preload 0 EACCES create 2 open wc /etc/ld.so.preload
		core-pattern 0 EACCES open 3 open w /proc/sys/kernel/core_pattern
		sysfs 0 EACCES open 3 open w /sys/kernel/mm/transparent_hugepage/enabled
		sysrq 0 EACCES open 4 open w /proc/sysrq-trigger
		kcore 0 EACCES open 4 open r /proc/kcore
		own-mem 0 EACCES open 5 open b /proc/self/mem
		other-mem 0 EACCES open 5 mem-of w
		dev-mem 0 EACCES open 6 open r /dev/mem
		exec-memfd 0 EACCES exec 7 exec-memfd x
		memfd-script 0 EACCES exec 7 exec-memfd x #!/bin/true
		wx 0 EACCES mmap 8 wx
		x-anon 0 EACCES mmap 8 x-anon
		x-memfd 0 EACCES mmap 8 x-memfd
		wx-shared 0 EACCES mmap 8 wx-shared
		w-then-x 0 EACCES mprotect 8 w-then-x
		anon-later 0 EACCES mprotect 8 anon-later
		file-later 0 EACCES mprotect 8 file-later
		shared-later 0 EACCES mprotect 8 shared-later
		zero-later 0 EACCES mprotect 8 zero-later
		x-then-w 0 EACCES mprotect 8 x-then-w
		x-stack 0 EACCES mprotect 8 x-stack
		x-heap 0 EACCES mprotect 8 x-heap
		x-implied 0 EACCES mmap 8 x-implied
		x-segment 0 EACCES mmap 8 x-segment
		x-brk 0 0 - - x-brk
		bpf 0 EPERM bpf 9 bpf
		autoload EPROTONOSUPPORT EPROTONOSUPPORT module 9 socket 2 1 250
		mount 0 EPERM mount 10 mount x /mnt tmpfs
		bind-mount 0 EPERM mount 10 mount /usr /mnt none bind
		mount-proc 0 EPERM mount 10 mount x /mnt proc
		own-mount 0 EPERM capability 14 own-mount /mnt
		pivot EBUSY EPERM capability 14 pivot /
		attach 0 EPERM ptrace 11 attach
		traced 0 EPERM ptrace 11 traced
		vm-read 0 EPERM ptrace 11 vm-read
		vm-write 0 EPERM ptrace 11 vm-write
		read-mem 0 EACCES ptrace 11 mem-of r
		steal-fd 0 EPERM ptrace 11 steal-fd
		perf 0 EACCES capability 14 perf
		key 0 EPERM key 12 key
		log 0 EPERM capability 14 log
		umount 0 EPERM capability 14 umount /dev/mqueue
		fsopen 0 EPERM capability 14 fsopen tmpfs
		open-tree 0 EPERM capability 14 open-tree /usr
		move-mount EINVAL EPERM capability 14 move-mount /usr /mnt
		unshare 0 EPERM capability 14 unshare 0x20000
		hostname 0 EPERM capability 14 hostname x
		by-handle 0 EPERM capability 14 by-handle /usr
		clock 0 EPERM capability 14 clock
		module ENOEXEC EPERM capability 14 module
		kexec 0 EPERM capability 14 kexec
		reboot EINVAL EPERM capability 14 reboot
		raw-io 0 EPERM capability 14 raw-io
		nice 0 EACCES capability 14 nice
		raw 0 EPERM capability 14 socket 2 3 1
		packet 0 EPERM capability 14 socket 17 3 0
		disk-node 0 EPERM capability 14 mknod /tmp/disk
		xattr 0 EPERM capability 14 xattr /tmp/xattr
	END
	)"
}
