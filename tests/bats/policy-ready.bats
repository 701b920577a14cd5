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
	container "$dir" ${policy:+--annotate io.reeve.policy "$policy"} --edit "$(bare)" -- /usr/sbin/nginx /tmp/attacks
	mkdir -p "$dir"/rootfs/{usr/{bin,sbin,lib},mnt,work,home/u/.ssh,run/secrets,var/www,etc/ssl/private}
	cp /reeve/build/tests/attack "$dir/rootfs/usr/sbin/nginx"
	cp /reeve/build/tests/attack "$dir/rootfs/usr/sbin/httpd"
	echo token | tee "$dir"/rootfs/{etc/shadow,run/secrets/token,home/u/.ssh/id,etc/ssl/private/key,var/www/index.html} >/dev/null
	: >"$dir/rootfs/tmp/attacks"
	while read -r name _ _ _ _ rest; do
		[ -n "$rest" ] || continue
		echo "$name $rest" >>"$dir/rootfs/tmp/attacks"
		touch "$dir/rootfs/usr/bin/$name" "$dir/rootfs/tmp/$name"
	done <<<"$3"
	run timeout 60 crun run -b "$dir" "$id" </dev/null
	printf '%s\n' "$output" >"$dir/said"
	await_end "$id"
	exact "$id"
}

