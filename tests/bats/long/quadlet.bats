#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: systemd
# quadlet.bats: a container that is a service of systemd, as podman's generator makes it: its cgroup is in the service's.

load ../lib
load ../reeve
load ../engines

teardown() {
	rm -f /etc/containers/systemd/rt-quadlet.container
	systemctl stop rt-quadlet.service || true
	systemctl daemon-reload
}

@test "quadlet: guarded below its service, and recorded to its end when all of the service is killed" {
	local id
	mkdir -p /etc/containers/systemd
	cat >/etc/containers/systemd/rt-quadlet.container <<-'END'
		[Container]
		ContainerName=rt-quadlet
		Image=localhost/bb
		Network=none
		Exec=/bin/sh -c 'cat /etc/forbidden; sleep 1000'
	END
	systemctl daemon-reload
	systemctl start rt-quadlet.service
	id=$(podman inspect --format '{{.Id}}' rt-quadlet)
	retry 20 said "$id" '.armed and .name == "rt-quadlet" and (.cgroup | startswith("/system.slice/rt-quadlet.service/"))'
	run podman exec rt-quadlet head -c1 /etc/forbidden
	[ "$status" -ne 0 ]
	systemctl kill -s KILL rt-quadlet.service
	retry 20 complete "$id"
	[ "$(logs "$id" 'select(.kind == "open" and .verdict == "denied" and .path == "/etc/forbidden").process.comm' | sort | xargs)" = "cat head" ]
	retry 5 no_agents
}
