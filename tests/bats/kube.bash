# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is read by who loads it
# kube.bash: the rendered manifests under podman, which plays a cluster's node; `load lib` and `load reeve` first.

play_yaml=/var/tmp/kube.yaml
# Without a network: there is nothing to fetch.
play=(podman kube play --network none)

# A host without reeve, with podman: the guest's own reeve steps aside.
kube_setup() {
	stop_node
	reeve unload --force
	mkdir -p /var/tmp/aside
	mv /usr/local/bin/reeve* /var/tmp/aside/
	mv /var/lib/reeve /var/tmp/aside/store
	rm -rf /run/reeve /etc/reeve /usr/share/containers/oci/hooks.d/reeve.json
	cp -p /etc/passwd /etc/group /etc/shadow /etc/gshadow /var/tmp/aside/
	userdel reeve
	mkdir -p /etc/containers /usr/share/containers/oci/hooks.d /opt
	# The pod's first container is one of ours: podman's own needs catatonit.
	cat >/etc/containers/containers.conf <<-END
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		infra_image = "localhost/pause:1"
	END
	make_rootfs /var/tmp/busybox-root
	echo secret >/var/tmp/busybox-root/secret
	tar -C /var/tmp/busybox-root -c . | podman import -q - localhost/bb:1
	tar -C /var/tmp/busybox-root -c . | podman import -q -c 'ENTRYPOINT ["/bin/sleep","infinity"]' -c 'STOPSIGNAL SIGKILL' \
		- localhost/pause:1
	podman load -q -i /reeve/build/reeve-image.tar
}

kube_teardown() {
	podman rm -a -f -t 0
	podman pod rm -a -f -t 0
	podman rmi -a -f
	podman volume rm -a -f
	rm -rf /etc/containers/containers.conf /usr/share/containers/oci/hooks.d/reeve-kubernetes.json /opt/reeve /etc/reeve
	[ ! -e /sys/fs/bpf/reeve ] || /var/tmp/aside/reeve unload --force
	rm -rf /var/lib/reeve /run/reeve
	cp -p /var/tmp/aside/{passwd,group,shadow,gshadow} /etc/
	mv /var/tmp/aside/store /var/lib/reeve
	mv /var/tmp/aside/reeve* /usr/local/bin/
	rm -rf /var/tmp/aside /var/tmp/busybox-root "$play_yaml"
	reeve-load
	start_node
}

# policies NAME.json JSON: the rendered manifest with one policy in its ConfigMap.
manifest() {
	awk -v name="$1" -v text="$2" '$0 == "data: {}" { print "data:"; printf "  %s: |\n    %s\n", name, text; next } { print }' \
		/reeve/build/kube/overlays+podman.yaml >"$play_yaml"
}

# everything on the host that a deployment could have touched: mode, owner, size, and what files hold or when they
# were changed. Not what podman keeps for itself.
host_files() {
	{
		find / -xdev \( -path /var/lib/containers -o -path /var/tmp -o -path /var/log -o -path /root \) -prune -o \
			\( -type d -printf '%p %M %U %G\n' -o -printf '%p %M %U %G %s %T@ %l\n' \)
		find /run \( -path '/run/containers' -o -path '/run/libpod' -o -path /run/guest -o -path '/run/netns' \
			-o -path /run/crun -o -path /run/runc -o -path /run/lock \) -prune -o -printf '%p %M %U %G\n'
		find /sys/fs/bpf -printf '%p %M %U %G\n'
		find /sys/fs/cgroup -type d -not -path '*libpod*' -printf '%p %M %U %G\n'
		find /etc /opt /usr/share/containers -type f -exec sha256sum {} +
	} | sort
	bpftool -j prog show | jq -r '.[].name // empty | select(startswith("reeve")) | "prog " + .'
	bpftool -j map show | jq -r '.[].name // empty | select(startswith("reeve")) | "map " + .'
	pgrep -x 'reeve-.*' | sed 's/^/process /' || true
}
