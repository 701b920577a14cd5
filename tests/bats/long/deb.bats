#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: 6.12-plain 6.12-systemd
# The Debian package on a host that has never seen reeve: installed, upgraded under a running container,
# purged. Where systemd is pid 1, the package starts, restarts and ends the node; elsewhere its scripts have to cope.
bats_require_minimum_version 1.5.0
load ../lib
load ../reeve

away=/var/tmp/reeve-away
# dpkg and the loader are slow here, and the upgrade has both twice.
export BATS_TEST_TIMEOUT=900
unit=reeve-node.service

managed() {
	[ -d /run/systemd/system ]
}

setup_file() {
	[ -z "${RECORDS:-}" ] || /reeve/tests/vm/records.sh "$RECORDS"
	if managed; then
		systemctl stop "$unit"
		rm "/usr/local/lib/systemd/system/$unit"
		systemctl daemon-reload
	else
		stop_node
	fi
	retry 60 reeve unload
	mkdir -p "$away"
	mv /usr/local/bin/reeve* "$away/"
	userdel reeve
	rm -rf /var/lib/reeve /run/reeve /etc/reeve /usr/share/containers/oci
	host_files >"$BATS_FILE_TMPDIR/before"
	dpkg -i /reeve/build/tests/reeve.deb
	hash -r
	managed || reeve-load # most of a minute here
}

teardown_file() {
	crun list -q | xargs -r -n 1 crun delete -f
	dpkg --purge reeve || true
	mv "$away"/reeve* /usr/local/bin/
	hash -r
	useradd --system --user-group --home-dir /var/lib/reeve --shell /usr/sbin/nologin reeve
	mkdir -p /var/lib/reeve /run/reeve
	if managed; then
		install -D -m 644 -t /usr/local/lib/systemd/system "/reeve/deploy/systemd/$unit"
		systemctl daemon-reload
		systemctl start "$unit"
	else
		reeve-load
		start_node
	fi
}

# What a package could leave, with owner, mode and content; not what dpkg and others keep of their own.
host_files() {
	find / -xdev \( -path /var/lib/dpkg -o -path /var/cache -o -path /var/tmp -o -path /var/log -o -path /reeve \
		-o -path /usr/lib/modules -o -path /var/lib/systemd \) -prune -o \( -type f -printf 'f %m %U:%G %s %p\n' \
		-o -type l -printf 'l %p %l\n' -o -type d -printf 'd %m %U:%G %p\n' \) | grep -vE ' /etc/(passwd|group|shadow|gshadow|subuid|subgid)-? ' | sort
	find /run /sys/fs/bpf /sys/fs/cgroup -path /run/guest -prune -o -print 2>/dev/null | grep reeve | sort
	sort /etc/passwd
	sort /etc/group
}

# tries ID: how often it was told no; it must never be let through.
refused() {
	[ ! -e "$BATS_FILE_TMPDIR/$1/rootfs/got" ] || { echo "$1: the denied open went through"; return 2; }
	wc -l <"$BATS_FILE_TMPDIR/$1/rootfs/refused"
}
refused_more() {
	[ "$(refused "$1")" -gt "$2" ]
}

# guard ID: a container that tries the denied open without end.
guarded_container() {
	local b=$BATS_FILE_TMPDIR/$1
	STAGE=createRuntime hook=/usr/bin/reeve-hook container "$b" --annotate io.reeve.policy deb-deny -- \
		/bin/sh -c 'while :; do cat /etc/secret >>/got.new 2>>/refused && mv /got.new /got; usleep 20000; done'
	echo x >"$b/rootfs/etc/secret"
	dir=$b started "$1"
	retry 10 test -s "$b/rootfs/refused"
}

@test "installs: user, programs, unit, hook; a container is guarded" {
	getent passwd reeve
	[ "$(jq -r .hook.path /usr/share/containers/oci/hooks.d/reeve.json)" = /usr/bin/reeve-hook ]
	grep -qx 'ExecStart=/usr/bin/reeve-node' /lib/systemd/system/reeve-node.service
	[ "$(command -v reeve)" = /usr/bin/reeve ]
	dpkg --verify reeve
	if managed; then
		[ "$(systemctl is-enabled "$unit") $(systemctl is-active "$unit")" = "enabled active" ]
		[ "$(systemctl show -P FragmentPath "$unit")" -ef "/lib/systemd/system/$unit" ]
	else
		start_node
	fi
	policy deb-deny '{"name":"deb-deny","mode":"enforce","rules":[{"subject":"file","path":"/etc/secret","action":"deny"}]}'
	guarded_container deb-before
}

