#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# query.sh [RECORDS]: what a question of a long record costs, beside the same question with all of it looked
# through, and beside sqlite3 on the same rows with the best index. Of each the fastest of ROUNDS runs, the
# start of the program included. A node of its own, in a mount namespace of its own: nothing of the
# machine's is touched. Ratios count, times do not. Exit 1: an answer differs or could not be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "${QUERY_INSIDE:-}" = 1 ] || QUERY_INSIDE=1 exec unshare -m --propagation private "$0" "$@"
records=${1:-1000000} rounds=${ROUNDS:-5}
PATH=$PWD/build:$PATH
store=/var/lib/reeve/containers db=bench@1700000000000.db
work=$(mktemp -d)
trap leave EXIT

stop() {
	[ -z "${node:-}" ] || { kill "$node" && wait "$node" || true; }
	node=
}
start() {
	reeve-node >"$work/node.log" 2>&1 &
	node=$!
	for _ in {1..100}; do
		reeve status >/dev/null 2>&1 && return
		sleep 0.1
	done
	cat "$work/node.log" >&2
	exit 1
}
leave() {
	stop
	umount "$store" 2>/dev/null || true
	umount /var/lib/reeve && rm -rf "$work"
}
# fastest FILE COMMAND...: microseconds; what it prints goes to FILE
fastest() {
	local file=$1 best=0 begin end i
	shift
	for ((i = 0; i < rounds; i++)); do
		begin=${EPOCHREALTIME/[.,]/}
		"$@" >"$file"
		end=${EPOCHREALTIME/[.,]/}
		if [ "$best" -eq 0 ] || [ $((end - begin)) -lt "$best" ]; then best=$((end - begin)); fi
	done
	echo "$best"
}
memory() {
	awk '/^VmHWM/ { print $2 }' "/proc/$node/status"
}

mount -t tmpfs run /run
mkdir -p /run/reeve /var/lib/reeve
cp /etc/passwd /etc/group "$work"
getent passwd reeve >/dev/null || {
	echo 'reeve:x:990:990::/:/usr/sbin/nologin' >>"$work/passwd"
	echo 'reeve:x:990:' >>"$work/group"
	mount --bind "$work/passwd" /etc/passwd
	mount --bind "$work/group" /etc/group
}
mkdir "$work/lib" "$work/plain"
mount --bind "$work/lib" /var/lib/reeve
mkdir -p "$store"
build/bench/fill "$store" "$records"
build/bench/fill "$work/plain" "$records" no-index
cp "$store/$db" "$work/indexed.db"
sqlite3 "$work/indexed.db" 'create index by_path on events(path); create index by_verdict on events(verdict);
	create index by_pid on events(pid,verdict); create index by_time on events(wall_ns);'
echo "$records records: $(stat -c %s "$work/plain/$db") bytes, with the index $(stat -c %s "$store/$db"), with four of SQLite's $(stat -c %s "$work/indexed.db")"

# what it is | the question | the same in SQL
ask() {
	sed 's/^\t*//' <<-'END'
		a path|--path /usr/share/app/module7/data3/file11.js|path='/usr/share/app/module7/data3/file11.js'
		a path there is not|--path /none|path='/none'
		denials|--verdict denied|verdict='denied'
		denials of a process|--pid 1003 --verdict denied|pid=1003 and verdict='denied'
		denials below a directory|--path /usr/share/app/module7/** --verdict denied|verdict='denied' and path glob '/usr/share/app/module7/*'
		half a second|--since 2023-11-14T22:15:00Z --until 2023-11-14T22:15:00.5Z|wall_ns>=1700000100000000000 and wall_ns<1700000100500000000
		the last 50|--tail 50|1 order by seq desc limit 50
	END
}
columns='seq,kind,wall_ns,verdict,pid,path,hex(record)'
declare -A ours theirs lines
start
before=$(memory)
while IFS='|' read -r name question sql; do
	set -f
	# shellcheck disable=SC2086
	ours[$name]=$(fastest "$work/answer" reeve logs bench $question)
	theirs[$name]=$(fastest "$work/rows" sqlite3 "$work/indexed.db" "select $columns from events where $sql")
	set +f
	lines[$name]=$(wc -l <"$work/answer")
	[ "${lines[$name]}" -eq "$(wc -l <"$work/rows")" ] || {
		echo "query: $name: ${lines[$name]} records, by SQL $(wc -l <"$work/rows")" >&2
		exit 1
	}
done < <(ask)
grown=$(($(memory) - before))
stop
# Where nothing can be written there is no index to be made.
mount --bind "$work/plain" "$store"
mount -o remount,ro,bind "$store"
rounds=1
start
printf '%-28s %8s %12s %12s %12s\n' question records 'us' 'x a scan' 'of sqlite3'
while IFS='|' read -r name question sql; do
	set -f
	# shellcheck disable=SC2086
	scan=$(fastest "$work/answer" reeve logs bench $question)
	set +f
	[ "${lines[$name]}" -eq "$(wc -l <"$work/answer")" ] || { echo "query: $name: not the same without the index" >&2; exit 1; }
	awk -v name="$name" -v n="${lines[$name]}" -v o="${ours[$name]}" -v s="$scan" -v q="${theirs[$name]}" \
		'BEGIN { printf "%-28s %8d %12d %12.1f %12.2f\n", name, n, o, s / o, o / q }'
done < <(ask)
echo "the node's peak memory grew by $grown KiB while it was asked"
