#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# image.sh SUITE: print the directory that holds root.img, the guest's root disk.
#
# Built once by mmdebstrap from Debian's own packages (trixie by default, bookworm
# for the older runtimes), then kept by content: VM_PACKAGES plus this recipe. An
# uncompressed ext4, because under TCG decompression costs more than reading, and
# because a writable root (QEMU snapshot) gives the runtimes a real overlayfs.
# It refuses to know kernels (kernel.sh) and how to boot (guest.sh).
set -euo pipefail
# shellcheck source=tests/vm/cache.sh
. "$(dirname "$0")/cache.sh"

suite=${1:-trixie}
case $suite in trixie | bookworm) ;; *) die "image '$suite' is unknown: use trixie or bookworm" ;; esac

packages=(adduser attr auditd bats bpftool busybox-static crun dmsetup e2fsprogs iproute2 jq kmod
	libcap2-bin mount netcat-openbsd passwd procps python3-minimal runc socat sqlite3
	strace xxd)
read -ra extra <<<"${VM_PACKAGES:-}"
include=$(printf '%s\n' "${packages[@]}" "${extra[@]}" | sort -u | grep . | paste -sd,)
size_mib=${VM_IMAGE_MIB:-3072}

# customize ROOT: the accounts and files that every test may count on.
customize() {
	chroot "$1" useradd --system --user-group --home-dir /var/lib/reeve \
		--shell /usr/sbin/nologin reeve
	install -d "$1/reeve" "$1/usr/lib/modules"
	printf '127.0.0.1 localhost guest\n::1 localhost\n' >"$1/etc/hosts"
	echo guest >"$1/etc/hostname"
	echo 5ee7e000000040008000000000000001 >"$1/etc/machine-id"
	ln -sfn /proc/mounts "$1/etc/mtab"
	rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1/etc/apt/apt.conf.d/99mmdebstrap"
}

build() {
	local work=$1 conf=$1/apt.conf opts=() path
	"$vm_dir/need.sh" mmdebstrap debian-archive-keyring e2fsprogs
	# the host's proxy and clock settings hold for the bootstrap as well
	apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' >"$conf" || true
	for path in man doc locale info lintian bash-completion; do
		opts+=("--dpkgopt=path-exclude=/usr/share/$path/*")
	done
	say "mmdebstrap $suite (about a minute)"
	mmdebstrap --quiet --mode=root --variant=essential --format=directory \
		--aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--aptopt="$conf" "${opts[@]}" --include="$include" \
		"$suite" "$work/root" \
		"deb [signed-by=$keyring] $mirror $suite main" \
		"deb [signed-by=$keyring] $mirror $suite-updates main" \
		"deb [signed-by=$keyring] $security $suite-security main" \
		>"$work/mmdebstrap.log" 2>&1 || {
		tail -n 20 "$work/mmdebstrap.log" >&2
		die "mmdebstrap $suite failed, full log: $work/mmdebstrap.log"
	}
	customize "$work/root"
	truncate -s "${size_mib}M" "$work/root.img"
	# no journal: the disk is a snapshot that dies with the guest
	mke2fs -q -t ext4 -O '^has_journal,^metadata_csum' -E lazy_itable_init=1 -L reeve-root \
		-d "$work/root" "$work/root.img"
	rm -rf "$work/root" "$conf"
}

cached "image-$suite-$(hash_of "$include" "$size_mib" "$mirror" "@$0")" build
