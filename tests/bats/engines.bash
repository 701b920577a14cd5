# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# engines.bash: what the suites of runtimes share, their set-up and its end as well. `load lib` and `load reeve` first.
# The image localhost/bb is busybox with /etc/forbidden, which the node's policy denies to read. Where systemd is
# pid 1, engines are its services and cgroups are of its making: the driver is systemd.

driver=cgroupfs
[ ! -d /run/systemd/system ] || driver=systemd

setup_file() {
	start_node
	forbid
	! type podman >/dev/null 2>&1 || podman_up
}

teardown_file() {
	! type podman >/dev/null 2>&1 || engines_down
	rm -rf /etc/reeve
}

forbid() {
	policy default '{"name": "default", "mode": "enforce", "rules": [
		{ "subject": "file", "path": "/etc/forbidden", "action": "deny" } ] }'
}

# reeve at its doors, one image everywhere: busybox and /etc/forbidden.
podman_up() {
	local dir=/var/tmp/engines
	mkdir -p /usr/share/containers/oci/hooks.d /etc/docker "$dir"
	cp /reeve/deploy/hooks.d/reeve.json /usr/share/containers/oci/hooks.d/
	make_rootfs "$dir/rootfs"
	echo secret >"$dir/rootfs/etc/forbidden"
	[ -e "$dir/bb.tar" ] || tar -C "$dir/rootfs" -cf "$dir/bb.tar" .
	podman image exists localhost/bb || podman import -q "$dir/bb.tar" localhost/bb
}

# daemon UNIT COMMAND...: as a service, or by hand where there is no manager of services.
daemon() {
	if [ "$driver" = systemd ]; then
		systemctl start "$1.service"
	else
		setsid "${@:2}" </dev/null >"/var/log/$1.log" 2>&1 3>&- 4>&- &
	fi
}

containerd_up() {
	pgrep -x containerd >/dev/null && return 0
	daemon containerd containerd
	retry 60 ctr version
	[ -e /var/tmp/engines/save.tar ] || podman save -q -o /var/tmp/engines/save.tar localhost/bb
	ctr image import /var/tmp/engines/save.tar
}

docker_up() {
	pgrep -x dockerd >/dev/null && return 0
	containerd_up
	cat >/etc/docker/daemon.json <<-EOF
		{ "bridge": "none", "iptables": false, "ip6tables": false, "exec-opts": ["native.cgroupdriver=$driver"],
		  "runtimes": { "reeve": { "path": "/usr/local/bin/reeve-runc" } } }
	EOF
	daemon docker dockerd --containerd /run/containerd/containerd.sock
	retry 60 docker version
	docker import /var/tmp/engines/bb.tar localhost/bb
}

engines_down() {
	podman rm -fa -t 0 || true
	podman pod rm -fa -t 0 || true
	! pgrep -x dockerd >/dev/null || docker ps -aq | xargs -r docker rm -f
	! pgrep -x containerd >/dev/null || ctr task ls -q | xargs -r -n 1 ctr task kill -s KILL
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
	cell_is_placed
	shim_says
	retry 10 cell_records
}

# Its cgroup is there, and made by whom it should: systemd's are scopes, in which crun has one of its own.
cell_is_placed() {
	[ -d "/sys/fs/cgroup$cell_cgroup" ]
	case $driver:$cell_name in
	systemd:*crun) [[ $cell_cgroup == *.scope ]] && [ -n "$(cat "/sys/fs/cgroup$cell_cgroup/container/cgroup.procs")" ] ;;
	systemd:*) [[ $cell_cgroup == *.scope ]] ;;
	*) [[ $cell_cgroup != *.scope* ]] ;;
	esac
}

