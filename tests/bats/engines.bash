# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# engines.bash: what the suites with podman, containerd and docker share. `load lib` and `load reeve` first.
# The image localhost/bb is busybox with /etc/forbidden, which the node's policy denies to read.

# reeve at its doors, the daemons started, one image everywhere: busybox and /etc/forbidden.
engines_up() {
	local dir=/var/tmp/engines
	mkdir -p /usr/share/containers/oci/hooks.d /etc/reeve/policies /etc/docker "$dir"
	cp /reeve/deploy/hooks.d/reeve.json /usr/share/containers/oci/hooks.d/
	policy default '{"name": "default", "mode": "enforce", "rules": [
		{ "subject": "file", "path": "/etc/forbidden", "action": "deny" } ] }'
	make_rootfs "$dir/rootfs"
	echo secret >"$dir/rootfs/etc/forbidden"
	[ -e "$dir/bb.tar" ] || tar -C "$dir/rootfs" -cf "$dir/bb.tar" .
	podman image exists localhost/bb || podman import -q "$dir/bb.tar" localhost/bb
}

containerd_up() {
	pgrep -x containerd >/dev/null && return 0
	setsid containerd </dev/null >/var/log/containerd.log 2>&1 3>&- 4>&- &
	retry 60 ctr version
	[ -e /var/tmp/engines/save.tar ] || podman save -q -o /var/tmp/engines/save.tar localhost/bb
	ctr image import /var/tmp/engines/save.tar
}

docker_up() {
	pgrep -x dockerd >/dev/null && return 0
	containerd_up
	cat >/etc/docker/daemon.json <<-EOF
		{ "bridge": "none", "iptables": false, "ip6tables": false,
		  "runtimes": { "reeve": { "path": "/usr/local/bin/reeve-runc" } } }
	EOF
	setsid dockerd --containerd /run/containerd/containerd.sock </dev/null >/var/log/dockerd.log 2>&1 3>&- 4>&- &
	retry 60 docker version
	docker import /var/tmp/engines/bb.tar localhost/bb
}

engines_down() {
	podman rm -fa -t 0 || true
	podman pod rm -fa -t 0 || true
	! pgrep -x dockerd >/dev/null || docker ps -aq | xargs -r docker rm -f
	! pgrep -x containerd >/dev/null || ctr task ls -q | xargs -r -n 1 ctr task kill -s KILL
	rm -rf /etc/reeve
}

# said ID FILTER: jq over what ps says of its newest life.
said() {
	reeve ps -a --json | jq -e --arg id "$1" "last(.[] | select(.id == \$id)) | $2"
}

# The life of a container that tries what is forbidden, then waits to be ended by TERM.
life=(/bin/sh -c 'cat /etc/forbidden; trap "exit 5" TERM; sleep 1000 & wait')

version() {
	"$1" --version | sed -n '1s/[^0-9]* \([0-9][0-9.]*[0-9]\).*/\1/p'
}

# cell NAME VERSION ID EXEC...: what holds of every runtime once ID runs its life; EXEC... runs a command in
# it. Ending it is the caller's, then: cell_over.
cell() {
	cell_name=$1 cell_version=$2 id=$3
	shift 3
	run timeout 60 "$@" /bin/busybox head -c1 /etc/forbidden
	[ "$status" -ne 0 ]
	run timeout 60 "$@" /bin/true
	[ "$status" -eq 0 ]
	said "$id" '.armed and .state == "running" and .agent'
	cell_cgroup=$(said "$id" .cgroup | tr -d '"')
	[ -d "/sys/fs/cgroup$cell_cgroup" ]
	retry 10 cell_records
}

# Both tries are recorded as denied, each under the exec that made the program; so is the exec's other one.
cell_records() {
	reeve logs --json "$id" >"$BATS_TEST_TMPDIR/log"
	jq -es '(map(select(.kind == "exec" and .phase == "armed") | {key: "\(.seq)", value: .argv}) | from_entries) as $argv
		| map(select(.kind == "open" and .verdict == "denied" and .path == "/etc/forbidden")
			| $argv["\(.process.exec_seq)"]) as $denied
		| .[0].seq == 0 and .[0].kind == "armed"
		and any($denied[]; . == ["cat", "/etc/forbidden"])
		and any($denied[]; . == ["/bin/busybox", "head", "-c1", "/etc/forbidden"])
		and any($argv[]; . == ["/bin/true"])' "$BATS_TEST_TMPDIR/log"
}

