#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# image.sh BUILD VERSION: the container image as BUILD/reeve-image.tar (`podman load -i`, `ctr images import`), named
# localhost/reeve:VERSION. Buildah with a storage of its own; nothing is fetched, and the same programs give the same
# image.
set -euo pipefail
build=$1 version=$2
here=$(dirname "$(readlink -f "$0")")
work=$build/image
rm -rf "$work"
mkdir -p "$work"/root/{bin,usr/local/bin,usr/share/licenses/reeve,opt/reeve,etc/reeve,run/reeve,var/lib/reeve,host,policies}

# Those that are built: a runtime's wrapper may not be.
for program in reeve reeve-hook reeve-agent reeve-node reeve-load reeve-runc; do
	[ ! -e "$build/$program" ] || strip -o "$work/root/usr/local/bin/$program" "$build/$program"
done
install -m 755 "$here/kubernetes/reeve-host" "$work/root/usr/local/bin/reeve-host"
install -m 644 "$here/../LICENSE" "$work/root/usr/share/licenses/reeve/LICENSE"
install -m 644 /usr/share/doc/busybox-static/copyright "$work/root/usr/share/licenses/reeve/busybox"
install -m 755 /bin/busybox "$work/root/bin/busybox"
busybox --list | while read -r applet; do
	[ "$applet" = busybox ] || ln -s busybox "$work/root/bin/$applet"
done

storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
buildah "${storage[@]}" build --quiet --isolation chroot --timestamp 0 --format oci \
	--tag "localhost/reeve:$version" --file "$here/Containerfile" "$work" >"$work/id"
rm -f "$build/reeve-image.tar"
buildah "${storage[@]}" push --quiet "localhost/reeve:$version" \
	"docker-archive:$build/reeve-image.tar:localhost/reeve:$version"
rm -rf "$work/storage" "$work/run"
echo "localhost/reeve:$version: $build/reeve-image.tar, $(($(stat -c %s "$build/reeve-image.tar") / 1024)) KiB"
