#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cells.sh TABLE FULL RESULT.tap...: TAP. Each row of TABLE is a cell that some suite printed, and once; no other
# was printed. A version that is not the table's is told. FULL=1: every row, else those marked "test".
set -euo pipefail

table=$1 full=$2
shift 2
wanted=$(awk -v full="$full" '!/^(#|$)/ && (full == 1 || $6 == "test") { print $1, $2, $3, $4 }' "$table")
# "# cell KERNEL IMAGE DRIVER RUNTIME VERSION id=ID on=RELEASE LEDGER"; a result that is missing is missed in the rows
printed=$(cat "$@" 2>/dev/null | awk '/^# cell / { print $3, $4, $5, $6, $7 }' | sort)
versions=$printed
printed=$(cut -d ' ' -f 1-4 <<<"$printed")
rows=$(printf '%s\n%s\n' "$wanted" "$printed" | grep . | awk '!seen[$0]++')

number=0 rc=0
echo "1..$(grep -c . <<<"$rows" || true)"
while IFS= read -r row; do
	[ -n "$row" ] || continue
	number=$((number + 1)) why=
	times=$(grep -cxF "$row" <<<"$printed" || true)
	if ! grep -qxF "$row" <<<"$wanted"; then
		why="not in $table: add it"
	elif [ "$times" -ne 1 ]; then
		why="printed $times times, expected once"
	fi
	version=$(awk -v row="$row" 'index($0, row " ") == 1 { print $5; exit }' <<<"$versions")
	tried=$(awk -v row="$row" 'index($0, row " ") == 1 { print $5 }' "$table")
	echo "${why:+not }ok $number cell $row $version"
	[ -z "$version" ] || [ "$version" = "$tried" ] || echo "# $table has $tried"
	[ -z "$why" ] || { rc=1 && echo "# $why"; }
done <<<"$rows"
exit "$rc"
