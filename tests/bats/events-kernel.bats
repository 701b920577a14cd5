#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every kind of the kernel's family, done for real in a container and compared with its record.

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

# A small module that no other needs, not loaded, as a plain file: on every kernel of the suites.
plain_module() {
	local file
	file=$(find "/lib/modules/$(uname -r)" -name "$1.ko*" | head -n 1)
	[ -n "$file" ] && ! grep -q "^$1 " /proc/modules || return 1
	case $file in
	*.xz) xz -dc "$file" ;;
	*) cat "$file" ;;
	esac >"$2"
}

@test "kernel: module by file, memory and request, and what the kernel took" {
	make_bundle "$dir" true
	plain_module cordic "$dir/rootfs/cordic.ko"
	acts kernel module /cordic.ko cordic -- --edit "$(with CAP_SYS_MODULE)"
}

@test "kernel: kexec" {
	acts kernel kexec -- --edit "$(with CAP_SYS_BOOT)"
}

@test "kernel: reboot, attempts by both entries" {
	acts kernel reboot
}

@test "kernel: reboot that ends the container" {
	container "$dir" --edit "$(with CAP_SYS_BOOT)" -- /ev-kernel restart
	cp /reeve/build/tests/ev-kernel "$dir/rootfs/"
	run crun run -b "$dir" restart
	[ "$status" -eq 129 ] # SIGHUP
	await_end restart
	printf '%s\n' "$output" >"$dir/said"
	agree restart "$dir/said"
	complete restart
}

@test "kernel: syslog" {
	acts kernel syslog -- --edit "$(with CAP_SYSLOG)" --edit '
		.linux.devices += [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 420, uid: 0, gid: 0}]
		| .linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "rwm"}]'
	rm -r "$dir"
	acts kernel syslog-refused
}

@test "kernel: bpf" {
	acts kernel bpf -- --edit "$(with CAP_BPF CAP_NET_ADMIN CAP_PERFMON CAP_SYS_ADMIN)"
}

@test "kernel: perf_event" {
	acts kernel perf_event -- --edit "$(with CAP_PERFMON CAP_SYS_ADMIN)"
}


@test "kernel: what needs nothing but capabilities" {
	plain kernel
}

@test "kernel: io_uring" {
	acts kernel io_uring
}
