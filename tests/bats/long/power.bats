#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# power.bats: the power goes while the node records. dm-log-writes keeps every write to the store's disk, in order, and
# what the disk had confirmed; powercut.py makes of it what a disk may hold at a moment. CUT_SEED repeats a run.

load ../lib
load ../reeve
load ../traffic

export BATS_TEST_TIMEOUT=1200
export DM_DISABLE_UDEV=1 # there is none: dmsetup makes the node
disk_mib=64 log_mib=900
cuts=20

setup() {
	dir=$BATS_TEST_TMPDIR/b
	work=/tmp/power
	noshadow
	stop_node
	mkdir -p "$work"
	modprobe -a loop dm-log-writes
	truncate -s ${disk_mib}M "$work/disk"
	truncate -s ${log_mib}M "$work/log"
	disk=$(losetup -f --show "$work/disk")
	log=$(losetup -f --show "$work/log")
	dmsetup create power --table "0 $((disk_mib * 2048)) log-writes $disk $log"
	mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/mapper/power
	mount /dev/mapper/power /var/lib/reeve
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	stop_node
	umount /var/lib/reeve
	[ ! -e /dev/mapper/power ] || dmsetup remove power
	losetup -D
	rm -rf /etc/reeve "$work"
	start_node
}

# mark TEXT: stands in the log behind all that was confirmed before.
mark() {
	dmsetup message power 0 mark "$1"
}

# recorded_for SECONDS: traffic; what the node says is stored is a promise.
recorded_for() {
	local end=$((SECONDS + $1))
	traffic cut 30000
	mark begin
	while [ $SECONDS -lt $end ]; do
		mark "stored-$(stored cut)"
		sleep 0.2
	done
	finish cut
	last=$(stored cut)
	mark "stored-$last"
	mark end
}

# after ENTRY PROMISED: the store as it is after the cut: nothing promised is gone, what is there is proven, and the
# ledger gives a reason for the rest.
after() {
	local got ledger
	truncate -s 0 "$work/cut"
	truncate -s ${disk_mib}M "$work/cut"
	python3 -I -S /reeve/tests/bats/powercut.py "$work/log" disk "$1" "$seed" "$work/cut"
	mount -o loop "$work/cut" /var/lib/reeve
	start_node
	got=$(stored cut)
	[ "$got" -ge "$2" ] && [ "$got" -le "$last" ]
	reeve verify cut
	reeve verify --node
	[ "$(logs cut 1 | wc -l)" -eq "$got" ]
	# Nothing is missing in between, and what may have come behind it is not claimed to be there.
	ledger=$(reeve ledger --json cut) || true
	jq -e --argjson whole "$((got == last))" '.missing == 0 and .lost == 0 and .closed == ($whole == 1) and
		.exact == (.closed or (.ended | not))' <<<"$ledger" || { reeve ledger cut; return 1; }
	[ -z "$(find /var/lib/reeve -name '*.corrupt*')" ]
	stop_node
	umount /var/lib/reeve
}

@test "power: 20 cuts under traffic: all that was said to be stored is, verify is clean, the ledger explains the rest" {
	local entry open promised inside=0 more=0 n=0
	start_node
	recorded_for 15
	stop_node
	umount /var/lib/reeve
	dmsetup remove power
	seed=${CUT_SEED:-$RANDOM}
	echo "seed $seed, $last records"
	python3 -I -S /reeve/tests/bats/powercut.py "$work/log" cuts $cuts "$seed" >"$work/cuts"
	while read -r entry open promised; do
		echo "cut at entry $entry, $open writes under way, $promised records promised"
		after "$entry" "$promised"
		n=$((n + 1)) inside=$((inside + (open > 0))) more=$((more + (promised > 0)))
	done <"$work/cuts"
	mount "$disk" /var/lib/reeve
	start_node
	echo "# seed $seed: $n cuts of $last records, $inside inside a transaction, $more behind a promise" >&3
	[ "$n" -eq $cuts ] && [ "$inside" -ge $((cuts / 2)) ] && [ "$more" -ge $((cuts / 2)) ]
}
