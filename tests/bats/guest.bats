#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# guest.bats: the guest is what the other suites take for granted.

load lib

setup() {
	bundle=$BATS_TEST_TMPDIR/bundle
}

@test "guest: the kernel is the one asked for" {
	local got
	got=$(uname -r)
	echo "asked $KERNEL, got $got"
	# 7.2 may be a later one once the suite has moved on
	if [ "$KERNEL" = 7.2 ]; then
		[ "$(printf '%s\n' 7.2 "$got" | sort -V | head -n 1)" = 7.2 ]
	else
		[[ $got == "$KERNEL"[.-]* ]]
	fi
}

@test "guest: cgroup v2 alone, every needed controller on in the root" {
	local ctl on
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
	grep -q 'cgroup2.*nsdelegate' /proc/mounts
	on=" $(cat /sys/fs/cgroup/cgroup.subtree_control) "
	for ctl in cpu cpuset io memory pids; do
		[[ $on == *" $ctl "* ]] || { echo "no $ctl in:$on"; return 1; }
	done
	# pid 1 has left the root: a cgroup that delegates may hold no process
	run grep -qx 1 /sys/fs/cgroup/cgroup.procs
	[ "$status" -eq 1 ]
}

@test "guest: BPF LSM is on, with BTF and bpffs" {
	grep -qw bpf /sys/kernel/security/lsm
	[ -s /sys/kernel/btf/vmlinux ]
	[ "$(stat -f -c %T /sys/fs/bpf)" = bpf_fs ]
	bpftool btf dump file /sys/kernel/btf/vmlinux | grep -q "FUNC 'bpf_lsm_file_open'"
}

@test "guest: the module tree belongs to this kernel" {
	local mod
	for mod in veth bridge overlay nf_tables dummy; do
		modprobe "$mod"
	done
}

@test "guest: the worktree is writable and survives the guest's own files" {
	local probe=/reeve/build/.guest-probe.${RECORDS:-$$} # other guests have the same tree
	mkdir -p /reeve/build
	echo "$$" >"$probe"
	[ "$(cat "$probe")" = "$$" ]
	rm "$probe"
}

@test "guest: user and group reeve exist, syslog has a sink" {
	[ "$(id -gn reeve)" = reeve ]
	[ "$(id -u reeve)" -ne 0 ]
	logger -t guest.bats "hello sink $$"
	retry 5 grep -q "hello sink $$" /var/log/messages
}

@test "guest: crun runs a container" {
	# shellcheck disable=SC2016
	make_bundle "$bundle" -- sh -c 'echo "in $(cat /proc/1/comm) uid $(id -u)"; ip addr show lo | grep -c UP; exit 3'
	run crun run -b "$bundle" guest-crun
	echo "$output"
	[ "$status" -eq 3 ]
	[[ $output == *"in sh uid 0"* ]]
}

@test "guest: runc runs a container" {
	RUNTIME=runc make_bundle "$bundle" -- sh -c 'echo "two  words"; touch /made; exit 4'
	run runc run -b "$bundle" guest-runc
	echo "$output"
	[ "$status" -eq 4 ]
	[ "$output" = "two  words" ]
	[ -e "$bundle/rootfs/made" ]
}

@test "lib: a bundle takes hooks, annotations and the host's network" {
	cat >"$BATS_TEST_TMPDIR/hook" <<-EOF
		#!/bin/sh
		cat >$BATS_TEST_TMPDIR/state
	EOF
	chmod +x "$BATS_TEST_TMPDIR/hook"
	make_bundle "$bundle" --hook createRuntime "$BATS_TEST_TMPDIR/hook" --cgroup /lib/one \
		--annotate io.reeve.policy 'a "quoted" one' --host-net -- \
		readlink /proc/self/ns/net
	run crun run -b "$bundle" guest-hook
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
	[ "$(jq -r '.annotations["io.reeve.policy"]' "$BATS_TEST_TMPDIR/state")" = 'a "quoted" one' ]
	[ "$(jq -r .id "$BATS_TEST_TMPDIR/state")" = guest-hook ]
}

@test "lib: retry waits no longer than its deadline" {
	local begin=$SECONDS
	run retry 1 false
	[ "$status" -eq 1 ]
	[ $((SECONDS - begin)) -le 10 ]
	retry 5 true
}
