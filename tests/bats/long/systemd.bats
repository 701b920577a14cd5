#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: systemd 6.1-bookworm-systemd
# systemd.bats: the node as its unit runs it, sandbox and all: killed, hung, reloaded, stopped. Its agents live on, and
# get successors. ../service.bats has what needs no manager.
bats_require_minimum_version 1.5.0
load ../lib
load ../reeve
load ../traffic

unit=reeve-node.service
drop_in=/run/systemd/system/$unit.d

setup() {
	dir=$BATS_TEST_TMPDIR/b
	noshadow
	systemctl start "$unit"
	restarts=$(property NRestarts)
	main=$(property MainPID)
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || journalctl -b --no-pager -n 40 -u "$unit"
	crun list -q | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve "$drop_in"
	systemctl daemon-reload
	systemctl start "$unit"
}

property() {
	systemctl show -P "$1" "$unit"
}
# restarted: by systemd itself, once more than at the start of this test, and ready.
restarted() {
	[ "$(property NRestarts)" -eq $((restarts + 1)) ] && [ "$(property ActiveState)" = active ] &&
		[ "$(property MainPID)" -ne "$main" ]
}
agent() {
	pgrep -x reeve-agent
}
# bounded ID: its agent is in its own cgroup, with its bounds.
bounded() {
	local cgroup
	cgroup=/sys/fs/cgroup$(cut -d: -f3 "/proc/$(agent)/cgroup")
	[[ $cgroup == /sys/fs/cgroup/reeve/agents/???????????????? ]]
	[ "$(cat "$cgroup/memory.max" "$cgroup/pids.max" | xargs)" = "268435456 4" ]
}

@test "systemd: the unit starts it in its sandbox, ready, and its reloading and execution of itself take no bound off agents" {
	[ "$(property ActiveState) $(property SubState) $(property Type)" = "active running notify" ]
	[ "$(awk '/^(NoNewPrivs|Seccomp):/ { print $2 }' "/proc/$main/status" | xargs)" = "1 2" ]
	[ "$(cut -d: -f3 "/proc/$main/cgroup")" = "/system.slice/$unit" ]
	traffic sd-start
	bounded
	systemctl daemon-reload
	bounded
	systemctl daemon-reexec
	bounded
	[ "$(property MainPID)" -eq "$main" ]
	finish sd-start
}

@test "systemd: kill -9 of the node: started again, agents live on, no gap" {
	local agent before
	traffic sd-node
	agent=$(agent)
	before=$(stored sd-node)
	systemctl kill -s KILL "$unit"
	retry 30 restarted
	retry 10 more_than sd-node $((before + 100))
	[ "$(agent)" -eq "$agent" ]
	finish sd-node
}

@test "systemd: kill -9 of an agent: its successor is born in a cgroup of its own, though the sandbox forbids clone3" {
	local old before trace
	traffic sd-agent
	strace -f -qq -e trace=clone3 -o "$BATS_TEST_TMPDIR/clone3" -p "$main" 3>&- 4>&- &
	trace=$!
	retry 10 grep -q "^TracerPid:	$trace\$" "/proc/$main/status"
	old=$(agent)
	before=$(stored sd-agent)
	kill -KILL "$old"
	retry 30 succeeded "$old"
	retry 20 more_than sd-agent "$before"
	kill "$trace"
	grep 'CLONE_INTO_CGROUP.* = -1 ENOSYS' "$BATS_TEST_TMPDIR/clone3"
	[ "$(agent)" -ne "$old" ]
	bounded
	[ "$(awk '/^(CapEff|CapBnd|NoNewPrivs|Seccomp):/ { print $2 }' "/proc/$(agent)/status" | xargs)" = "0000000000000000 0000000000000000 1 2" ]
	finish sd-agent
}

