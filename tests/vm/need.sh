#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# need.sh PACKAGE...: install the Debian packages that are missing on this machine.
#
# Every target that needs something of the host calls this, so that a fresh
# Debian 12 with git and make is enough. Says in one line what it installs, and
# is silent and quick when nothing is missing. Needs root only to install.
set -euo pipefail

missing=()
for pkg in "$@"; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$pkg" 2>/dev/null || true)
	[ "$status" = installed ] || missing+=("$pkg")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "need: apt-get install ${missing[*]}" >&2
if [ "$(id -u)" -ne 0 ]; then
	echo "need: not root: run  apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
exec 9>/run/reeve-need.lock
flock 9
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2 9>&- || echo "need: apt-get update failed, trying with the lists at hand" >&2
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 \
	-o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null 9>&-
