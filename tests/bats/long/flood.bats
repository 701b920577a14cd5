#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: 7.2-alone
# flood.bats: four containers that make records as fast as they can, and a quiet one beside them. With four times as much,
# which takes some eight minutes of a free machine:
#   make guest KERNEL=7.2 SMP=2 TIMEOUT=7200 CMD="FLOOD_OPENS=190000 FLOOD_EXECS=10000 bats tests/bats/long/flood.bats"

load ../lib
load ../reeve

export BATS_TEST_TIMEOUT=1800
# what each of them does
: "${FLOOD_OPENS:=47500}" "${FLOOD_EXECS:=2500}"
denials=400

setup() {
	start_node
	# As the unit has it, where there is no unit. Who watches must not be what is late.
	echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p /sys/fs/cgroup/node /sys/fs/cgroup/watcher
	echo 1000 | tee /sys/fs/cgroup/node/cpu.weight >/sys/fs/cgroup/watcher/cpu.weight
	pgrep -x reeve-node >/sys/fs/cgroup/node/cgroup.procs
	policy noshadow '{"name":"noshadow","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	pgrep -x reeve-node >/sys/fs/cgroup/cgroup.procs
	rmdir /sys/fs/cgroup/node /sys/fs/cgroup/watcher || true
	rm -rf /etc/reeve
}

# flooding N: the container flood-N, created; its acts begin with its start.
flooding() {
	local b=$BATS_TEST_TMPDIR/flood-$1
	container "$b" --annotate io.reeve.policy noshadow --annotate io.reeve.repeat each \
		--edit '.hooks.createRuntime[0].args += ["--record", "all"]' -- /bin/sh -c \
		"for i in 1 2 3 4; do /act opens $((FLOOD_OPENS / 4)) /etc/passwd; /act opens $((denials / 4)) /etc/shadow; /act build $((FLOOD_EXECS / 4)) 0; done; exit 0"
	echo x >"$b/rootfs/etc/shadow"
	(cd "$b" && crun create "flood-$1" </dev/null >/dev/null 2>&1 3>&- 4>&-)
}

# of ID OPTION...: how many records reeve logs finds
of() {
	reeve logs --json "${@:2}" "$1" | wc -l
}

@test "flood: four containers without a pause: 95 of 100 records stored, every denial; a quiet one loses none, within a second" {
	local n ledger late
	dir=$BATS_TEST_TMPDIR/quiet
	container "$dir" --annotate io.reeve.repeat each --edit '.hooks.createRuntime[0].args += ["--record", "all"]' -- \
		/bin/sh -c 'n=0; while :; do n=$((n + 1)); : >/p/$n; usleep 200000; done'
	mkdir "$dir/rootfs/p"
	started quiet
	for n in 1 2 3 4; do
		flooding $n
	done
	(echo 0 >/sys/fs/cgroup/watcher/cgroup.procs && exec python3 -I -S /reeve/tests/bats/late.py quiet /p/) \
		>"$BATS_TEST_TMPDIR/late" 2>"$BATS_TEST_TMPDIR/later" 3>&- 4>&- &
	retry 60 grep -qx on "$BATS_TEST_TMPDIR/later"
	for n in 1 2 3 4; do
		crun start "flood-$n" 3>&- 4>&-
	done
	for n in 1 2 3 4; do
		retry 1500 ended "flood-$n"
		echo "# flood-$n ended $(date +%T), the node took $(cut -d ' ' -f 14,15 "/proc/$(pgrep -x reeve-node)/stat") ticks" >&3
	done
	crun kill quiet KILL
	await_end quiet
	wait $!
	late=$(cat "$BATS_TEST_TMPDIR/late")
	echo "# the quiet one: $late" >&3
	awk 'NR % 20 == 1 { print "# " $0 }' "$BATS_TEST_TMPDIR/later" >&3
	for n in 1 2 3 4; do
		ledger=$(reeve ledger --json "flood-$n")
		jq -r '"# \(.id): \(.expected) given, \(.stored) stored, \(.lost) lost: \(.lost_by_kind // {}), exact: \(.exact)"' <<<"$ledger" >&3
		jq -e '.exact and .closed and .stored >= 0.95 * .expected' <<<"$ledger"
		[ "$(of "flood-$n" --verdict denied)" -eq $denials ]
		[ "$(of "flood-$n" --kind armed) $(of "flood-$n" --kind close)" = "1 1" ]
		crun delete -f "flood-$n" || true
	done
	exact quiet
	# records seen, and the longest that one took, in milliseconds
	read -r n late <<<"$late"
	[ "$n" -ge 20 ] && [ "$late" -le 1000 ]
}
