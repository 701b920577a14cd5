#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: engines systemd
# podman.bats: what containers do besides running alone: pods, restart, pause, the host's namespaces, a user
# namespace. Identity, path and numbers are those the container and the host see.

load ../lib
load ../reeve
load ../engines

teardown() {
	podman rm -fa -t 0
	podman pod rm -fa -t 0
}

run_detached() {
	podman run -d --network=none "$@" 3>&- 4>&-
}
id_of() {
	podman inspect --format '{{.Id}}' "$1"
}

# tries NAME FILTER: its own try to read what is forbidden is recorded, denied, and so.
tries() {
	retry 10 tried "$@"
}
tried() {
	reeve logs --json "$1" | jq -es --argjson host "$(podman inspect --format '{{.State.Pid}}' "$1")" "
		any(.[]; .kind == \"open\" and .verdict == \"denied\" and .path == \"/etc/forbidden\" and .process.comm == \"sh\" and ($2))"
}

# Reads it in the shell itself, says its own pid, waits.
try=(/bin/sh -c 'echo $$ >/tmp/pid; read x </etc/forbidden; trap "exit 5" TERM; sleep 1000 & wait')

@test "podman: restart is another life of the same container, pause keeps its guard; its name is podman's, also renamed" {
	local id
	run_detached --name pd-life --annotation io.container.manager=x --annotation io.kubernetes.cri.container-name=etcd \
		--annotation io.kubernetes.pod.namespace=kube-system localhost/bb "${try[@]}"
	id=$(id_of pd-life)
	retry 20 said "$id" '.name == "pd-life" and .image == "localhost/bb:latest" and .namespace == null'
	tries pd-life '.process.ns_pid == 1 and .process.pid == $host'
	podman pause pd-life
	said "$id" '.state == "running" and .agent'
	podman unpause pd-life
	run podman exec pd-life cat /etc/forbidden
	[ "$status" -ne 0 ]
	podman rename pd-life pd-renamed
	podman restart -t 10 pd-renamed 3>&- 4>&-
	retry 20 said "$id" '.state == "running" and .name == "pd-renamed"'
	tries pd-renamed '.process.ns_pid == 1 and .process.pid == $host'
	[ "$(reeve ps -a --json | jq -c --arg id "$id" '[.[] | select(.id == $id) | .state]')" = '["ended","running"]' ]
	podman rm -f -t 0 pd-renamed
	retry 10 complete "$id"
}

@test "podman: a pod with one pid, net and ipc namespace: each container's own record, the numbers they share" {
	local a b pid
	podman pod create --name pd-shop --network=none --share pid,net,ipc,uts --infra-image localhost/bb \
		--infra-command '/bin/sleep 1000'
	podman run -d --pod pd-shop --name pd-a localhost/bb "${try[@]}" 3>&- 4>&-
	podman run -d --pod pd-shop --name pd-b localhost/bb "${try[@]}" 3>&- 4>&-
	a=$(id_of pd-a) b=$(id_of pd-b)
	for id in "$a" "$b"; do
		retry 20 said "$id" '.armed and .pod == "pd-shop" and .image == "localhost/bb:latest"'
		pid=$(podman exec "$id" cat /tmp/pid)
		[ "$pid" -gt 1 ]
		tries "$id" ".process.ns_pid == $pid and .process.pid == \$host and .container.pod == \"pd-shop\""
	done
	# One pid and net namespace, two mount namespaces.
	[ "$(for id in "$a" "$b"; do reeve logs --json "$id" | jq -sr '.[0].namespaces | "\(.pid) \(.net)"'; done | sort -u | wc -l)" -eq 1 ]
	[ "$(for id in "$a" "$b"; do logs "$id" 'select(.path == "/etc/forbidden").namespaces.mnt'; done | sort -u | wc -l)" -eq 2 ]
	reeve ledger pd-shop/pd-a
	[ "$(reeve logs --json pd-shop/pd-b | jq -r .container.id | sort -u)" = "$b" ]
	reeve logs pd-a | grep -q ' pd-shop/pd-a #'
	# Its infra container is guarded as any.
	said "$(podman pod inspect --format '{{.InfraContainerID}}' pd-shop)" '.armed and .pod == "pd-shop"'
	# What a takes from b's tree through the shared /proc is known as b's, and denied as its own.
	! podman exec pd-a cat "/proc/$(podman exec pd-b cat /tmp/pid)/root/etc/forbidden"
	logs pd-a 'select(.kind == "open" and .process.comm == "cat" and .path_state == "outside")
		| .path == "/etc/forbidden" and .verdict == "denied"' | grep -x true
	podman pod rm -f -t 0 pd-shop
	retry 10 complete "$a"
	retry 10 complete "$b"
}

@test "podman: privileged, and in the host's pid namespace" {
	run_detached --name pd-priv --privileged --pid=host localhost/bb "${try[@]}"
	tries pd-priv '.process.ns_pid == $host and .process.pid == $host and .process.uid == 0'
	[ "$(podman exec pd-priv cat /tmp/pid)" = "$(podman inspect --format '{{.State.Pid}}' pd-priv)" ]
	run podman exec pd-priv cat /etc/forbidden
	[ "$status" -ne 0 ]
}

@test "podman: a user namespace: the host's ids, the container's pid" {
	run_detached --name pd-user --uidmap 0:100000:5000 --gidmap 0:200000:5000 localhost/bb "${try[@]}"
	tries pd-user '.process.ns_pid == 1 and .process.pid == $host and .process.uid == 100000 and .process.gid == 200000'
	run podman exec pd-user cat /etc/forbidden
	[ "$status" -ne 0 ]
	[ "$(logs pd-user 'select(.kind == "exec" and .argv == ["cat", "/etc/forbidden"]).process.uid')" = 100000 ]
}