# refused ID POLICY TABLE: rows of NAME, what becomes of it without a policy, what with it, the kind and
# rule of its record (0: none, it is what cannot be told), the act. All of it is compared at once, and
# whatever differs is shown.
refused() {
	local id=$1 policy=$2 table=$3 rules expected=$BATS_TEST_TMPDIR/expected
	rules=$(sed 's,^[[:blank:]]*//.*,,' "$ready/$policy.json" | jq -c '[.rules[].reason]')
	[ "$(grep -c . <<<"$table")" -gt 10 ]
	# 6.1 asks bpf(2) for the capability first; the last rule is about those
	[[ $(uname -r) != 6.1.* ]] || table=$(sed "s/^\([[:blank:]]*bpf 0 EPERM\) bpf [0-9]*/\1 capability $(jq length <<<"$rules")/" <<<"$table")
	try "$id-free" "" "$table"
	awk 'NF { print $1, $2 }' <<<"$table" >"$expected"
	diff "$expected" "$dir/said" || { echo "without a policy, that is; see above"; false; }
	try "$id" "$policy" "$table"
	awk 'NF { print $1, $3 }' <<<"$table" >"$expected"
	diff "$expected" "$dir/said"
	awk '$4 != "-" && NF { print $1, $4, $5 }' <<<"$table" |
		jq -Rr --argjson reasons "$rules" --arg policy "$policy" 'split(" ") |
			(.[2] | tonumber) as $rule |
			[.[0], .[1], if $rule > 0 then $policy, .[2], $reasons[$rule - 1] else "none" end] | join(" ")' | sort >"$expected"
	logs "$id" 'select(.verdict == "denied") |
			[.process.comm, .kind, if .rule then .policy, (.rule | tostring), .reason else "none" end] | join(" ")' -r |
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
		by-chroot 0 EACCES open 1 open-in-chroot /usr w /bin/by-chroot
		by-process 0 EACCES open 1 open w /proc/1/root/usr/bin/by-process
		by-no-name 0 EACCES link 1 name-nameless /usr/bin/new-tool
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
		memfd-path 0 EACCES exec 7 exec-memfd-path x
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
		own-net 0 EPERM capability 14 unshare 0x50000000
		own-user 0 0 - - unshare 0x10000000
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

# bats test_tags=full
@test "ready: web-server, what it refuses to a server that is not itself any more" {
	refused web web-server "$(cat <<-'END'
		key 0 0 - - open r /etc/ssl/private/key
		temporary 0 0 - - open wc /tmp/new
		answer 0 0 - - bind 0.0.0.0 80
		shell 0 EACCES exec 2 exec /bin/busybox true
		by-root 0 EACCES exec 2 exec /proc/self/root/bin/busybox true
		memfd 0 EACCES exec 2 exec-memfd nginx
		memfd-path 0 EACCES exec 2 exec-memfd-path ../usr/sbin/nginx
		gone 0 EACCES exec 2 exec-gone /tmp/gone-tool
		dropped 0 EACCES exec 2 exec-written /tmp/evil
		script 0 EACCES exec 2 exec-written /tmp/evil.sh #!/bin/true
		disguised 0 EACCES exec 2 exec-link /bin/busybox /tmp/true
		wx 0 EACCES mmap 3 wx
		x-memfd 0 EACCES mmap 3 x-memfd
		file-later 0 EACCES mprotect 3 file-later
		httpd 0 EACCES open 5 exec /usr/sbin/httpd do open r /etc/ssl/private/key
		key-change 0 EACCES open 5 open w /etc/ssl/private/key
		key-link 0 EACCES link 5 link /etc/ssl/private/key /tmp/stolen-key
		key-rename 0 EACCES rename 5 rename /etc/ssl/private /tmp/private
		shadow 0 EACCES open 14 open r /etc/shadow
		shadow-root 0 EACCES open 14 open r /proc/self/root/etc/shadow
		shadow-dots 0 EACCES open 14 open r /var/www/../../etc/shadow
		shadow-dir 0 EACCES open 14 open-below r /etc shadow
		shadow-fd 0 EACCES open 14 reopen r /etc/shadow
		shadow-symlink 0 EACCES open 14 open-by-link r /etc/shadow
		shadow-link 0 EACCES link 14 link /etc/shadow /tmp/stolen-shadow
		shadow-rename 0 EACCES rename 14 rename /etc/shadow /tmp/moved
		token 0 EACCES open 14 open r /run/secrets/token
		ssh 0 EACCES open 14 open r /home/u/.ssh/id
		environ 0 EACCES open 14 open r /proc/1/environ
		own-mem 0 EACCES open 14 open b /proc/self/mem
		list 0 EACCES open 14 open r /
		deface 0 EACCES open 14 open w /var/www/index.html
		deface-ring 0 EACCES open 14 ring-open /var/www/index.html
		deface-rename 0 EACCES rename 14 rename /tmp/deface-rename /var/www/index.html
		upload 0 EACCES create 14 open wc /var/www/shell.php
		replace 0 EACCES rename 14 rename /tmp/replace /usr/sbin/httpd
		preload 0 EACCES create 14 open wc /etc/ld.so.preload
		tcp ENETUNREACH EACCES connect 18 connect 10.9.9.9 80
		loopback 0 EACCES connect 18 connect 127.0.0.1 9
		loopback6 0 EACCES connect 18 connect ::1 9
		mapped 0 EACCES connect 18 connect ::ffff:127.0.0.1 9
		udp 0 EACCES send 18 send 127.0.0.1 53
		fastopen 0 EACCES send 18 fastopen 127.0.0.1 9
		door 0 EACCES bind 18 bind 0.0.0.0 4444
		door6 0 EACCES bind 18 bind :: 4444
		docker ENOENT EACCES connect 20 unix c /run/docker.sock
		abstract ECONNREFUSED EACCES connect 20 unix c @x
		relative ENOENT EACCES connect 0 unix c run/docker.sock
		socket-file 0 EACCES bind 20 unix b /tmp/socket
		bpf 0 EPERM bpf 21 bpf
		mount 0 EPERM mount 22 mount x /mnt tmpfs
		bind-mount 0 EPERM mount 22 mount /etc /tmp none bind
		attach 0 EPERM ptrace 23 attach
		vm-write 0 EPERM ptrace 23 vm-write
		key-ring 0 EPERM key 24 key
		own-mount 0 EPERM capability 26 own-mount /mnt
		chroot 0 EPERM capability 26 chroot /mnt
		by-handle 0 EPERM capability 26 by-handle /var/www
		raw 0 EPERM capability 26 socket 2 3 1
		disk-node 0 EPERM capability 26 mknod /tmp/disk
		module ENOEXEC EPERM capability 26 module
	END
	)"
}

