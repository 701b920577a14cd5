# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is read by who sources it
# cache.sh: sourced by image.sh and kernel.sh. Where built artefacts live and how
# they get there: a directory appears whole, by one rename, or not at all, and
# one builder at a time works on it. Its name carries a hash of what went in.

vm_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
reeve_root=$(readlink -f "$vm_dir/../..")
cache_dir=${REEVE_CACHE:-$reeve_root/.cache}
mirror=${REEVE_MIRROR:-http://deb.debian.org/debian}
security=${REEVE_SECURITY:-http://deb.debian.org/debian-security}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# engines_packages: podman, containerd, docker and systemd; docker's client is a package of its own from trixie on.
engines_packages() {
	echo "podman containerd docker.io $([ "${IMAGE:-trixie}" = bookworm ] || echo docker-cli) systemd dbus"
}

say() { echo "vm: $*" >&2; }
die() {
	say "$*"
	exit 1
}

# hash_of STRING|@FILE...: twelve hex digits that name an input set.
hash_of() {
	local arg
	for arg in "$@"; do
		case $arg in
		@*) cat "${arg#@}" ;;
		*) printf '%s\n' "$arg" ;;
		esac
	done | sha256sum | cut -c1-12
}

# cached NAME BUILD_FUNCTION: print the path of the artefact directory NAME, after
# calling BUILD_FUNCTION WORK_DIR to make it if it is not there yet. What nobody
# asked for during a week goes then (an open disk image outlives its unlink).
cached() {
	local name=$1 build=$2 dir=$cache_dir/$1 work begin=$SECONDS
	if [ ! -d "$dir" ]; then
		mkdir -p "$cache_dir"
		exec 9>"$cache_dir/${name%-*}.lock"
		flock 9
		if [ ! -d "$dir" ]; then
			find "$cache_dir" -mindepth 1 -maxdepth 1 -type d -name '*-*' -mtime +7 \
				-exec rm -rf {} +
			work=$cache_dir/$name.tmp
			rm -rf "$work"
			mkdir -p "$work"
			"$build" "$work"
			mv -T "$work" "$dir"
			say "built $name in $((SECONDS - begin)) s"
		fi
		exec 9>&-
	fi
	touch "$dir"
	echo "$dir"
}
