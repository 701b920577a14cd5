#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host.sh: reeve-host under the shell of the image, on a directory in place of a node, with programs that only say what
# they were asked. What it really does to a node: tests/bats/long/kube.bats. TAP on stdout.
# shellcheck disable=SC2016,SC2034 # what is checked is evaluated later
set -u
here=$(dirname "$(readlink -f "$0")")
node=$(mktemp -d) number=0 failed=0
trap 'rm -rf "$node"' EXIT
export REEVE_ROOT=$node/root REEVE_PROGRAMS=$node/bin REEVE_NAMESPACE=reeve

check() {
	number=$((number + 1))
	if eval "$2"; then
		echo "ok $number - kube: host: $1"
	else
		echo "not ok $number - kube: host: $1"
		sed 's/^/# /' "$node/said"
		(cd "$node/root" && find . | sort | sed 's/^/# /')
		failed=1
	fi
}
host() {
	busybox sh "$here/../../deploy/kubernetes/reeve-host" "$@" >"$node/said" 2>&1
	status=$?
}
# fresh: an empty node, and programs of build $1.
fresh() {
	rm -rf "$node/root"
	mkdir -p "$node"/root/{opt/reeve,etc/reeve,run/reeve,var/lib/reeve,host/hooks.d}
	mkdir -p "$node"/root/host/{opt,etc,run,var/lib}/reeve
	echo 'root:x:0:0::/root:/bin/sh' >"$node/root/host/passwd"
	programs "$1"
}
programs() {
	local p
	rm -rf "${node:?}/bin"
	mkdir -p "$node/bin"
	for p in reeve reeve-hook reeve-agent reeve-node reeve-load; do
		printf '#!/bin/busybox sh\necho "%s %s $*"\n[ ! -e %s/busy ] || [ %s != reeve-load ]\n' "$p" "$1" "$node" "$p" >"$node/bin/$p"
		chmod 755 "$node/bin/$p"
	done
}
listing() {
	(cd "$node/root" && find . -printf '%p %M %l\n' -type f -exec sha256sum {} + | sort)
}
root=$node/root

fresh one
host install
check "installs" '[ $status = 0 ] && [ "$("$root/opt/reeve/bin/reeve-hook")" = "reeve-hook one " ]'
check "registers the hook, as JSON" 'jq -e ".hook.path == \"/opt/reeve/bin/reeve-hook\" and .stages == [\"createRuntime\"]" "$root/host/hooks.d/reeve-kubernetes.json" >/dev/null'
check "reeve-runc has its hook, as JSON" 'jq -e ".hook[0] == \"/opt/reeve/bin/reeve-hook\" and .fail == \"open\"" "$root/etc/reeve/runc.json" >/dev/null'
check "the user is in a file of its own" 'grep -qx "reeve:x:64742:64742::/nonexistent:/usr/sbin/nologin" "$root/etc/reeve/passwd" && grep -qx reeve:x:64742: "$root/etc/reeve/group"'
check "its namespace is exempt" 'grep -qx reeve "$root/etc/reeve/exempt"'
before=$(listing)
host install
check "twice changes nothing" '[ "$before" = "$(listing)" ]'
REEVE_EXEMPT='kube-system  monitoring' REEVE_FAIL=closed REEVE_RUNTIME=/usr/bin/crun host install
REEVE_EXEMPT='/*' host install
check "a word of the exempt is no pattern" 'grep -qxF "/*" "$root/etc/reeve/exempt"'
REEVE_EXEMPT='kube-system  monitoring' REEVE_FAIL=closed REEVE_RUNTIME=/usr/bin/crun host install
check "settings" 'grep -qx monitoring "$root/etc/reeve/exempt" && jq -e ".hook.args[2] == \"closed\"" "$root/host/hooks.d/reeve-kubernetes.json" >/dev/null && jq -e ".runtime == \"/usr/bin/crun\"" "$root/etc/reeve/runc.json" >/dev/null'

build=$(readlink "$root/opt/reeve/bin")
: >"$root/opt/reeve/$build/reeve-hook"
host install
check "programs that a disk has spoiled are made anew" '[ $status = 0 ] && [ "$("$root/opt/reeve/bin/reeve-hook")" = "reeve-hook one " ] && [ "$(readlink "$root/opt/reeve/bin")" = "$build" ]'

