#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every kind of the network's family, done for real in a container and compared with its record.

setup() {
	load lib
	load reeve
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

raw=(-- --edit '.process.capabilities[] += ["CAP_NET_RAW"]')

@test "network: sockets of all families, and what is refused before anybody is asked" {
	acts network socket "${raw[@]}"
}

@test "network: bind, listen, connect, accept by IPv4; nothing of what goes down a connection" {
	acts network tcp "${raw[@]}"
}

@test "network: the same by IPv6, IPv4 inside it, scopes" {
	acts network tcp6
}

@test "network: datagrams with an address, and without one no record" {
	acts network udp
	acts network udp6
	acts network raw "${raw[@]}"
}

@test "network: io_uring does the same things and leaves the same records" {
	acts network uring
}

# opids ID: each accept of a unix connection names the process that connected: the host's number
# that the client's own records carry, for the number it has in the container.
opids() {
	local pid at n=0
	while read -r _ _ pid _ at; do
		logs "$1" 'select(.kind == "connect" and .process.ns_pid == $pid) | .process.pid' \
			--argjson pid "$pid" >"$BATS_TEST_TMPDIR/connected"
		logs "$1" 'select(.kind == "accept" and .from_path == $at) | .opid' --arg at "$at" \
			>"$BATS_TEST_TMPDIR/accepted"
		cmp "$BATS_TEST_TMPDIR/connected" "$BATS_TEST_TMPDIR/accepted"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/accepted")" = 1 ]
		n=$((n + 1))
	done < <(grep '^accepted from ' "$dir/said")
	[ "$n" = 3 ]
}

@test "network: unix sockets by path, abstract and autobound, and who connected" {
	acts network-local unix
	opids network-local-unix
}

@test "network: netlink ports and groups, packet sockets" {
	acts network-local netlink
	acts network-local packet "${raw[@]}"
}

@test "network: vsock with itself" {
	modprobe vsock_loopback
	acts network-local vsock
}

@test "network: accept on a hash is no connection" {
	modprobe algif_hash
	acts network-local alg
}

@test "network: what needs nothing but capabilities" {
	plain network
}
