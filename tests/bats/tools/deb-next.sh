#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deb-next.sh DEB OUT: the same package in a higher version; its programs are another build by their own word.
set -euo pipefail
deb=$1 out=$2 work=$2.work
version=$(dpkg-deb -f "$deb" Version)
rm -rf "$work"
dpkg-deb -R "$deb" "$work"
sed -i "s/^Version: .*/Version: 9${version#?}/" "$work/DEBIAN/control"
LC_ALL=C sed -i -E "s/${version//./\\.}(-[0-9a-f]{12})/9${version#?}\1/g" "$work"/usr/bin/*
(cd "$work" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group -Zxz --build "$work" "$out" >/dev/null
rm -rf "$work"