@test "an upgrade under a running container: the denied open never succeeds, no record is lost, new ones are guarded" {
	local old_node count
	old_node=$(pgrep -x reeve-node)
	count=$(refused deb-before)
	echo 100 >/sys/fs/cgroup/reeve/cpu.weight # as a version had it that did not weigh
	# Programs that could not work with those in the kernel are refused before anything is unpacked.
	dpkg-deb -R /reeve/build/tests/reeve-next.deb "$BATS_TEST_TMPDIR/other"
	sed -i 's/^abi=.*/abi=999/' "$BATS_TEST_TMPDIR/other/DEBIAN/preinst"
	dpkg-deb -Znone -b "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR/other.deb"
	run dpkg -i "$BATS_TEST_TMPDIR/other.deb"
	[ "$status" -ne 0 ]
	[[ $output == *"reeve: not installed: containers are guarded by programs of another kind (abi "*", 1 containers, "* ]]
	# Also where no program tells what is loaded, as behind a removal.
	mv /usr/bin/reeve-load "$BATS_TEST_TMPDIR/"
	run sh "$BATS_TEST_TMPDIR/other/DEBIAN/preinst" install 1
	mv "$BATS_TEST_TMPDIR/reeve-load" /usr/bin/
	[ "$status" -eq 1 ]
	[[ $output == *"another kind (no reeve-load that is here can tell which; this is abi 999)"* ]]
	[[ $(reeve --version) != "reeve 9"* && $(dpkg-query -W -f '${db:Status-Status}' reeve) == installed ]]
	old_node=$(pgrep -x reeve-node)
	dpkg -i /reeve/build/tests/reeve-next.deb
	[[ $(reeve --version) == "reeve 9"* ]]
	if ! managed; then # what systemd does: the new node in the place of the old
		kill "$old_node"
		retry 10 node_gone
		retry 20 refused_more deb-before $((count + 5))
		reeve-load
		start_node
	fi
	[ "$(pgrep -x reeve-node)" != "$old_node" ]
	[[ $(reeve status --json | jq -r .version) == 9.* ]]
	[ "$(cat /sys/fs/cgroup/reeve/cpu.weight)" = 1000 ]
	guarded_container deb-after
	count=$(refused deb-before)
	retry 20 refused_more deb-before $((count + 5))
	# And back, as an operator who regrets it.
	dpkg -i /reeve/build/tests/reeve.deb
	count=$(refused deb-before)
	retry 20 refused_more deb-before $((count + 5))
	for id in deb-before deb-after; do
		crun kill "$id" KILL
		await_end "$id"
		crun delete -f "$id" || true
		refused "$id"
		complete "$id"
		[ "$(logs "$id" 'select(.verdict == "denied" and .path == "/etc/secret") | 1' | wc -l)" -ge 1 ]
	done
	retry 5 no_agents
}

@test "purge takes everything away, also what reeve install wrote" {
	local made=
	[ -d /etc/docker ] || made=/etc/docker
	mkdir -p /etc/docker
	printf '{\n  "debug": true\n}\n' >/etc/docker/daemon.json
	cp /bin/true /usr/local/bin/reeve-runc
	reeve install --yes --runtime docker --prefix /usr/local
	grep -q reeve-runc /etc/docker/daemon.json
	# As docker's containerd notes by what it runs a container (engines.bash looks whether it does).
	mkdir -p /run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/needs-it
	printf /usr/bin/reeve-runc >/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/needs-it/runtime
	run dpkg --purge reeve
	[ "$status" -ne 0 ]
	[[ $output == *"not removed: containerd runs these by /usr/bin/reeve-runc, "*": moby/needs-it; end them first"* ]]
	grep -q reeve-runc /etc/docker/daemon.json
	pgrep -x reeve-node
	rm -r /run/docker
	# A file system of its own for the records: what is in it goes, itself it stays.
	managed || mount --bind /var/lib/reeve /var/lib/reeve
	dpkg --purge reeve
	managed || { umount /var/lib/reeve && rmdir /var/lib/reeve; }
	printf '{\n  "debug": true\n}\n' | diff - /etc/docker/daemon.json
	rm /etc/docker/daemon.json /usr/local/bin/reeve-runc
	[ -z "$made" ] || rmdir "$made"
	! pgrep -x 'reeve-.*'
	host_files | diff "$BATS_FILE_TMPDIR/before" -
	! managed || [ "$(systemctl is-active "$unit")" != active ]
	[ -z "$(bpftool -j prog show | jq -r '.[] | select(.name // "" | startswith("reeve")) | .name')" ]
}
