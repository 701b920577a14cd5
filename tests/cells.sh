#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cells.sh TABLE FULL RESULT.tap...: TAP. Each row of TABLE is a cell that some suite printed, with that version and
# once; no other was printed. FULL=1: every row, else those marked "test".
set -euo pipefail

table=$1 full=$2
shift 2
wanted=$(awk -v full="$full" '!/^(#|$)/ && (full == 1 || $6 == "test") { print $1, $2, $3, $4, $5 }' "$table")
# "# cell KERNEL IMAGE DRIVER RUNTIME VERSION id=ID on=RELEASE LEDGER"; a result that is missing is missed in the rows
printed=$(cat "$@" 2>/dev/null | awk '/^# cell / { print $3, $4, $5, $6, $7 }' | sort)
rows=$(printf '%s\n%s\n' "$wanted" "$printed" | grep . | awk '!seen[$0]++')

number=0 rc=0
echo "1..$(grep -c . <<<"$rows" || true)"
while IFS= read -r row; do
	[ -n "$row" ] || continue
	number=$((number + 1)) why=
	times=$(grep -cxF "$row" <<<"$printed" || true)
	if ! grep -qxF "$row" <<<"$wanted"; then
		why="not in $table: add it, or mend the version of the row it stands for"
	elif [ "$times" -ne 1 ]; then
		why="printed $times times, expected once"
	fi
	echo "${why:+not }ok $number cell $row"
	[ -z "$why" ] || { rc=1 && echo "# $why"; }
done <<<"$rows"
exit "$rc"
