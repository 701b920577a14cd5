#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# guest.sh: the measuring, run in the counting guest by bench.sh. Writes KEY<tab>VALUE lines to
# build/results/bench-KERNEL.tsv; report.awk makes the table of them. Order matters: what must be
# measured before any program is loaded comes first, and reeve is loaded once.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=$PWD/build/bench
work=/bench
containers=50 # with which those with and without an agent are compared
scale=(1 10 50 100 500)
starts=8 # as many as a full pool serves
podman_starts=3
out=build/results/bench-$KERNEL.tsv

# what follows each measured start: the container goes, its agent goes, all is quiet
after_start="crun delete -f bench; while pgrep -x reeve-agent >/dev/null; do sleep 0.05; done; sleep 0.2"
# and the pool of prepared slots is full again
after_start_refill="$after_start; reeve-load 2>/dev/null"

put() {
	printf '%s\t%s\n' "$1" "$2" >>"$out"
}

# row NAME: the output of ops, as NAME.OP.{inline,agent,node}
row() {
	local name=$1 op inline agent node
	echo "bench: $KERNEL: $name" >&2
	while IFS=$'\t' read -r op inline agent node; do
		put "$name.$op.inline" "$inline"
		put "$name.$op.agent" "$agent"
		put "$name.$op.node" "$node"
	done
}

# wait_for COMMAND...: until it succeeds, ten seconds at most
wait_for() {
	local _
	for _ in {1..200}; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "bench: gave up waiting for: $*" >&2
	return 1
}

# running PROGRAM N
running() {
	[ "$(pgrep -xc "$1")" = "$2" ]
}

