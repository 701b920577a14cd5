#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.1
# No bytes of a container's choice break a format or forge a record in it.

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

@test "hostile names, arguments and comms in each format" {
	local format stored
	container "$dir" -- /ev-hostile
	cp /reeve/build/tests/ev-hostile "$dir/rootfs/"
	crun run -b "$dir" hostile >"$dir/hex"
	await_end hostile
	complete hostile
	stored=$(reeve ledger --json hostile | jq .stored)
	for format in text json csv; do
		reeve logs --format $format hostile >"$dir/$format"
		python3 /reeve/tests/bats/formats.py $format "$dir/$format" "$dir/hex" "$stored"
		# and the check can fail: a raw byte, a line too many
		! (cat "$dir/$format"; printf 'forged\n') | python3 /reeve/tests/bats/formats.py $format /dev/stdin "$dir/hex" "$stored" 2>/dev/null
	done
}
