#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# page.sh: TAP. Two records made for it, a node of its own over them, the pages of `reeve report`, and a browser
# that looks at them (page.py). All in a mount namespace: nothing of the machine's is touched. With KEEP=DIR the
# pages and the browser's pictures stay there.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "${REPORT_INSIDE:-}" = 1 ] || REPORT_INSIDE=1 exec unshare -m --propagation private "$0" "$@"
PATH=$PWD/build:$PATH
store=/var/lib/reeve/containers
work=$(mktemp -d)
keep=${KEEP:-$work/kept}
node=
leave() {
	[ -z "$node" ] || { kill "$node" && wait "$node" || true; }
	umount /var/lib/reeve && rm -rf "$work"
}
trap leave EXIT

mount -t tmpfs run /run
mkdir -p /run/reeve /var/lib/reeve "$keep"
cp /etc/passwd /etc/group "$work"
getent passwd reeve >/dev/null || {
	echo 'reeve:x:990:990::/:/usr/sbin/nologin' >>"$work/passwd"
	echo 'reeve:x:990:' >>"$work/group"
	mount --bind "$work/passwd" /etc/passwd
	mount --bind "$work/group" /etc/group
}
mkdir "$work/lib"
mount --bind "$work/lib" /var/lib/reeve
mkdir -p "$store"
build/report/made "$store" story
build/report/made "$store" flood "${FLOOD:-60000}"
reeve-node >"$work/node.log" 2>&1 &
node=$!
for _ in {1..200}; do
	! reeve status >/dev/null 2>&1 || break
	sleep 0.1
done
if [ $# -gt 0 ]; then "$@"; else python3 -I tests/report/page.py "$keep"; fi