# path_of LEN: as in ops.c
path_of() {
	local name=$((($1 - ${#work}) / 4 - 1)) path=$work i
	for i in 1 2 3 4; do
		path+=/$(printf "%${name}s" | tr ' ' n)
	done
	path+=$(printf "%$(($1 - ${#path}))s" | tr ' ' n)
	echo "$path"
}

# globs N: a policy of N rules about files, four of ten with "**" inside; the first keeps the automaton from
# being done with a path early.
globs() {
	awk -v n="$1" 'BEGIN {
		split("/srv/app%d/**/secret%d /srv/%d/**/.ssh/id_* /opt/app%d/**/bin/* /data/vol%d/**/*.key " \
			"/opt/pkg%d/lib/*.so /etc/app%d.conf /usr/lib/mod%d/*.[ch] " \
			"/home/*/.config/app%d/** /var/lib/db%d/{data,log}.db /tmp/build-%d-?", kind, " ")
		printf "{\"name\":\"globs%d\",\"mode\":\"enforce\",\"rules\":[", n
		for (i = 0; i < n; i++) {
			glob = i ? kind[i % 10 + 1] : "/**/.git/config"
			gsub("%d", int(i / 10), glob)
			printf "%s{\"subject\":\"file\",\"path\":\"%s\",\"action\":\"deny\"}\n", i ? "," : "", glob
		}
		print "]}"
	}'
}

prepare() {
	local i j path
	for i in 40 200; do
		path=$(path_of $i)
		mkdir -p "${path%/*}"
		echo abc >"$path"
	done
	mkdir -p "$work/bundle/rootfs"
	echo abc >"$work/file"
	cp "$bin/true" "$work/true"
	cp "$bin/true" "$work/bundle/rootfs/true"
	mkdir -p "$work/src"
	for i in {1..50}; do
		mkdir "$work/src/$i"
		(cd "$work/src/$i" && for j in {1..100}; do echo "file $i $j" >"$j.c"; done)
	done
	tar -C "$work/src" -cf "$work/file.tar" .
	(cd "$work/bundle" && crun spec &&
		jq '.process.args = ["/true"] | .process.terminal = false' config.json >plain.json)
	mkdir -p "$work"/hooks/{none,noop,reeve}
	jq --arg path "$bin/nohook" '.hook.path = $path' deploy/hooks.d/reeve.json >"$work/hooks/noop/hook.json"
	cp deploy/hooks.d/reeve.json "$work/hooks/reeve/hook.json"
	tar -C "$work/bundle/rootfs" -c . | podman import -q - localhost/true
	: >"$out"
	put kernel "$(uname -r)"
	sleep 6 # the kernel's own threads, done with the boot
}

# bundle [HOOK]: the next container's hook
bundle() {
	jq --arg hook "${1:-}" 'if $hook == "" then . else
		.hooks = {createRuntime: [{path: $hook, timeout: 20}]} end' \
		"$work/bundle/plain.json" >"$work/bundle/config.json"
}

# start NAME AFTER [HOOK]
start() {
	local elapsed running
	echo "bench: $KERNEL: crun create, $1" >&2
	bundle "${3:-}"
	read -r elapsed running < <("$bin/wall" $starts "$2" crun create -b "$work/bundle" bench)
	put "start.$1.elapsed" "$elapsed"
	put "start.$1.running" "$running"
}

# podman_run HOOKS: a whole `podman run`, with the hook of that directory
podman_run() {
	local elapsed running
	echo "bench: $KERNEL: podman run, $1" >&2
	read -r elapsed running < <("$bin/wall" $podman_starts "while pgrep -x reeve-agent >/dev/null; do sleep 0.05; done; sleep 0.2" \
		podman --hooks-dir "$work/hooks/$1" run --rm --network none localhost/true /true)
	put "podman.$1.elapsed" "$elapsed"
	put "podman.$1.running" "$running"
}

measure_without_reeve() {
	row none < <("$bin/inside" bench-none -- "$bin/ops" "$work")
	start plain "$after_start"
	start noop "$after_start" "$bin/nohook"
	podman_run none
	podman_run noop
	build build_bare
	row floor < <("$bin/noop" "$bin/noop.bpf" bench-floor -- "$bin/ops" "$work")
	row floor < <("$bin/noop" "$bin/noop.bpf" bench-floor40 -- "$bin/ops" "$work" open40 open200)
	row dpath < <("$bin/noop" "$bin/dpath.bpf" bench-dpath -- "$bin/ops" "$work" open40 open200)
	"$bin/noop" "$bin/noop.bpf" bench-elsewhere -- "$bin/pause" "$work/file" &
	wait_for grep -q 'populated 1' /sys/fs/cgroup/bench-elsewhere/cgroup.events
	sleep 1
	row outside_floor < <("$bin/inside" bench-out -- "$bin/ops" "$work")
	echo 1 >/sys/fs/cgroup/bench-elsewhere/cgroup.kill
	wait $! || true
	wait_for test ! -d /sys/fs/cgroup/bench-elsewhere
}

load_reeve() {
	reeve-load
	reeve-node >/var/log/reeve-node.log 2>&1 &
	wait_for reeve status
	sleep 2
}

measure_reeve() {
	local policy=$work/policy.json op
	echo '{"name":"bench","mode":"enforce","rules":[
		{"subject":"file","path":"/no/such/file","action":"deny"},
		{"subject":"exec","path":"/no/such/file","action":"deny"},
		{"subject":"network","address":"192.0.2.1","port":1,"action":"deny"}]}' >"$policy"
	row silent < <("$bin/inside" bench-silent --agent --record --agent none -- "$bin/ops" "$work")
	row judged < <("$bin/inside" bench-judged --agent --record --agent none \
		--agent --policy --agent "$policy" -- "$bin/ops" "$work")
	for op in open exec fork connect; do # each its own container: its own database
		row recorded < <("$bin/inside" "bench-recorded-$op" --agent --record --agent all \
			-- "$bin/ops" "$work" $op)
	done
	row counted < <("$bin/inside" bench-counted --agent --record --agent normal -- "$bin/ops" "$work" open)
	row counted_judged < <("$bin/inside" bench-counted-judged --agent --record --agent normal \
		--agent --policy --agent "$policy" -- "$bin/ops" "$work" open)
	put recorded.lost "$(reeve ps -a --json |
		jq '[.[] | select(.id | startswith("bench-recorded")).lost] | add')"
	"$bin/inside" bench-busy --agent --record --agent all -- "$bin/pause" "$work/file" &
	wait_for grep -q 'populated 1' /sys/fs/cgroup/bench-busy/cgroup.events
	sleep 1
	row outside < <("$bin/inside" bench-out -- "$bin/ops" "$work")
	put agent.pss_kb "$(rollup Pss reeve-agent)"
	put agent.rss_kb "$(rollup Rss reeve-agent)"
	put agent.anon_kb "$(rollup Pss_Anon reeve-agent)"
	put node.pss_kb "$(rollup Pss reeve-node)"
	put node.rss_kb "$(rollup Rss reeve-node)"
	put node.anon_kb "$(rollup Pss_Anon reeve-node)"
	echo 1 >/sys/fs/cgroup/bench-busy/cgroup.kill
	wait $! || true
}

