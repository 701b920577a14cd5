#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kubectl.sh: print the path of a kubectl whose `kustomize` knows today's manifests: Debian trixie's
# package of that name, unpacked into the cache and not installed (bookworm's, in kubernetes-client, is of 2021).
set -euo pipefail
# shellcheck source=tests/vm/cache.sh
. "$(dirname "$0")/../vm/cache.sh"

build() {
	local apt=$1/apt opts
	"$vm_dir/need.sh" debian-archive-keyring
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	echo "deb [arch=amd64 signed-by=$keyring] $mirror trixie main" >"$apt/sources.list"
	opts=(-qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
		-o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache"
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3)
	apt-get "${opts[@]}" update >&2
	(cd "$1" && apt-get "${opts[@]}" download kubectl >&2)
	dpkg-deb --fsys-tarfile "$1"/kubectl_*.deb | tar -x -C "$1" ./usr/bin/kubectl || die "no kubectl in Debian's package"
	rm -rf "$apt" "$1"/*.deb
}

echo "$(cached "kubectl-$(hash_of "$mirror" "@$0")" build)/usr/bin/kubectl"