# cell_over CODE: ended with it, complete, and nothing of it is left. Prints the cell.
cell_over() {
	local driver=cgroupfs
	retry 15 complete "$id"
	logs "$id" 'select(.kind == "exit" and .process.ns_pid == 1).code' | grep -x "$1"
	retry 5 no_agents
	[ ! -e "/sys/fs/cgroup$cell_cgroup" ]
	[ -z "$(ls /sys/fs/bpf/reeve/c)" ]
	[ -z "$(ls /run/reeve/c)" ]
	[[ $cell_cgroup != *.scope* ]] || driver=systemd
	printf '# cell %s %s driver=%s kernel=%s id=%.12s %s\n' "$cell_name" "$cell_version" "$driver" "$(uname -r)" "$id" \
		"$(reeve ledger --json "$id" | jq -c '{exact, closed, expected, stored, lost}')" >&3
	echo "$cell_name" >>"$BATS_FILE_TMPDIR/cells"
}

podman_cell() {
	local rt=$1 name=rt-podman-$1 id
	podman --runtime "$rt" run -d --name "$name" --network=none --label tier=front localhost/bb "${life[@]}" 3>&- 4>&-
	id=$(podman inspect --format '{{.Id}}' "$name")
	said "$id" ".name == \"$name\" and .image == \"localhost/bb:latest\" and .pod == null and .runtime == \"$rt\""
	cell "podman+$rt" "$(version podman)+$(version "$rt")" "$id" podman exec "$name"
	jq -es --arg n "$name" 'all(.[]; .container.name == $n and .container.image == "localhost/bb:latest")' \
		"$BATS_TEST_TMPDIR/log"
	podman stop -t 10 "$name"
	podman rm "$name"
	cell_over 5
}

# ctr_cell NAME ID OPTION...: OPTION... are of ctr run, with the image and command where it needs them.
ctr_cell() {
	local name=$1 id=$2
	shift 2
	ctr run -d "$@" 3>&- 4>&-
	cell "$name" "$(version containerd)+$(version runc)" "$id" ctr task exec --exec-id e "$id"
	ctr task kill -s TERM "$id"
	retry 20 ctr task rm "$id"
	ctr container rm "$id"
	cell_over 5
}

docker_cell() {
	local id
	docker run -d --runtime reeve --network none --name rt-docker --label tier=front localhost/bb "${life[@]}" 3>&- 4>&-
	id=$(docker inspect --format '{{.Id}}' rt-docker)
	said "$id" '.name == "rt-docker" and .image == "localhost/bb" and .labels == {"tier": "front"} and .runtime == "runc"'
	cell docker+reeve-runc "$(version docker)+$(version runc)" "$id" docker exec rt-docker
	jq -es 'all(.[]; .container.name == "rt-docker" and .container.labels.tier == "front")' "$BATS_TEST_TMPDIR/log"
	docker stop -t 10 rt-docker
	docker rm rt-docker
	cell_over 5
}

# brief RUNNER COUNT: so many containers, one after the other, that live about 10 ms and end with a code of their
# own. RUNNER ID CODE starts one and returns its code.
brief() {
	local runner=$1 count=$2 n code rc
	for ((n = 1; n <= count; n++)); do
		code=$((n % 200 + 1)) rc=0
		"$runner" "brief-$runner-$n" "$code" || rc=$?
		[ "$rc" -eq "$code" ] || { echo "container $n: status $rc, not $code"; return 1; }
	done
	retry 15 no_agents
	for ((n = 1; n <= count; n++)); do
		code=$((n % 200 + 1))
		complete "brief-$runner-$n" >"$BATS_TEST_TMPDIR/ledger" || { cat "$BATS_TEST_TMPDIR/ledger"; return 1; }
		reeve logs --json "brief-$runner-$n" | jq -es --argjson code "$code" '
			.[0].kind == "armed" and .[0].seq == 0 and last.kind == "close"
			and any(.[]; .kind == "exec" and .phase == "armed" and .argv[0] == "/bin/sh")
			and any(.[]; .kind == "exit" and .process.ns_pid == 1 and .code == $code)' >/dev/null ||
			{ reeve logs "brief-$runner-$n"; return 1; }
	done
	printf '# brief %s: %d containers, each armed, with its exec, exit code and closing ledger, 0 lost\n' \
		"$runner" "$count" >&3
}