# bats test_tags=full
@test "ready: ci-build, what it refuses to a job that wants more than to build" {
	refused ci ci-build "$(cat <<-'END'
		own-file 0 0 - - open wc /work/new
		read 0 0 - - open r /etc/passwd
		listen 0 0 - - bind 127.0.0.1 8000
		itself 0 0 - - connect 127.0.0.1 9
		run-own 0 0 - - exec-written /work/tool
		memfd 0 EACCES exec 1 exec-memfd x
		wx 0 EACCES mmap 2 wx
		shared-later 0 EACCES mprotect 2 shared-later
		ssh 0 EACCES open 3 open r /home/u/.ssh/id
		ssh-list 0 EACCES open 3 open r /home/u/.ssh
		ssh-new 0 EACCES create 3 open wc /home/u/.ssh/authorized-keys
		ssh-link 0 EACCES link 3 link /home/u/.ssh/id /work/id
		ssh-rename 0 EACCES rename 3 rename /home/u/.ssh /work/ssh
		netrc 0 EACCES create 4 open wc /root/.netrc
		token 0 EACCES open 5 open r /run/secrets/token
		shadow-fd 0 EACCES open 5 reopen r /etc/shadow
		compiler 0 EACCES open 8 open w /usr/bin/compiler
		compiler-new 0 EACCES create 8 open wc /usr/bin/cc
		compiler-over 0 EACCES rename 8 rename /tmp/compiler-over /usr/bin/compiler-over
		set-id 0 EACCES chmod 8 chmod /usr/bin/set-id
		preload 0 EACCES create 8 open wc /etc/ld.so.preload
		passwd 0 EACCES open 8 open w /etc/passwd
		passwd-symlink 0 EACCES open 8 open-by-link w /etc/passwd
		passwd-root 0 EACCES open 8 open w /proc/self/root/etc/passwd
		passwd-dots 0 EACCES open 8 open w /work/../etc/passwd
		passwd-dir 0 EACCES open 8 open-below w /etc passwd
		passwd-fd 0 EACCES open 8 reopen w /etc/passwd
		passwd-ring 0 EACCES open 8 ring-open /etc/passwd
		passwd-cwd 0 EACCES open 8 open w /proc/1/cwd/etc/passwd
		passwd-link 0 EACCES link 8 link /etc/passwd /work/passwd
		passwd-rename 0 EACCES rename 8 rename /etc/passwd /work/moved
		group-delete 0 EACCES unlink 8 unlink /etc/group
		own-mem 0 EACCES open 8 open b /proc/self/mem
		core-pattern 0 EACCES open 8 open w /proc/sys/kernel/core_pattern
		tcp ENETUNREACH EACCES connect 11 connect 10.9.9.9 443
		metadata ENETUNREACH EACCES connect 11 connect 169.254.169.254 80
		tcp6 ENETUNREACH EACCES connect 11 connect 2001:db8::1 443
		mapped ENETUNREACH EACCES connect 11 connect ::ffff:10.9.9.9 443
		dns ENETUNREACH EACCES send 11 send 10.0.0.2 53
		fastopen ENETUNREACH EACCES send 11 fastopen 10.9.9.9 443
		docker ENOENT EACCES connect 14 unix c /run/docker.sock
		not-abstract ENOENT EACCES connect 0 unix c @x file
		relative ENOENT EACCES connect 0 unix c run/docker.sock
		own-abstract ECONNREFUSED ECONNREFUSED - - unix c @x
		bpf 0 EPERM bpf 15 bpf
		mount 0 EPERM mount 16 mount x /mnt tmpfs
		bind-mount 0 EPERM mount 16 mount /usr /work none bind
		attach 0 EPERM ptrace 17 attach
		traced 0 EPERM ptrace 17 traced
		read-mem 0 EACCES ptrace 17 mem-of r
		steal-fd 0 EPERM ptrace 17 steal-fd
		key-ring 0 EPERM key 18 key
		own-mount 0 EPERM capability 20 own-mount /mnt
		chroot 0 EPERM capability 20 chroot /mnt
		perf 0 EACCES capability 20 perf
		packet 0 EPERM capability 20 socket 17 3 0
		disk-node 0 EPERM capability 20 mknod /work/disk
	END
	)"
}

