# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # dir is the bundle's, set by who loads it
# full.bash: a store on a small disk of its own, and that disk full under load. The suite sets FULL_S, how long, and FULL_DISK, of which
# an eightieth is the reserve: 24 bytes for each record that is dropped, and all of a denial.
# `load lib` and `load reeve` first.

# small_disk SIZE CONFIG: the node with an empty store on it, and that configuration. What agents of other suites' containers
# still have to tell is told before.
small_disk() {
	retry 20 nothing_of_agents
	stop_node
	mkdir -p /var/lib/reeve /etc/reeve
	mount -t tmpfs -o "size=$1,mode=755" tmpfs /var/lib/reeve
	printf '%s\n' "$2" >/etc/reeve/node.json
	: >/var/log/reeve-node.log
	# The node's weight is ten times an ordinary one, as by its unit; and who asks it, and fills its disk, must not wait for
	# a container that takes all there is.
	renice -n -10 -p $$ >/dev/null
	start_node
}
no_small_disk() {
	# It would go on with the disk below.
	rm -f "$dir/filling"
	pkill -KILL -f of=/var/lib/reeve/ballast || true
	[ -z "${filler:-}" ] || wait "$filler" || true
	stop_node
	# After a test that has failed somebody may be at it still; the others are not to fail for that.
	retry 10 umount /var/lib/reeve || umount -l /var/lib/reeve
	rm -f /etc/reeve/node.json
	renice -n 0 -p $$ >/dev/null
	start_node
}

noshadow() {
	policy noshadow '{"name":"noshadow","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
}

# busy ID [MS]: a container that opens many files, starts programs, and is denied one file, each so many milliseconds; what
# each of those tries came to is a line of /tmp/tried in it.
busy() {
	noshadow
	container "$dir" --annotate io.reeve.policy noshadow --annotate io.reeve.repeat each -- /bin/sh -c \
		"/act tries ${2:-20} /etc/shadow /tmp/tried & while :; do /act opens 50 /etc/passwd; usleep 20000; done"
	echo x >"$dir/rootfs/etc/shadow"
	(cd "$dir" && crun create "$1" </dev/null >/dev/null 2>&1 3>&- 4>&- && crun start "$1" 3>&- 4>&-)
}
tried() {
	wc -l <"$dir/rootfs/tmp/tried"
}

# field ID JQ: of its ledger.
field() {
	reeve ledger --json "$1" | jq "$2"
}
# holds ID JQ: true of its ledger.
holds() {
	reeve ledger --json "$1" | jq -e "$2" >/dev/null
}
# all_denied ID: each denied try is a record: the one under way when it was killed may have no line.
all_denied() {
	local lines records
	lines=$(tried)
	records=$(logs "$1" 'select(.verdict == "denied" and .path == "/etc/shadow")' | wc -l)
	echo "# $1: $lines tries, $records records of them" >&3
	! grep -qx 0 "$dir/rootfs/tmp/tried"
	[ "$records" -ge "$lines" ] && [ "$records" -le $((lines + 1)) ]
}
# metric NAME: the sum of its series.
metric() {
	reeve metrics | awk -v "name=$1" '{ sub(/{.*}/, "", $1) } $1 == name { n += $2 } END { printf "%.0f\n", n }'
}
is_disk() {
	[ "$(reeve status --json | jq -r .disk)" = "$1" ]
}

# A database that has pages of its own, and its log, may go on for some seconds.
spilled() {
	[ "$(reeve status --json | jq .disk_spilled_bytes)" -gt 0 ]
}

full_under_load() {
	small_disk "$FULL_DISK" '{"retention": {"age": null}}'
	busy full
	retry 10 holds full '.stored > 300'
	# Somebody else takes all there is, and whatever is given up.
	touch "$dir/filling" /var/lib/reeve/ballast
	(while [ -e "$dir/filling" ]; do
		left=$(df --output=avail -B1 /var/lib/reeve | tail -n 1)
		fallocate -l $(($(stat -c %s /var/lib/reeve/ballast) + left * 31 / 32)) /var/lib/reeve/ballast || true
		dd if=/dev/zero bs=4k of=/var/lib/reeve/ballast oflag=append conv=notrunc 2>/dev/null || true
		sleep 1
	done) 3>&- 4>&- &
	filler=$!
	retry 60 is_disk full
	reeve ps | grep '^DEGRADED: the disk of /var/lib/reeve/containers is full'
	reeve status | grep '^DEGRADED:'
	[ "$(metric reeve_disk_level)" -eq 4 ] && [ "$(metric reeve_disk_free_bytes)" -lt "$(metric reeve_disk_floor_bytes)" ]
	sleep "$FULL_S"
	grep 'is full, .* evidence alone is stored' /var/log/reeve-node.log
	retry 60 spilled
	rm "$dir/filling"
	wait "$filler"
	rm /var/lib/reeve/ballast
	retry 60 is_disk free
	grep 'has room again' /var/log/reeve-node.log
	[ "$(reeve status --json | jq .disk_spilled_bytes)" -eq 0 ]
	run reeve ps
	[[ $output != *DEGRADED* ]]
	# It goes on without a hand, and all is stored again.
	before=$(field full .stored)
	retry 20 holds full ".stored > $before + 200"
	crun kill full KILL
	await_end full
	crun delete -f full || true
	reeve ledger full | grep -v ^missing | sed 's/^/# /' >&3
	holds full '.exact and .closed and .armed'
	all_denied full
	# Each record that is not there was dropped by its class, or counted as lost by the kernel.
	holds full '.expected == .stored + .lost + .cut + .dropped and .cut == 0'
	[ "$(metric reeve_records_dropped_total)" -eq "$(field full .dropped)" ]
	[ "$(metric reeve_disk_level) $(metric reeve_reserve_bytes)" = "0 0" ]
	holds full '.dropped > 0 and .dropped == ([.dropped_by_kind[]] | add)'
	holds full '[.dropped_by_kind | keys[] | select(. == ("armed", "close", "policy"))] == []'
	reeve verify full | tee "$dir/verify"
	grep '^dropped .*: not stored, as the disk was full' "$dir/verify"
	[ "$(sql /var/lib/reeve/containers/full@*.db "SELECT sum(last-first+1) FROM cuts WHERE why='full'")" = "$(field full .dropped)" ]
	run reeve policy learn full
	[ "$status" -ne 0 ]
	[[ $output == *"were cut by retention or dropped by a full disk"* ]]
}
