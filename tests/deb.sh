#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deb.sh DEB: TAP. What of a package can be checked without installing it; tests/bats/long/deb.bats does that.
set -uo pipefail
deb=$1 top=$(dirname "$(readlink -f "$0")")/..
number=0 failed=0
list=$(dpkg-deb -c "$deb" | awk '{ print $NF }')

# check NAME COMMAND...: its output is why not.
check() {
	local name=$1 said ok=ok
	shift
	number=$((number + 1))
	said=$("$@" 2>&1) || { ok='not ok' failed=1; }
	echo "$ok $number - $name"
	[ "$ok" = ok ] || sed 's/^/# /' <<<"$said"
}

says_nothing() {
	local said
	said=$(lintian --allow-root --fail-on error,warning "$deb" 2>&1) || { echo "$said"; return 1; }
	! grep '^[EW]:' <<<"$said"
}
has() {
	grep -qxF "./$1" <<<"$list" || { echo "$1 is not in it"; return 1; }
}
whole() {
	local program page
	for program in $(sed -n 's/^PROGRAMS := //p' "$top/Makefile"); do
		has "usr/bin/$program" || return 1
	done
	for page in "$top"/build/man/*.[1-9]; do
		has "usr/share/man/man${page##*.}/${page##*/}.gz" || return 1
	done
	has lib/systemd/system/reeve-metrics.socket && has usr/share/doc/reeve/deploy/prometheus/reeve.rules.yml &&
		has etc/reeve/policies/ && has usr/share/doc/reeve/deploy/policies/restricted.json
}
named() {
	local path seen=0
	for path in $(dpkg-deb --fsys-tarfile "$deb" | tar -xO ./lib/systemd/system/reeve-node.service |
		sed -n 's,^Exec[A-Za-z]*=-*\(/usr[^ ]*\).*,\1,p') $(dpkg-deb --fsys-tarfile "$deb" |
		tar -xO ./usr/share/containers/oci/hooks.d/reeve.json | jq -r .hook.path); do
		has "${path#/}" || return 1
		seen=$((seen + 1))
	done
	[ "$seen" -eq 3 ] || { echo "expected 3 programs to be named, found $seen"; return 1; }
}
links() {
	local dir page to rc=0 seen=0
	dir=$(mktemp -d) || return 1
	dpkg-deb -x "$deb" "$dir"
	while read -r page; do
		for to in $(sed '/^```/,/^```/d' "$page" | grep -oE '\]\([^)# ]+' | cut -c3- | grep -v '^[a-z]*:'); do
			seen=$((seen + 1))
			[ -e "${page%/*}/$to" ] || { echo "${page#"$dir"}: $to leads nowhere"; rc=1; }
		done
	done < <(find "$dir/usr/share/doc" -name '*.md')
	rm -rf "$dir"
	[ "$seen" -ge 30 ] || { echo "only $seen links were found"; return 1; }
	return $rc
}
exposure_max=2.8 # what the unit had; less is better, then lower it
exposure() {
	local is said page
	is=$(systemd-analyze security --offline=true --no-pager "$top/deploy/systemd/reeve-node.service" |
		sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p')
	awk -v is="${is:-10}" -v max="$exposure_max" 'BEGIN { exit is > max }' || { echo "it is '$is', more than $exposure_max"; return 1; }
	for page in docs/man/reeve-node.8.md docs/guide.md; do
		said=$(tr '\n' ' ' <"$top/$page" | sed -n 's/.*`systemd-analyze security` says \([0-9.]*[0-9]\).*/\1/p')
		[ "$is" = "$said" ] || { echo "it is '$is', $page says '$said'"; return 1; }
	done
}
# Without a package: what make install puts, make uninstall takes.
taken_back() {
	local dir rc=0
	dir=$(mktemp -d) || return 1
	make -sC "$top" install DESTDIR="$dir" >/dev/null && [ -x "$dir/usr/local/bin/reeve-agent" ] &&
		make -sC "$top" uninstall DESTDIR="$dir" >/dev/null && [ -z "$(find "$dir" ! -type d -print)" ] || rc=1
	find "$dir" ! -type d -print
	rm -rf "$dir"
	return $rc
}

check "lintian finds no error and no warning" says_nothing
check "every program, page and example is in the package" whole
check "every link of the package's documents leads to a file of the package" links
check "the unit and the hook name programs of the package" named
check "systemd-analyze security says of the unit what its page and the guide say, and no more than it did" exposure
check "make uninstall takes away what make install puts" taken_back
echo "1..$number"
exit $failed