# What is asked before reeve-runc is taken from a host: by which program containerd runs this one until its end.
shim_says() {
	[[ $cell_name != *+reeve-runc ]] ||
		grep -qx /usr/local/bin/reeve-runc "/run/containerd/io.containerd.runtime.v2.task"/*/"$id"/runtime
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

# cell_over CODE: ended with it, complete, and nothing of it is left. Prints the cell, as ../cells.table has it.
cell_over() {
	retry 15 complete "$id"
	logs "$id" 'select(.kind == "exit" and .process.ns_pid == 1).code' | grep -x "$1"
	retry 5 no_agents
	retry 5 test ! -e "/sys/fs/cgroup$cell_cgroup"
	[ -z "$(ls /sys/fs/bpf/reeve/c)" ]
	[ -z "$(ls /run/reeve/c)" ]
	printf '# cell %s %s %s %s %s id=%.12s on=%s %s\n' "$KERNEL" "$IMAGE" "$driver" "$cell_name" "$cell_version" "$id" \
		"$(uname -r)" "$(reeve ledger --json "$id" | jq -c '{exact, closed, expected, stored, lost}')" >&3
}

# bundle_cell RUNTIME: by itself, the hook in the bundle.
bundle_cell() {
	local rt=$1 id=rt-$1 dir=$BATS_TEST_TMPDIR/$1 by=("$1") place=()
	[ "$driver" = cgroupfs ] || by+=(--systemd-cgroup) place=(--cgroup "machine.slice:reeve:$id")
	RUNTIME=$rt container "$dir" "${place[@]}" -- "${life[@]}"
	echo secret >"$dir/rootfs/etc/forbidden"
	(cd "$dir" && "${by[@]}" create "$id" </dev/null >/dev/null 2>&1 3>&- 4>&-)
	"${by[@]}" start "$id" 3>&- 4>&-
	cell "$rt" "$(version "$rt")" "$id" "${by[@]}" exec "$id"
	"${by[@]}" kill "$id" TERM
	retry 20 "${by[@]}" delete "$id"
	cell_over 5
}

podman_cell() {
	local rt=$1 name=rt-podman-$1 id
	podman --cgroup-manager "$driver" --runtime "$rt" run -d --name "$name" --network=none --label tier=front localhost/bb \
		"${life[@]}" 3>&- 4>&-
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
	local name=$1 id=$2 place=()
	shift 2
	[ "$driver" = cgroupfs ] || place=(--runc-systemd-cgroup --cgroup "machine.slice:ctr:$id")
	ctr run -d "${place[@]}" "$@" 3>&- 4>&-
	cell "$name" "$(version containerd)+$(version runc)" "$id" ctr task exec --exec-id e "$id"
	ctr task kill -s TERM "$id"
	retry 20 ctr task rm "$id"
	ctr container rm "$id"
	cell_over 5
}

# spec_cell: containerd with a specification that has the hook.
spec_cell() {
	local id=rt-ctr-spec dir=$BATS_TEST_TMPDIR/spec place=()
	[ "$driver" = cgroupfs ] || place=(--cgroup "machine.slice:ctr:$id")
	RUNTIME=runc make_bundle "$dir" --hook createRuntime "$hook" --edit ".root.path = \"$dir/rootfs\"" "${place[@]}" -- "${life[@]}"
	echo secret >"$dir/rootfs/etc/forbidden"
	ctr_cell containerd+spec "$id" --config "$dir/config.json" "$id"
}

# Without AppArmor: docker 20.10 insists on a compiler of profiles, which the image has not.
docker_cell() {
	local id
	docker run -d --runtime reeve --network none --security-opt apparmor=unconfined --name rt-docker --label tier=front \
		localhost/bb "${life[@]}" 3>&- 4>&-
	id=$(docker inspect --format '{{.Id}}' rt-docker)
	said "$id" '.name == "rt-docker" and .image == "localhost/bb" and .labels == {"tier": "front"} and .runtime == "runc"'
	cell docker+reeve-runc "$(version docker)+$(version runc)" "$id" docker exec rt-docker
	jq -es 'all(.[]; .container.name == "rt-docker" and .container.labels.tier == "front")' "$BATS_TEST_TMPDIR/log"
	# One that joins its network has that one's files of names mounted, not its own.
	docker run -d --runtime reeve --network container:rt-docker --security-opt apparmor=unconfined --name rt-beside \
		localhost/bb "${life[@]}" 3>&- 4>&-
	retry 20 said "$(docker inspect --format '{{.Id}}' rt-beside)" '.name == "rt-beside" and .image == "localhost/bb" and .armed'
	docker rm -f rt-beside
	docker stop -t 10 rt-docker
	docker rm rt-docker
	cell_over 5
}