# quiet ROW: a policy, no rule of it about paths. The first container that records opens has the node read
# their tags, so before and after that.
quiet() {
	echo '{"name":"other","mode":"enforce","rules":[
		{"subject":"network","cidr":"192.0.2.1","port":1,"action":"deny"}]}' >"$work/other.json"
	row "$1" < <("$bin/inside" "bench-${1//_/-}" --agent --record --agent quiet \
		--agent --policy --agent "$work/other.json" -- "$bin/ops" "$work" open40 open200)
}

# What rules about paths cost: none that is about a path, one whose automaton is done with ours at its
# second byte, and ever more that are not.
measure_globs() {
	local n policy=$work/globs.json
	quiet globs_0_tags
	echo '{"name":"dead","mode":"enforce","rules":[
		{"subject":"file","path":"/no/such/file","action":"deny"}]}' >"$policy"
	row globs_dead < <("$bin/inside" bench-globs-dead --agent --record --agent quiet \
		--agent --policy --agent "$policy" -- "$bin/ops" "$work" open40 open200)
	for n in 10 100 1000 10000; do
		globs $n >"$policy"
		row globs_$n < <("$bin/inside" bench-globs-$n --agent --record --agent quiet \
			--agent --policy --agent "$policy" -- "$bin/ops" "$work" open40 open200)
	done
}

# build ROW [INSIDE_OPTION...]: the build-like load, once, in a directory of its own
build() {
	local name=$1
	shift
	# in memory: ext4 looks at every inode deleted in the last minute before it makes one
	mkdir "$work/file.out"
	mount -t tmpfs tmpfs "$work/file.out"
	row "$name" < <("$bin/inside" "bench-$name" "$@" -- "$bin/ops" "$work" build)
	umount "$work/file.out"
	rmdir "$work/file.out"
}

# What each profile costs on the same load, and whether it holds it.
measure_profiles() {
	local profile ledger
	for profile in none quiet normal all; do
		build "build_$profile" --agent --record --agent $profile
		ledger=$(reeve ledger --json "bench-build_$profile") || true
		put "build_$profile.stored" "$(jq .stored <<<"$ledger")"
		put "build_$profile.lost" "$(jq .lost <<<"$ledger")"
		put "build_$profile.exact" "$(jq '.exact | if . then 1 else 0 end' <<<"$ledger")"
	done
}

# rollup FIELD PROGRAM
rollup() {
	awk -v field="$1:" '$1 == field {print $2}' "/proc/$(pgrep -xo "$2")/smaps_rollup"
}

measure_starts() {
	reeve-load 2>/dev/null
	start reeve "$after_start_refill" /usr/local/bin/reeve-hook
	start used_up "$after_start" /usr/local/bin/reeve-hook
	start empty "$after_start" /usr/local/bin/reeve-hook
	reeve-load 2>/dev/null
	podman_run reeve
	reeve-load 2>/dev/null
	measure_stages
}

