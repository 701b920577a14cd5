#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job on real input: a container under crun, its events live, a denial, its log queried.
# Run by `make demo`, in the test guest, or with HOST=1 on this machine: then as root, with crun, jq and a
# static busybox there. Leaves nothing behind that was not there before.
set -euo pipefail

bin=$(cd "${1:-$(dirname "$0")/../build}" && pwd)
export PATH=$bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
id=demo-$$
work=$(mktemp -d)
started_node='' made_user='' loaded='' made_policy='' made_store='' made_crun=''

say() {
	printf '\n\033[1m== %s\033[0m\n' "$*"
}

cleanup() {
	local rc=$?
	crun delete -f "$id" 2>/dev/null || true
	[ -z "$started_node" ] || { kill "$started_node" && wait "$started_node"; } 2>/dev/null || true
	[ -z "$made_policy" ] || rm -f /etc/reeve/policies/demo.json
	rmdir /etc/reeve/policies /etc/reeve 2>/dev/null || true
	if [ -n "$loaded" ]; then
		reeve unload >/dev/null || true
		if [ -n "$made_store" ]; then
			rm -rf /var/lib/reeve
		else
			rm -f /var/lib/reeve/containers/"$id"@*.db* /var/lib/reeve/seal/containers/"$id"@*
		fi
		rm -f /run/reeve/load.lock
		rmdir /run/reeve/c /run/reeve 2>/dev/null || true
	fi
	[ -z "$made_crun" ] || rmdir /run/crun 2>/dev/null || true
	[ -z "$made_user" ] || deluser --quiet --system reeve || true
	rm -rf "$work"
	exit "$rc"
}
trap cleanup EXIT

[ -e /var/lib/reeve ] || made_store=1
[ -e /run/crun ] || made_crun=1
if ! getent passwd reeve >/dev/null; then
	adduser --system --group --no-create-home --quiet reeve
	made_user=1
fi
say "reeve doctor"
reeve doctor
[ -e /sys/fs/bpf/reeve/map/reeve_meta ] || loaded=1
if ! reeve status >/dev/null 2>&1; then
	reeve-node >"$work/node.log" 2>&1 &
	started_node=$!
	for _ in $(seq 50); do
		reeve status >/dev/null 2>&1 && break
		sleep 0.1
	done
fi
reeve-load

say "a bundle whose config names our hook, and a policy: /etc/shadow may not be opened"
mkdir -p "$work/rootfs"/{bin,dev,etc,proc,sys,tmp} /etc/reeve/policies
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
for applet in sh cat nc; do
	ln -s busybox "$work/rootfs/bin/$applet"
done
echo 'root:!:1::::::' >"$work/rootfs/etc/shadow"
echo 'root:x:0:0::/:/bin/sh' >"$work/rootfs/etc/passwd"
[ ! -e /etc/reeve/policies/demo.json ] || { echo "/etc/reeve/policies/demo.json is in the way"; exit 1; }
made_policy=1
cat >/etc/reeve/policies/demo.json <<'JSON'
{
  "name": "demo",
  "mode": "enforce",
  "rules": [
    {"subject": "file", "path": "/etc/shadow", "action": "deny"}
  ]
}
JSON
cat /etc/reeve/policies/demo.json
script='echo "container: hello"; cat /etc/passwd >/dev/null; nc 127.0.0.1 80 </dev/null 2>/dev/null; cat /etc/shadow'
(cd "$work" && crun spec)
jq --arg hook "$bin/reeve-hook" --arg script "$script" '
	.process.terminal = false | .process.args = ["/bin/sh", "-c", $script] | .root.path = "rootfs" |
	.annotations["io.reeve.policy"] = "demo" |
	.hooks.createRuntime = [{path: $hook, args: ["reeve-hook", "createRuntime"], timeout: 10}]' \
	"$work/config.json" >"$work/new" && mv "$work/new" "$work/config.json"
jq '{hooks, annotations}' "$work/config.json"

say "crun create: the hook has started the agent, the container is PREPARED"
(cd "$work" && crun create "$id" </dev/null >"$work/out" 2>&1)
reeve ps

say "crun start, with its events live (reeve logs -f)"
reeve logs -f "$id" &
follow=$!
crun start "$id"
wait "$follow"
sed 's/^/the container printed: /' "$work/out"
grep -q "can't open '/etc/shadow': Permission denied" "$work/out"
crun delete -f "$id" 2>/dev/null || true

say "the same from the record, after the container is gone: reeve logs, reeve ledger"
reeve logs "$id" | tee "$work/log"
reeve ledger "$id"

# The demo is a check, too: what it claims to show must be in the record.
record=$(reeve logs --json "$id")
jq -es '(.[0].kind == "armed") and
	any(.[]; .kind == "exec" and .argv[0] == "/bin/sh") and
	any(.[]; .kind == "open" and .verdict == "allowed" and .path == "/etc/passwd") and
	any(.[]; .kind == "connect" and .fport == 80) and
	any(.[]; .kind == "open" and .verdict == "denied" and .path == "/etc/shadow")' <<<"$record" >/dev/null
say "done: armed, exec, open, connect, one denial, exact"
