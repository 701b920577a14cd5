#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: 6.12-engines
# kube.bats: the rendered DaemonSet on a host with podman, from installation to its removal; each test goes on where
# the one before it stopped.

bats_require_minimum_version 1.5.0
load ../lib
load ../reeve
load ../kube

image=localhost/reeve
setup_file() {
	kube_setup >&2
	host_files >/var/tmp/before
}
teardown_file() {
	kube_teardown >&2
	rm -f /var/tmp/before /var/tmp/after /var/tmp/web-id
}
setup() {
	export PATH=/opt/reeve/bin:$PATH
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || { podman ps -a; podman logs reeve-pod-install; podman logs reeve-pod-node; } 2>&1 | tail -n 30
}

node() {
	podman exec reeve-pod-node "$@"
}
node_ready() {
	node reeve status && podman healthcheck run reeve-pod-node
}
# denied ID: how many opens of /secret its record has, and all of them as denied.
denied() {
	logs "$1" 'select(.kind == "open" and .path == "/secret") | .verdict' >"$BATS_TEST_TMPDIR/verdicts"
	if grep -vx '"denied"' "$BATS_TEST_TMPDIR/verdicts" >&2; then return 1; fi
	wc -l <"$BATS_TEST_TMPDIR/verdicts"
}
more_denied() {
	[ "$(denied "$1")" -gt "$2" ]
}

@test "kube: the DaemonSet comes up ready, with no more than the manifest gives it" {
	local pid caps
	manifest default.json '{"name": "default", "mode": "enforce", "rules": [{"subject": "file", "path": "/secret", "action": "deny"}]}'
	BATS_TEST_TIMEOUT=600 "${play[@]}" "$play_yaml"
	retry 30 node_ready
	pid=$(podman inspect -f '{{.State.Pid}}' reeve-pod-node)
	caps=$(jq -r '.node | map("cap_" + ascii_downcase) | sort | join(",")' /reeve/tests/kube/capabilities.json)
	[ "$(capsh --decode="$(awk '/^CapBnd/ { print $2 }' "/proc/$pid/status")" | cut -d= -f2 | tr , '\n' | sort | paste -sd,)" = "$caps" ]
	grep -qx 'NoNewPrivs:	1' "/proc/$pid/status"
	grep -qx 'Seccomp:	2' "/proc/$pid/status"
	run ! node touch /here
	node reeve doctor
	[ "$(reeve ps --json | jq length)" -eq 0 ] # its own namespace is exempt, and it said so
	grep 'reeve-hook.*not guarded, its namespace reeve is in /etc/reeve/exempt' /var/log/messages
	grep -q '"/secret"' /etc/reeve/policies/default.json
}

@test "kube: a container on that host is guarded, denied and recorded; a tenant's word does not exempt it" {
	local id
	id=$(podman run -d --network none --annotation io.kubernetes.cri.sandbox-namespace=reeve \
		--annotation io.kubernetes.pod.namespace=shop localhost/bb:1 /bin/sh -c 'cat /secret; cat /etc/passwd')
	[ "$(podman wait "$id")" -eq 0 ]
	podman logs "$id" 2>&1 | grep "/secret.*Permission denied"
	await_end "$id"
	[ "$(denied "$id")" -eq 1 ]
	complete "$id"
	node reeve ps -a | grep -q "${id:0:12}"
	podman rm "$id"
}

