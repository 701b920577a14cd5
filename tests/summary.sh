#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# summary.sh RESULT.tap...: add up every suite, name each failure, judge each skip.
#
# A skip that tests/skips.list (or $SKIPS) does not know is a failure; so are a
# result file without a single test and a plan (1..N) that was not fulfilled. Behind
# a failure stand the first and last lines of what its test said, then every "# cell" line. The last line is
# always "N passed, N failed, N skipped"; status 1 if any failed or nothing ran.
# Reads TAP only, knows nothing of how it was made.
set -euo pipefail

skips=${SKIPS:-$(dirname "$0")/skips.list}
passed=0 failed=0 skipped=0

fail() {
	failed=$((failed + 1))
	echo "FAILED [$1] $2"
}

# skip_known SUITE TEST: is there a line for it? Globs, so the patterns stay unquoted.
skip_known() {
	local suite test reason
	while IFS=$'\t' read -r suite test reason; do
		case $suite in '' | '#'*) continue ;; esac
		[ -n "$reason" ] || continue
		# shellcheck disable=SC2053
		[[ $1 == $suite && $2 == $test ]] && return 0
	done <"$skips"
	return 1
}

# strip TEXT: the test's name without number, timing and directive.
strip() {
	sed -E 's/^(not )?ok *[0-9]* *(- )?//; s/ # (skip|SKIP|todo|TODO).*//; s/ (# )?in [0-9]+ ?(ms|sec|s)$//' <<<"$1"
}

# tell LINE...: the first two and the last six of them, cut to 160 bytes.
tell() {
	local at=0 line
	for line; do
		at=$((at + 1))
		[ "$at" -gt 2 ] && [ "$at" -le $(($# - 6)) ] || printf '    %.160s\n' "$line"
	done
}

sum_file() {
	local file=$1 suite plan=-1 seen=0 line name telling=0 said=()
	suite=$(basename "$file" .tap)
	if [ ! -r "$file" ]; then
		fail "$suite" "no result file $file"
		return
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line%$'\r'}
		if [ "$telling" = 1 ] && [[ $line == '#'* ]]; then
			said+=("$line")
			continue
		fi
		tell "${said[@]}"
		telling=0 said=()
		case $line in
		1..[0-9]*)
			plan=${line#1..}
			plan=${plan%%[!0-9]*}
			;;
		'not ok 0 '*) fail "$suite" "$(strip "$line")" ;;
		'not ok '*)
			seen=$((seen + 1)) telling=1
			fail "$suite" "$(strip "$line")"
			;;
		'ok '*'# skip'* | 'ok '*'# SKIP'*)
			seen=$((seen + 1))
			name=$(strip "$line")
			if skip_known "$suite" "$name"; then
				skipped=$((skipped + 1))
				echo "skipped [$suite] $name"
			else
				fail "$suite" "$name (skipped: ${line##*# [sS][kK][iI][pP]}; not in $skips)"
			fi
			;;
		'ok '*)
			seen=$((seen + 1))
			passed=$((passed + 1))
			;;
		esac
	done <"$file"
	tell "${said[@]}"
	[ "$seen" -gt 0 ] || fail "$suite" "no test ran"
	[ "$plan" -lt 0 ] || [ "$plan" -eq "$seen" ] || fail "$suite" "planned $plan tests, saw $seen"
}

[ $# -gt 0 ] || set -- /nonexistent/no-results.tap
for tap in "$@"; do
	sum_file "$tap"
done
# The matrix of runtimes, as its suite printed it.
grep -h '^# cell ' "$@" 2>/dev/null | cut -c3- || true
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
