#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# selftest.sh: does guest.sh keep its word? Exit status, quoting, bytes, deaths,
# what is left behind, and that two counting boots agree. TAP on stdout; boots
# about ten guests. Tests the guest from outside; tests/bats/guest.bats from inside.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export NODE=0 KERNEL=${KERNEL:-6.12}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
number=0
tests/vm/need.sh procps

# check NAME FUNCTION: one TAP line
check() {
	number=$((number + 1))
	# not as a condition: that would switch set -e off inside
	(set -e; "$2") >"$tmp/log" 2>&1
	# shellcheck disable=SC2181
	if [ $? -eq 0 ]; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
		sed 's/^/# /' "$tmp/log"
	fi
}

# is WANTED COMMAND...: the exit status of COMMAND
is() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" -eq "$want" ] || { echo "wanted status $want, got $got: $*"; return 1; }
}

exit_status() {
	is 42 tests/vm/guest.sh 'exit 42'
}

quoting() {
	# shellcheck disable=SC2016
	local cmd='printf "%s|" "$(echo a)" '\''$x "y"'\'' "$((1+2))" %d \\ "# z"; cat <<"X"
second $line `x`
X'
	make -s -f tests/vm/vm.mk guest BUILD=0 CMD="$cmd" >"$tmp/made"
	bash -c "$cmd" >"$tmp/direct"
	cmp "$tmp/made" "$tmp/direct"
}

bytes() {
	tests/vm/guest.sh 'seq 1 200000; head -c 4096 /dev/zero' >"$tmp/out"
	{ seq 1 200000 && head -c 4096 /dev/zero; } | cmp - "$tmp/out"
}

held_stdout() {
	local begin=$SECONDS
	tests/vm/guest.sh 'sleep 1000 & echo end' >"$tmp/out"
	[ "$(cat "$tmp/out")" = end ]
	[ $((SECONDS - begin)) -lt 60 ]
}

panic() {
	is 125 tests/vm/guest.sh 'echo c >/proc/sysrq-trigger; sleep 60' >"$tmp/out" 2>&1
	grep -q 'sysrq triggered crash' "$tmp/out"
}

no_end() {
	TIMEOUT=15 is 124 tests/vm/guest.sh 'sleep 1000' >"$tmp/out" 2>&1
	grep -q 'TIMEOUT of 15 s passed' "$tmp/out"
}

# A killed script takes its processes and its directory along.
nothing_left() {
	local pid
	TMPDIR=$tmp/left
	export TMPDIR
	mkdir "$TMPDIR"
	tests/vm/guest.sh 'sleep 1000' &
	pid=$!
	for _ in {1..100}; do
		[ -s "$(echo "$TMPDIR"/reeve-guest.*/serial.log)" ] && break
		sleep 0.1
	done
	sleep 1
	pgrep -f "$TMPDIR/reeve-guest" >/dev/null
	kill "$pid"
	is 130 wait "$pid"
	sleep 1
	[ -z "$(ls "$TMPDIR")" ]
	is 1 pgrep -f "$TMPDIR/reeve-guest"
}

two_at_once() {
	local pid
	tests/vm/guest.sh 'echo one' >"$tmp/one" &
	pid=$!
	tests/vm/guest.sh 'echo two' >"$tmp/two"
	wait "$pid"
	[ "$(cat "$tmp/one" "$tmp/two")" = $'one\ntwo' ]
}

# From a copy of the recipe alone: the worktree rides along and may change meanwhile.
counting() {
	local i tree=$tmp/tree
	mkdir -p "$tree/tests"
	cp -a tests/vm "$tree/tests"
	export REEVE_CACHE=${REEVE_CACHE:-$PWD/.cache}
	for i in 1 2; do
		# shellcheck disable=SC2016
		ICOUNT=1 "$tree/tests/vm/guest.sh" 'a=$EPOCHREALTIME
			for i in 1 2 3; do /bin/true; busybox nc -w1 127.0.0.1 1; done 2>/dev/null
			echo "$a $EPOCHREALTIME"; cat /proc/sys/kernel/random/uuid
			dmesg | sha256sum; dmesg >build/results/counting.dmesg' >"$tmp/count.$i"
	done
	cat "$tmp"/count.*
	cmp "$tmp/count.1" "$tmp/count.2"
	[ -s "$tree/build/results/counting.dmesg" ]
}

echo 1..9
check "vm: the command's exit status is ours" exit_status
check "vm: a command survives make and every quoting" quoting
check "vm: output arrives byte for byte" bytes
check "vm: a daemon that holds stdout delays nothing" held_stdout
check "vm: a panic fails with the kernel's log" panic
check "vm: TIMEOUT ends a guest that hangs" no_end
check "vm: a killed run leaves nothing" nothing_left
check "vm: two guests at once" two_at_once
check "vm: two counting boots agree to the last digit" counting