# A sandbox takes its time here, in which nobody empties the ring: the traffic is such that it holds.
@test "systemd: kill -9 of the node and the agent at once: both come back, no gap" {
	local before old
	traffic sd-both 400000
	before=$(stored sd-both)
	old=$(agent)
	pkill -KILL -x 'reeve-(node|agent)'
	retry 30 restarted
	retry 30 succeeded "$old"
	retry 20 more_than sd-both $((before + 50))
	bounded
	finish sd-both
}

@test "systemd: reload has policies read again" {
	policy svc-unit '{}'
	printf '{"name":"svc-unit","mode":"enforce","rules":[]}' >/etc/reeve/elsewhere.json
	ln -sf /etc/reeve/elsewhere.json /etc/reeve/policies/svc-unit.json
	container "$dir" --annotate io.reeve.policy svc-unit -- /bin/sh -c 'while :; do cat /etc/secret >>/got 2>>/refused; sleep 0.2; done'
	echo x >"$dir/rootfs/etc/secret"
	started sd-reload
	retry 10 test -s "$dir/rootfs/got"
	printf '{"name":"svc-unit","mode":"enforce","rules":[{"subject":"file","path":"/etc/secret","action":"deny"}]}' >/etc/reeve/elsewhere.json
	systemctl reload "$unit"
	retry 10 test -s "$dir/rootfs/refused"
	[ "$(property ActiveState) $(property MainPID)" = "active $main" ]
	crun kill sd-reload KILL
	await_end sd-reload
	complete sd-reload
}

@test "systemd: a node that hangs is ended by the watchdog and started again" {
	local agent before
	mkdir -p "$drop_in"
	printf '[Service]\nWatchdogSec=4\n' >"$drop_in/watchdog.conf"
	systemctl daemon-reload
	systemctl restart "$unit"
	main=$(property MainPID)
	restarts=$(property NRestarts)
	traffic sd-watchdog
	agent=$(agent)
	before=$(stored sd-watchdog)
	kill -STOP "$main"
	retry 60 restarted
	journalctl -b --no-pager -u "$unit" | grep -i 'watchdog timeout'
	retry 10 more_than sd-watchdog "$before"
	[ "$(agent)" -eq "$agent" ]
	finish sd-watchdog
}

@test "systemd: stopped, it ends in order and its agents do not; what happens meanwhile is delivered" {
	traffic sd-stop
	systemctl stop "$unit"
	[ "$(property ActiveState) $(property Result) $(property ExecMainStatus)" = "inactive success 0" ]
	[ "$(agents)" -eq 1 ]
	container "$dir-2" -- /bin/sh -c 'exit 3'
	run -3 timeout 20 crun run -b "$dir-2" sd-away </dev/null
	systemctl start "$unit"
	await_end sd-away
	exact sd-away
	finish sd-stop
}

# scrape: the answer's first line, from the port systemd listens on.
scrape() {
	exec 5<>/dev/tcp/127.0.0.1/9464
	printf 'GET /metrics HTTP/1.1\r\n\r\n' >&5
	cat <&5 >"$BATS_TEST_TMPDIR/scrape"
	exec 5>&-
	head -n 1 "$BATS_TEST_TMPDIR/scrape"
	grep -q '^reeve_build_info' "$BATS_TEST_TMPDIR/scrape"
}

@test "systemd: the metrics' port is systemd's; the node serves it from its sandbox, which has no network" {
	systemctl stop "$unit"
	systemctl start reeve-metrics.socket "$unit"
	[ "$(scrape)" = $'HTTP/1.1 200 OK\r' ]
	[ "$(readlink "/proc/$(property MainPID)/ns/net")" != "$(readlink /proc/1/ns/net)" ]
	systemctl restart "$unit"
	[ "$(scrape)" = $'HTTP/1.1 200 OK\r' ]
	kill -KILL "$(property MainPID)"
	[ "$(scrape)" = $'HTTP/1.1 200 OK\r' ]
	systemctl stop reeve-metrics.socket "$unit"
}