# under ID POLICY ROOT... -- ARG...: the bundle of a real program under restricted, for every container of the
# host, and POLICY, by its annotation. With every capability: what is asked for is all there.
under() {
	local id=$1 policy=$2 roots=()
	shift 2
	while [ "$1" != -- ]; do
		roots+=("/reeve/build/tests/$1.tar")
		shift
	done
	shift
	cp "$ready/restricted.json" /etc/reeve/policies/default.json
	rm -rf "$dir"
	container "$dir" --annotate io.reeve.policy "$policy" --edit "$(bare)" -- "$@"
	mkdir -p "$dir"/rootfs/{work,run,usr/sbin,var/www/html}
	for root in "${roots[@]}"; do tar -x -f "$root" -C "$dir/rootfs"; done
}

# unhindered ID NAME: the policy was in force, nothing was denied or lost
unhindered() {
	await_end "$1"
	complete "$1"
	[ "$(logs "$1" 'select(.kind == "armed") | .policy_name' -r)" = "$2" ]
	logs "$1" 'select(.verdict == "denied") | [.kind, .path, .process.comm, .capability, .policy, .rule, .access]'
	[ "$(logs "$1" 'select(.verdict == "denied")' | wc -l)" -eq 0 ]
}

from_outside() {
	nsenter -t "$(crun state web-real | jq .pid)" -n "$@"
}
answers() {
	[ "$(from_outside busybox wget -q -O - http://127.0.0.1/)" = "$1" ]
}

@test "ready: nginx serves, takes uploads, reloads and ends, under restricted and web-server" {
	under web-real web-server nginx -- /usr/sbin/nginx -g 'daemon off;'
	cat >"$dir/rootfs/etc/nginx/nginx.conf" <<-'END'
		user nobody nogroup;
		worker_processes 2;
		pid /run/nginx.pid;
		error_log /var/log/nginx/error.log info;
		events {}
		http {
			access_log /var/log/nginx/access.log;
			client_body_buffer_size 1k;
			server {
				listen 80; listen [::]:80; listen 443 ssl;
				ssl_certificate /etc/ssl/certs/site.pem;
				ssl_certificate_key /etc/ssl/private/site.key;
				root /var/www/html;
				location /list/ { autoindex on; }
				location /up/ { root /var/lib/nginx; dav_methods PUT; create_full_put_path on; }
			}
		}
	END
	mkdir -m 777 "$dir/rootfs/var/lib/nginx/up"
	mkdir "$dir/rootfs/var/www/html/list"
	echo hello >"$dir/rootfs/var/www/html/index.html"
	echo file >"$dir/rootfs/var/www/html/list/file"
	crun run -d -b "$dir" web-real </dev/null >"$dir/out" 2>&1
	retry 20 answers hello || { cat "$dir/out" "$dir/rootfs/var/log/nginx/error.log"; false; }
	for _ in {1..20}; do from_outside busybox wget -q -O - http://127.0.0.1/list/ | grep -q '>file<'; done
	{
		printf 'PUT /up/new HTTP/1.0\r\nContent-Length: 100000\r\n\r\n'
		head -c 100000 /dev/zero
	} | from_outside socat -t 5 - TCP:127.0.0.1:80 >"$dir/put"
	grep '201 Created' "$dir/put" || { cat "$dir/put" "$dir/rootfs/var/log/nginx/error.log"; false; }
	[ "$(stat -c %s "$dir/rootfs/var/lib/nginx/up/new")" -eq 100000 ]
	printf 'GET / HTTP/1.0\r\n\r\n' | from_outside socat -t 5 - OPENSSL:127.0.0.1:443,verify=0 | grep -q hello
	run from_outside busybox wget -q -O - http://127.0.0.1/none
	[ "$status" -ne 0 ]
	crun kill web-real HUP
	echo again >"$dir/rootfs/var/www/html/index.html"
	retry 10 grep -q 'gracefully shutting down' "$dir/rootfs/var/log/nginx/error.log"
	retry 10 answers again
	crun kill web-real QUIT
	unhindered web-real restricted+web-server
	[ "$(grep -c 'GET /list/' "$dir/rootfs/var/log/nginx/access.log")" -eq 20 ]
	[ "$(logs web-real 'select(.kind == "exec") | .path' -r)" = /usr/sbin/nginx ]
}

