#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12; full: all
# Security tags are not to be had from inside, on kernels that read none as well.

load lib
load reeve
load tag

@test "tags: set and removed from inside: allowed and recorded without a policy" {
	files
	root=(--edit '.process.capabilities[] += ["CAP_SYS_ADMIN"]')
	local n=1
	for name in user.reeve.tag security.bpf.reeve; do
		setfattr -n "$name" -v mine "$dir/rootfs/tagged"
		acts tag "set-$((n++))" allowed null "$name" user.other -- "${root[@]}"
		! getfattr -n "$name" "$dir/rootfs/tagged" 2>/dev/null
	done
}

@test "tags: set and removed from inside, in audit and enforce" {
	files
	root=(--edit '.process.capabilities[] += ["CAP_SYS_ADMIN"]' --annotate io.reeve.policy p)
	local n=3
	for name in user.reeve.tag security.bpf.reeve; do
		setfattr -n "$name" -v mine "$dir/rootfs/tagged"
		policy p '{"name":"p","mode":"enforce","rules":[]}'
		acts tag "set-$((n++))" denied EPERM "$name" user.other -- "${root[@]}"
		[ "$(getfattr --only-values -n "$name" "$dir/rootfs/tagged")" = mine ]
		policy p '{"name":"p","mode":"audit","rules":[]}'
		acts tag "set-$((n++))" would-deny null "$name" user.other -- "${root[@]}"
		! getfattr -n "$name" "$dir/rootfs/tagged" 2>/dev/null
	done
}

@test "tags: recorded where nothing else is; next door nothing happens" {
	files
	reeve run --record none --json --output "$BATS_TEST_TMPDIR/out" -- \
		setfattr -n user.reeve.tag -v inside "$dir/rootfs/tagged"
	[ "$(jq -r 'select(.kind == "setxattr") | [.name, .value, .verdict] | join(" ")' "$BATS_TEST_TMPDIR/out")" = \
		"user.reeve.tag inside allowed" ]
	[ "$(jq -r .kind "$BATS_TEST_TMPDIR/out" | grep -c open)" = 0 ]
	setfattr -n user.reeve.tag -v outside "$dir/rootfs/tagged"
	[ "$(getfattr --only-values -n user.reeve.tag "$dir/rootfs/tagged")" = outside ]
}
