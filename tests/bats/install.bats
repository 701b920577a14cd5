#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# `reeve install` and `uninstall` at their outside: the question, places that cannot be written, owners and
# labels. What becomes of which file is in tests/unit/install.
bats_require_minimum_version 1.5.0
load lib
load reeve

setup() {
	root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"/{etc/containers,etc/docker,usr/bin,usr/local/bin,usr/share/containers/oci/hooks.d,var/lib}
	cp /bin/true "$root/usr/bin/podman"
	cp /bin/true "$root/usr/local/bin/reeve-hook"
	cp /bin/true "$root/usr/local/bin/reeve-runc"
}

teardown() {
	umount "$root/usr" 2>/dev/null || true
	umount "$root/etc" 2>/dev/null || true
}

# everything in the root: kind, mode, owner, time of files, attributes, content.
tree() {
	(cd "$root" && find . -type d -printf '%y %m %U:%G %p\n' -o -printf '%y %m %U:%G %T@ %p %l\n' | sort &&
		find . -type f -print0 | sort -z | xargs -0 sha256sum && getfattr -R -d -m - . | sort)
}

install_reeve() {
	reeve install --root "$root" --prefix /usr/local "$@"
}

@test "reeve install asks on a terminal, and takes nothing but yes for an answer" {
	tree >"$BATS_TEST_TMPDIR/before"
	run -1 install_reeve
	[[ $output == *"without a terminal to ask on, say --yes"* ]]
	for answer in n '' maybe; do
		printf '%s\n' "$answer" | socat -t 10 - EXEC:"reeve install --root $root --prefix /usr/local",pty,setsid,ctty,stderr >"$BATS_TEST_TMPDIR/said" || true
		grep -q 'Do this? \[y/N\]' "$BATS_TEST_TMPDIR/said"
		grep -q 'nothing is changed' "$BATS_TEST_TMPDIR/said"
	done
	tree | diff "$BATS_TEST_TMPDIR/before" -
	printf 'y\n' | socat -t 10 - EXEC:"reeve install --root $root --prefix /usr/local",pty,setsid,ctty,stderr
	grep -q '"/usr/local/bin/reeve-hook"' "$root/usr/share/containers/oci/hooks.d/reeve.json"
	reeve uninstall --root "$root" --yes
	tree | diff "$BATS_TEST_TMPDIR/before" -
}

@test "podman, CRI-O: a read-only /usr gets the hook below /etc and a setting, once and back" {
	cp /bin/true "$root/usr/bin/crio"
	tree >"$BATS_TEST_TMPDIR/before"
	mount --bind "$root/usr" "$root/usr"
	mount -o remount,bind,ro "$root/usr"
	install_reeve --yes
	jq -e '.hook.path == "/usr/local/bin/reeve-hook"' "$root/etc/containers/oci/hooks.d/reeve.json"
	cat "$root/etc/containers/containers.conf.d/99-reeve.conf" "$root/etc/crio/crio.conf.d/99-reeve.conf"
	grep -qx 'hooks_dir = \["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"\]' \
		"$root/etc/containers/containers.conf.d/99-reeve.conf"
	grep -qx '\[crio.runtime\]' "$root/etc/crio/crio.conf.d/99-reeve.conf"
	tree >"$BATS_TEST_TMPDIR/installed"
	run -0 install_reeve --yes
	[[ $output == *"nothing to change"* ]]
	tree | diff "$BATS_TEST_TMPDIR/installed" -
	reeve uninstall --root "$root" --yes
	tree | diff "$BATS_TEST_TMPDIR/before" -
}

@test "reeve install: where nothing can be written it says so, and what to do" {
	tree >"$BATS_TEST_TMPDIR/before"
	mount --bind "$root/usr" "$root/usr"
	mount -o remount,bind,ro "$root/usr"
	mount --bind "$root/etc" "$root/etc"
	mount -o remount,bind,ro "$root/etc"
	run -1 install_reeve --yes
	[[ $output == *"neither the directories podman reads (/usr/share/containers/oci/hooks.d) nor /etc/containers/oci/hooks.d can be written"* ]]
	run -1 install_reeve --yes --runtime docker
	[[ $output == *"write /etc/docker/daemon.json: Read-only file system"* ]]
	tree | diff "$BATS_TEST_TMPDIR/before" -
}

@test "docker: owner, mode, label and time of daemon.json are what they were" {
	printf '{\n  "debug": true\n}\n' >"$root/etc/docker/daemon.json"
	chown 12:34 "$root/etc/docker/daemon.json"
	chmod 0604 "$root/etc/docker/daemon.json"
	setfattr -n trusted.label -v mine "$root/etc/docker/daemon.json"
	touch -d '2020-02-02 02:02:02.020202' "$root/etc/docker/daemon.json"
	tree >"$BATS_TEST_TMPDIR/before"
	install_reeve --yes --runtime docker
	[ "$(stat -c '%u:%g %a' "$root/etc/docker/daemon.json")" = "12:34 604" ]
	[ "$(getfattr --only-values -n trusted.label "$root/etc/docker/daemon.json")" = mine ]
	jq -e '.runtimes.reeve.path == "/usr/local/bin/reeve-runc" and .debug' "$root/etc/docker/daemon.json"
	reeve uninstall --root "$root" --yes
	tree | diff "$BATS_TEST_TMPDIR/before" -
}

@test "reeve install refuses what it does not know" {
	run -2 reeve install --runtime rkt
	[[ $output == *"--runtime rkt: expected auto, podman, crio, docker or containerd"* ]]
	run -2 reeve install --prefix here
	[[ $output == *"--prefix here: expected an absolute path"* ]]
	run -2 reeve uninstall --runtime podman
	run -1 reeve install --root "$root/nowhere"
	rm "$root/usr/bin/podman"
	run -1 install_reeve --yes
	[[ $output == *"found none of podman, crio, dockerd and containerd"* ]]
}