@test "kube: a change of the ConfigMap is followed by running containers, a mistake in it is not" {
	local id dir
	id=$(podman run -d --network none localhost/bb:1 /bin/sleep 1000)
	podman exec "$id" cat /etc/passwd
	dir=$(podman volume inspect -f '{{.Mountpoint}}' reeve-policies)
	# As the kubelet does it.
	mkdir "$dir/..2"
	echo '{"name": "default", "mode": "enforce", "rules": [{"subject": "file", "path": "/{secret,etc/passwd}", "action": "deny"}]}' >"$dir/..2/default.json"
	ln -s ..2 "$dir/..data_tmp"
	mv -T "$dir/..data_tmp" "$dir/..data"
	retry 30 refused "$id" /etc/passwd
	mkdir "$dir/..3"
	echo '{"name": "default", "mode": "enforce", "rules": [{"subject": "flie"}]}' >"$dir/..3/default.json"
	ln -s ..3 "$dir/..data_tmp"
	mv -T "$dir/..data_tmp" "$dir/..data"
	retry 10 said 'default.json:1:.*flie'
	refused "$id" /etc/passwd
	refused "$id" /secret
	podman rm -f -t 0 "$id"
}
refused() {
	! podman exec "$1" cat "$2" >/dev/null 2>&1
}
said() {
	podman logs reeve-pod-node 2>&1 | grep "$1"
}

@test "kube: a rollout to another image loses no denial and no event, and the new node takes over" {
	local id before tries key
	id=$(podman run -d --network none localhost/bb:1 /bin/sh -c \
		'n=0; while [ ! -e /stop ]; do cat /secret 2>/dev/null && echo OPENED; n=$((n + 1)); done; echo "tries $n"')
	retry 20 more_denied "$id" 5
	before=$(readlink /opt/reeve/bin)
	mkdir "$BATS_TEST_TMPDIR/new"
	cp "$(readlink -f /opt/reeve/bin)/reeve" "$BATS_TEST_TMPDIR/new/reeve"
	echo new >>"$BATS_TEST_TMPDIR/new/reeve"
	printf 'FROM %s:0.1.0\nCOPY reeve /usr/local/bin/reeve\n' "$image" >"$BATS_TEST_TMPDIR/new/Containerfile"
	podman build -q --isolation chroot -t "$image:0.1.1" "$BATS_TEST_TMPDIR/new"
	sed -i "s|$image:0.1.0|$image:0.1.1|" "$play_yaml"
	"${play[@]}" --replace "$play_yaml"
	retry 30 node_ready
	[ "$(readlink /opt/reeve/bin)" != "$before" ]
	cmp /opt/reeve/bin/reeve "$BATS_TEST_TMPDIR/new/reeve"
	more_denied "$id" "$(denied "$id")" || retry 20 more_denied "$id" "$(denied "$id")"
	# An agent that dies now is the new node's to replace, from inside its container.
	key=$(key_of "$id")
	pkill -KILL -x reeve-agent
	retry 30 served "$key"
	podman exec "$id" touch /stop
	podman wait "$id"
	podman logs "$id" >"$BATS_TEST_TMPDIR/logs" 2>&1
	tries=$(sed -n 's/^tries //p' "$BATS_TEST_TMPDIR/logs")
	run ! grep OPENED "$BATS_TEST_TMPDIR/logs"
	await_end "$id"
	echo "tries $tries, denied on record $(denied "$id")"
	[ "$(denied "$id")" -eq "$tries" ]
	complete "$id"
	podman rm "$id"
}
# Of a guarded container the name of its pins; whether an agent, in its own cgroup on the host, serves it.
key_of() {
	printf '%016x' "$(stat -c %i "/sys/fs/cgroup$(cut -d: -f3 "/proc/$(podman inspect -f '{{.State.Pid}}' "$1")/cgroup")")"
}
served() {
	[ -n "$(cat "/sys/fs/cgroup/reeve/agents/$1/cgroup.procs")" ]
}

@test "kube: the DaemonSet's deletion leaves what runs guarded; the uninstaller leaves the host as it was" {
	local id
	id=$(podman run -d --network none localhost/bb:1 /bin/sleep 1000)
	podman kube down "$play_yaml"
	refused "$id" /secret
	podman rm -f -t 0 "$id"
	"${play[@]}" /reeve/build/kube/uninstall+cri-o.yaml
	podman logs reeve-uninstall-pod-done
	podman kube down /reeve/build/kube/uninstall+cri-o.yaml
	host_files >/var/tmp/after
	diff /var/tmp/before /var/tmp/after
}