programs two
host install
check "another build takes all programs over at once" '[ "$("$root/opt/reeve/bin/reeve-agent")" = "reeve-agent two " ] && [ "$(ls "$root/opt/reeve/builds" | wc -l)" = 2 ]'
programs three
host install
check "only the build before it stays" '[ "$("$root/opt/reeve/bin/reeve-agent")" = "reeve-agent three " ] && [ "$(ls "$root/opt/reeve/builds" | wc -l)" = 2 ]'
programs four
touch "$node/busy"
host install
check "while containers use another build, the node keeps it, whole" '[ $status = 0 ] && [ "$("$root/opt/reeve/bin/reeve-agent")" = "reeve-agent three " ] && grep -q "the node keeps" "$node/said"'
fresh five
host install
check "programs that cannot be loaded at all are a failure, and no hook is registered" '[ $status = 1 ] && [ ! -e "$root/opt/reeve/bin" ] && [ -z "$(ls "$root/host/hooks.d")" ]'
rm "$node/busy"

fresh one
echo 'reeve:x:997:995::/:/bin/false' >>"$root/host/passwd"
host install
check "the node's own user reeve is taken" 'grep -q "^reeve:x:997:995:" "$root/etc/reeve/passwd"'
fresh one
echo 'other:x:64742:1::/:/bin/false' >>"$root/host/passwd"
host install
check "a number that is somebody's is refused" '[ $status = 1 ] && grep -q "uid 64742 is the node.s user other: set REEVE_UID" "$node/said" && [ ! -e "$root/etc/reeve/passwd" ]'
REEVE_UID=64743 host install
check "another number is taken" 'grep -q "^reeve:x:64743:" "$root/etc/reeve/passwd"'
fresh one
mkdir "$root/etc/reeve/policies"
echo '{}' >"$root/etc/reeve/policies/own.json"
host install
check "policies of somebody else stop it" '[ $status = 1 ] && grep -q "came from elsewhere" "$node/said" && [ ! -e "$root/opt/reeve/bin" ]'
fresh one
echo '{"hook": {"path": "/usr/bin/reeve-hook"}}' >"$root/host/hooks.d/reeve.json"
host install
check "another installation stops it" '[ $status = 1 ] && grep -q "reeve.json in its hooks directory names reeve-hook" "$node/said"'
fresh one
REEVE_NAMESPACE='' host install
check "a pod that does not know its namespace stops it: it could be locked out" '[ $status = 1 ] && grep -q REEVE_NAMESPACE "$node/said" && [ -z "$(ls "$root/etc/reeve" "$root/host/hooks.d" | grep -v :)" ]'

fresh one
host install
rm -r "$root"/host/{opt,etc,run,var}
mkdir -p "$root/host/var" && ln -s "$root/opt" "$root/etc" "$root/run" "$root/host/" && ln -s "$root/var/lib" "$root/host/var/lib"
echo record >"$root/var/lib/reeve/x.db"
mv "$root/host/hooks.d" "$root/host/other.d"
before=$(listing)
host uninstall
check "a hook in a directory that is not there stops it: no container could start" '[ $status = 1 ] && grep -q "not mounted here" "$node/said" && [ "$before" = "$(listing)" ]'
mkdir "$root/host/hooks.d"
before=$(listing)
host uninstall
check "so does one in another directory" '[ $status = 1 ] && grep -q "not mounted here" "$node/said" && [ "$before" = "$(listing)" ]'
host install
check "a second directory is told" '[ $status = 0 ] && grep -q "if it is another one, remove the file there" "$node/said"'
rm -r "$root/host/other.d"
for pod in containerd/io.containerd.runtime.v2.task/k8s.io/aaa k3s/containerd/io.containerd.runtime.v2.task/k8s.io/bbb; do
	mkdir -p "$root/run/$pod"
	printf /opt/reeve/bin/reeve-runc >"$root/run/$pod/runtime"
done
mkdir -p "$root/run/containerd/io.containerd.runtime.v2.task/k8s.io/ccc"
printf runc >"$root/run/containerd/io.containerd.runtime.v2.task/k8s.io/ccc/runtime"
before=$(listing)
host uninstall
check "pods that need reeve-runc to be stopped are named, and keep all of it" '[ $status = 1 ] && grep -q "without it: k8s.io/aaa k8s.io/bbb; delete" "$node/said" && [ "$before" = "$(listing)" ]'
rm -r "$root/run/k3s" "$root/run/containerd"
host uninstall
check "uninstalls, the records excepted" '[ $status = 0 ] && [ ! -e "$root/opt/reeve" ] && [ ! -e "$root/etc/reeve" ] && [ ! -e "$root/run/reeve" ] && [ -e "$root/var/lib/reeve/x.db" ] && [ -z "$(ls "$root/host/hooks.d")" ]'
host uninstall --purge
check "twice is no failure; with --purge the records go as well" '[ $status = 0 ] && [ ! -e "$root/var/lib/reeve" ]'
host uninstall --prune
check "a mistyped option removes nothing" '[ $status = 1 ] && grep -q "expected --purge" "$node/said"'
host
check "no verb is told" '[ $status = 1 ] && grep -q "expected: reeve-host install" "$node/said"'
echo "1..$number"
exit $failed
