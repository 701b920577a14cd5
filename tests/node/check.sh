#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check.sh SCRIPT [NODE_OPTION]...: runs tests/node/SCRIPT beside a node of its own, in namespaces of its own (mounts and
# network): nothing of the machine's is touched but cgroups, which are named by the test's pid and removed. The
# node has one container on record, `bench` of 20,000 records; whatever else there is the script makes up (agent.py).
# With NODE=0 the script starts the node itself. No kernel program is loaded. TAP on stdout. Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "${NODE_INSIDE:-}" = 1 ] || NODE_INSIDE=1 exec unshare --mount --net --propagation private "$0" "$@"
script=$1
shift
PATH=$PWD/build:$PATH
export NODE_WORK CGROUP2=/run/cgroup2 PYTHONDONTWRITEBYTECODE=1
NODE_WORK=$(mktemp -d)
node=
leave() {
	[ -z "$node" ] || { kill "$node" && wait "$node" || true; }
	umount "$CGROUP2" /var/lib/reeve || true
	rm -rf "$NODE_WORK"
}
trap leave EXIT

mount -t tmpfs run /run
mkdir -p "$CGROUP2" /run/reeve /var/lib/reeve "$NODE_WORK/lib/containers"
mount -t cgroup2 cgroup2 "$CGROUP2"
mount --bind "$NODE_WORK/lib" /var/lib/reeve
ip link set lo up
cp /etc/passwd /etc/group "$NODE_WORK"
getent passwd reeve >/dev/null || {
	echo 'reeve:x:990:990::/:/usr/sbin/nologin' >>"$NODE_WORK/passwd"
	echo 'reeve:x:990:' >>"$NODE_WORK/group"
	mount --bind "$NODE_WORK/passwd" /etc/passwd
	mount --bind "$NODE_WORK/group" /etc/group
}
build/bench/fill /var/lib/reeve/containers 20000
if [ "${NODE:-1}" = 0 ]; then
	/usr/bin/python3 "tests/node/$script"
	exit
fi
reeve-node "$@" >"$NODE_WORK/node.log" 2>&1 &
node=$!
for _ in {1..100}; do
	reeve status >/dev/null 2>&1 && break
	sleep 0.1
done
NODE_PID=$node /usr/bin/python3 "tests/node/$script" || { rc=$?; sed 's/^/# /' "$NODE_WORK/node.log"; exit "$rc"; }
