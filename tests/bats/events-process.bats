#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every kind of the processes' family, done for real in a container and compared with its record.

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

all=(--edit '.hooks.createRuntime[0].args += ["--record", "all"]')
caps=(--edit '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
	"CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_SYS_TIME"]' --edit '.process.noNewPrivileges = false')
host_pids=(--edit '.linux.namespaces |= map(select(.type != "pid"))')

@test "process: exec: scripts, descriptors, memory, deleted files" {
	acts process exec -- "${caps[@]}"
}
@test "process: fork and threads, with and without a pid namespace" {
	acts process fork -- "${all[@]}" "${caps[@]}"
	crun delete -f process-fork || true
	id=process-fork-host
	container "$dir" "${all[@]}" "${caps[@]}" "${host_pids[@]}" -- /ev-process fork
	crun run -b "$dir" $id >"$dir/said"
	await_end $id
	grep -q child_pid\":[0-9] "$dir/said"
	agree $id "$dir/said"
	complete $id
}
@test "process: user and group ids" {
	acts process ids -- "${caps[@]}"
}
@test "process: capabilities used and changed" {
	acts process caps -- "${all[@]}" "${caps[@]}"
}
@test "process: ptrace, memory of others, what only looks" {
	acts process ptrace -- "${all[@]}" "${caps[@]}"
}
@test "process: signals" {
	acts process signal -- "${all[@]}" "${caps[@]}" "${host_pids[@]}"
}
@test "process: namespaces" {
	acts process namespaces -- "${caps[@]}"
}
@test "process: prctl" {
	acts process prctl -- "${caps[@]}"
}
@test "process: seccomp" {
	acts process seccomp -- "${caps[@]}"
}