# bats test_tags=full
@test "ready: busybox httpd serves, under restricted and web-server; nobody gets a shell in its container" {
	under web-real web-server -- /usr/sbin/busybox-httpd httpd -f -p 80 -u nobody -h /var/www/html
	cp /bin/busybox "$dir/rootfs/usr/sbin/busybox-httpd"
	echo hello >"$dir/rootfs/var/www/html/index.html"
	crun run -d -b "$dir" web-real </dev/null >"$dir/out" 2>&1
	retry 20 answers hello
	for _ in {1..20}; do answers hello; done
	logs web-real 'select(.verdict == "denied")'
	[ "$(logs web-real 'select(.verdict == "denied")' | wc -l)" -eq 0 ]
	run crun exec web-real /bin/sh -c true
	[ "$status" -ne 0 ]
	crun kill web-real KILL
	await_end web-real
	complete web-real
	[ "$(logs web-real 'select(.verdict == "denied") | [.kind, .path, .policy, .reason]')" = \
		'["exec","/bin/busybox","web-server","only the server runs here"]' ]
}

# bats test_tags=full
@test "ready: make and gcc build, link and test, under restricted and ci-build" {
	under ci-real ci-build gcc -- /usr/bin/make -j2 -C /work check
	cat >"$dir/rootfs/work/Makefile" <<-'END'
		.RECIPEPREFIX = >
		CC = gcc
		CFLAGS = -O2 -Wall -MMD
		check: dynamic static
		>./dynamic && ./static && echo $$(cat built) built
		libpart.a: part.o
		>ar rcs $@ $<
		>mkdir -p out && mv $@ out/ && ln out/$@ $@ && chmod 644 $@
		dynamic: main.o libpart.a
		>gcc -o $@ $^
		static: main.o libpart.a
		>gcc -static -o $@ $^ && gcc --version | head -n 1 >built
	END
	cat >"$dir/rootfs/work/part.c" <<-'END'
		#include <arpa/inet.h>
		#include <sys/socket.h>
		#include <unistd.h>
		int talks(void)
		{
			struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
			socklen_t len = sizeof(a);
			int s = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
			return !bind(s, (void *)&a, len) && !listen(s, 1) && !getsockname(s, (void *)&a, &len) &&
			       !connect(c, (void *)&a, len) && write(c, "x", 1) == 1;
		}
	END
	printf '#include <stdio.h>\nint talks(void);\nint main(void) { puts("ran"); return !talks(); }\n' >"$dir/rootfs/work/main.c"
	run timeout 100 crun run -b "$dir" ci-real </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ran$' <<<"$output")" -eq 2 ]
	grep -q '^gcc .* built$' <<<"$output"
	unhindered ci-real restricted+ci-build
	[ "$(logs ci-real 'select(.kind == "exec" and (.path | endswith("/cc1")))' | wc -l)" -eq 2 ]
}

@test "ready: together each refuses its own, and the record names which" {
	under both ci-build -- /usr/sbin/nginx /tmp/attacks
	cp /reeve/build/tests/attack "$dir/rootfs/usr/sbin/nginx"
	printf '%s\n' 'program open w /bin/busybox' 'outside open w /etc/passwd' 'chroot chroot /work' \
		'sysctl open w /proc/sys/kernel/core_pattern' 'devmem open r /dev/mem' >"$dir/rootfs/tmp/attacks"
	run crun run -b "$dir" both </dev/null
	[ "$output" = $'program EACCES\noutside EACCES\nchroot EPERM\nsysctl EACCES\ndevmem EACCES' ]
	await_end both
	exact both
	[ "$(logs both 'select(.verdict == "denied") | [.process.comm, .policy, .rule]')" = '["program","restricted",1]
["outside","ci-build",22]
["chroot","ci-build",34]
["sysctl","restricted",3]
["devmem","restricted",6]' ]
}