# The trace costs about 155 instructions per system call (see README.md): stages, not the total.
measure_stages() {
	local trace=/sys/kernel/tracing event
	echo mono >$trace/trace_clock
	echo 'prev_pid==0 || next_pid==0' >$trace/events/sched/sched_switch/filter
	for event in sched/sched_process_exec sched/sched_process_exit sched/sched_switch \
		syscalls/sys_enter_bpf syscalls/sys_enter_seccomp; do
		echo 1 >"$trace/events/$event/enable"
	done
	: >$trace/trace
	"$bin/wall" 1 "$after_start" crun create -b "$work/bundle" bench >/dev/null
	echo 0 >$trace/events/enable
	awk -f tests/bench/stages.awk $trace/trace >>"$out"
}

meminfo() {
	local used maps
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	# what lies in the allocator's per-cpu lists is free, too
	used=$(awk 'FILENAME ~ /zoneinfo/ {if ($1 == "count:") listed += $2; next}
		{v[$1] = $2}
		END {print v["MemTotal:"] - v["MemFree:"] - v["Buffers:"] - v["Cached:"] \
		- v["AnonPages:"] - listed * 4}' /proc/zoneinfo /proc/meminfo)
	maps=$(bpftool -j map show | jq '[.[] | select(.name | startswith("reeve_")) |
		if .type == "ringbuf" then .max_entries else (.bytes_memlock // 0) end] | add // 0')
	put "$1.kernel_kb" "$used"
	put "$1.maps_bytes" "$maps"
	awk -v p="$1" '$1 ~ /^(Slab|Percpu|PageTables|KernelStack):/ {
		sub(":", "", $1); print p "." $1 "_kb\t" $2}' /proc/meminfo >>"$out"
}

# agent_pss PREFIX: the oldest agent's, and what of it is not the rings and the state page
agent_pss() {
	awk -v p="$1" '/^[0-9a-f]+-/ { ring = /bpf-map/ } $1 == "Pss:" { all += $2; rings += ring * $2 }
		END { printf "%s.pss_kb\t%d\n%s.pss_rest_kb\t%d\n", p, all, p, all - rings }' \
		"/proc/$(pgrep -xo reeve-agent)/smaps" >>"$out"
}

# hold PREFIX "COUNT..." ARGS...: so many at once, ever more, measured at each count, and ended
hold() {
	local prefix=$1 counts=$2 count i=0 pids=()
	shift 2
	meminfo "$prefix.0"
	for count in $counts; do
		for (( ; i < count; i++)); do
			"$bin/inside" "bench-$prefix-$i" "$@" -- "$bin/pause" &
			pids+=($!)
			wait_for running pause $((i + 1)) # let go, so its agent is ready
		done
		sleep 2
		meminfo "$prefix.$count"
		[ $# -eq 0 ] || running reeve-agent "$count"
		[ $# -eq 0 ] || agent_pss "$prefix.$count"
	done
	for ((i = 0; i < count; i++)); do
		echo 1 >"/sys/fs/cgroup/bench-$prefix-$i/cgroup.kill"
	done
	wait "${pids[@]}" || true
}

measure_memory() {
	echo "bench: $KERNEL: memory of $containers containers" >&2
	put containers $containers
	put maps.node_bytes "$(bpftool -j map show | jq '[.[] | select(.name | startswith("reeve_")) |
		select(.name | test("^reeve_(ring|lane|state)$") | not) |
		if .type == "ringbuf" then .max_entries else (.bytes_memlock // 0) end] | add // 0')"
	put maps.ring_bytes "$(grep -oP 'RV_RING_SIZE \(\K\d+' bpf/abi.h | awk '{print $1 * 1024}')"
	put maps.lane_bytes "$(grep -oP 'RV_LANE_SIZE \(\K\d+' bpf/abi.h | awk '{print $1 * 1024}')"
	hold bare $containers
	hold agents "${scale[*]}" --agent --record --agent all
}

prepare
measure_without_reeve
load_reeve
quiet globs_0
measure_reeve
measure_globs
measure_profiles
measure_starts
measure_memory
put complete 1
