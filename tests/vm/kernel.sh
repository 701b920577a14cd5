#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kernel.sh 6.1|6.12|7.2: print the directory of one guest kernel: vmlinuz,
# release (uname -r), modules.img (the full module tree, ext4) and initrd.base
# (busybox and the modules that reach the root disk).
#
# Debian's own cloud kernels, downloaded through an apt state of our own, so the
# host's sources stay as they are. 7.2 means the newest 7.2.x; once the suite has
# moved on, the newest kernel after it. It refuses to install anything it downloads.
set -euo pipefail
# shellcheck source=tests/vm/cache.sh
. "$(dirname "$0")/cache.sh"

series=${1:-6.12}
# what reaches the disks of the everyday guest, and of the counting one (guest.sh)
modules_blk=(virtio_pci virtio_blk virtio_console virtiofs ext4)
modules_pmem=(virtio_pci virtio_console nfit nd_pmem ext4)

# one line per place to look, best first: SUITE [security]
sources_of() {
	case $1 in
	6.1) printf '%s\n' "bookworm security" ;;
	6.12) printf '%s\n' "bookworm-backports" "trixie security" ;;
	7.2) printf '%s\n' "trixie-backports" ;;
	*) die "kernel '$1' is unknown: use 6.1, 6.12 or 7.2" ;;
	esac
}

# apt_init DIR SUITE [security]: an apt world of its own under DIR.
apt_init() {
	local dir=$1 suite=$2
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" >"$dir/sources.list"
	[ "${3:-}" != security ] ||
		echo "deb [arch=amd64 signed-by=$keyring] $security $suite-security main" >>"$dir/sources.list"
	apt_opts=(-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
		-o Dir::State="$dir/state" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache"
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root
		-o Acquire::Languages=none -o Acquire::Retries=3)
	apt-get -qq "${apt_opts[@]}" update >&2
}

# releases: every cloud kernel of this apt world with the package that carries its
# vmlinuz, newest first: RELEASE PACKAGE
releases() {
	apt-cache "${apt_opts[@]}" pkgnames linux- |
		sed -nE 's/^(linux-(image|binary)-([0-9][0-9.]*[+-].*cloud-amd64|[0-9][0-9.]*-cloud-amd64))$/\3 \1/p' |
		grep -E '^[0-9]+\.[0-9]+(\.[0-9]+)?[-+]' | sort -k1,1rV -k2,2
}

# candidates SERIES: releases to try, best first.
candidates() {
	local re="^${1//./\\.}[.+-]" all
	all=$(releases)
	grep -E "$re" <<<"$all" || true
	[ "$1" != 7.2 ] || awk -v min="$1" '{
		split($1, a, /[.+-]/); split(min, b, ".")
		if (a[1] + 0 > b[1] + 0 || (a[1] + 0 == b[1] + 0 && a[2] + 0 > b[2] + 0)) print
	}' <<<"$all"
}

# unpack RELEASE PACKAGE DIR: download and extract a kernel, whole or split into
# linux-binary, linux-modules and linux-base (since 7.1). 1 if it is incomplete.
unpack() {
	local release=$1 dir=$3 pkgs=("$2") deb
	case $2 in
	linux-binary-*) pkgs+=("linux-modules-$release" "linux-base-$release") ;;
	esac
	rm -rf "$dir"
	mkdir -p "$dir/debs"
	(cd "$dir/debs" && apt-get -qq "${apt_opts[@]}" download "${pkgs[@]}" >&2) || return 1
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb -x "$deb" "$dir/x"
	done
	for tree in "$dir/x/usr/lib/modules/$release" "$dir/x/lib/modules/$release"; do
		[ ! -d "$tree/kernel" ] || break
	done
	vmlinuz=
	for vmlinuz in "$tree/vmlinuz" "$dir/x/boot/vmlinuz-$release"; do
		[ ! -f "$vmlinuz" ] || break
	done
	[ -d "$tree/kernel" ] && [ -f "$vmlinuz" ]
}

# find_kernel SERIES DIR: sets release, tree, vmlinuz.
find_kernel() {
	local suite extra pkg
	while read -r suite extra; do
		apt_init "$2/apt" "$suite" "$extra" || continue
		while read -r release pkg; do
			[ -n "$release" ] || continue
			if unpack "$release" "$pkg" "$2/pkg"; then
				say "kernel $1 is $release from $suite"
				[[ $release == "$1"[.+-]* ]] ||
					say "NOTE: $suite has no $1 any more, took the newest after it"
				return 0
			fi
			say "$pkg in $suite is incomplete, trying the next one"
		done < <(candidates "$1")
	done < <(sources_of "$1")
	die "no kernel $1 found in: $(sources_of "$1" | paste -sd,) of $mirror"
}

# load_order ROOT RELEASE TOP OUT MODULE...: copy the modules with what they depend
# on into the initrd tree TOP, list them in OUT in the order to load them.
load_order() {
	local root=$1 rel=$2 top=$3 out=$4 mod kind path
	shift 4
	for mod in "$@"; do
		modprobe -S "$rel" -d "$root" --show-depends "$mod" ||
			die "kernel $rel lacks the module $mod"
	done >"$root/depends"
	: >"$top/$out"
	while read -r kind path _; do
		[ "$kind" = insmod ] || continue
		grep -qxF "${path##*/}" "$top/$out" && continue
		find "$root/lib/modules/$rel" -name "${path##*/}" -exec cp -t "$top/lib/modules" {} +
		echo "${path##*/}" >>"$top/$out"
	done <"$root/depends"
}

# base_initrd ROOT RELEASE OUT: busybox, the boot modules and their load order.
base_initrd() {
	local top=$1/initrd
	mkdir -p "$top"/{bin,dev,proc,sys,mnt,lib/modules}
	cp /bin/busybox "$top/bin/busybox"
	load_order "$1" "$2" "$top" lib/modules/order.blk "${modules_blk[@]}"
	load_order "$1" "$2" "$top" lib/modules/order.pmem "${modules_pmem[@]}"
	(cd "$top" && find . | LC_ALL=C sort | cpio --quiet -o -H newc --reproducible) >"$3"
}

build() {
	local work=$1 release tree vmlinuz root=$1/root mib
	"$vm_dir/need.sh" debian-archive-keyring kmod cpio xz-utils e2fsprogs busybox-static
	find_kernel "$series" "$work"
	mkdir -p "$root/lib/modules"
	cp "$vmlinuz" "$work/vmlinuz"
	mv "$tree" "$root/lib/modules/$release"
	find "$root/lib/modules" -name '*.ko.xz' -print0 | xargs -0r -P2 -n64 xz -d
	depmod -b "$root" "$release"
	base_initrd "$root" "$release" "$work/initrd.base"
	rm -f "$root/lib/modules/$release"/{vmlinuz,System.map,build,source}
	# an NVDIMM's size is a multiple of 128 MiB
	mib=$(du -sm "$root/lib/modules" | cut -f1)
	mib=$(((mib * 5 / 4 + 16 + 127) / 128 * 128))
	truncate -s "${mib}M" "$work/modules.img"
	mke2fs -q -t ext4 -O '^has_journal' -m 0 -L reeve-modules -d "$root/lib/modules/$release" "$work/modules.img"
	echo "$release" >"$work/release"
	rm -rf "$root" "$work/pkg" "$work/apt"
}

sources_of "$series" >/dev/null
cached "kernel-$series-$(hash_of "$mirror" "@$0")" build
