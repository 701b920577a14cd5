#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2; full: all
# whole.bats: argument blocks come back byte for byte, from ten bytes to all that execve takes.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

# whole NAME ARGC ARGSIZE ENVC ENVSIZE
whole() {
	container "$dir" -- /act args "$2" "$3" "$4" "$5"
	crun run -b "$dir" "$1" </dev/null
	await_end "$1"
	exact "$1"
	reeve logs --json "$1" | python3 /reeve/tests/bats/whole.py "$dir/rootfs"
}

@test "whole: an argument of 10 bytes" {
	whole w10 1 10 0 0
}

@test "whole: one argument of 128 KiB - 1" {
	whole w128k 1 131071 0 0
}

@test "whole: 1.9 MiB over many arguments" {
	whole w19m 1900 1047 0 0
}

@test "whole: an environment of 1 MiB" {
	whole wenv 1 10 1024 1023
}

@test "whole: around the border between the container's own ring and the node's" {
	local n
	for n in 65200 65400 65480 65500 65520 65536 66000; do
		whole "border-$n" 1 "$n" 0 0
	done
}

@test "whole: six big ones in a row" {
	container "$dir" -- /bin/sh -c 'for i in 1 2 3 4 5 6; do /act args 1000 1000 0 0; done'
	crun run -b "$dir" row </dev/null
	await_end row
	exact row
	[ "$(logs row 'select(.kind == "exec" and .argc == 1002) | .args_state' | sort | uniq -c | tr -s ' ')" = ' 6 "whole"' ]
}
