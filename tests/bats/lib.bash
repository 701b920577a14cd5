# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# lib.bash: what the suites in the guest share: waiting, skipping, bundles.
# `load lib` in a .bats file brings it in. It starts nothing and keeps no state.

# requires PROGRAM...: skip the test if one is missing. The summary counts a skip
# as a failure unless tests/skips.list has it.
requires() {
	local prog
	for prog in "$@"; do
		type "$prog" >/dev/null 2>&1 || skip "$prog is not there"
	done
}

# retry SECONDS COMMAND...: run COMMAND (a function will do) until it succeeds, ten
# times a second. The last time begins past SECONDS (a fraction is fine), so that one that stood still says nothing
# old; then its output, and status 1.
retry() {
	local left_us now_us end_us out last=0
	left_us=$(awk -v s="$1" 'BEGIN { printf "%d", s * 1000000 }')
	end_us=$((${EPOCHREALTIME/[.,]/} + left_us))
	shift
	while :; do
		now_us=${EPOCHREALTIME/[.,]/}
		[ "$now_us" -lt "$end_us" ] || last=1
		if out=$("$@" 2>&1); then
			[ -z "$out" ] || printf '%s\n' "$out"
			return 0
		fi
		[ "$last" -eq 0 ] || break
		sleep 0.1
	done
	printf 'retry: gave up after %d ms: %s\n%s\n' "$((left_us / 1000))" "$*" "$out" >&2
	return 1
}

# make_rootfs DIR: a root file system of static busybox and its applets. Made once a boot, then copied:
# each applet is a link.
make_rootfs() {
	local dir=$1 made=/var/tmp/reeve-rootfs
	if [ ! -e "$made" ]; then
		mkdir -p "$made.new"/{bin,dev,etc,proc,root,sys,tmp,var}
		chmod 1777 "$made.new/tmp"
		cp /bin/busybox "$made.new/bin/busybox"
		chroot "$made.new" /bin/busybox --install -s /bin
		printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$made.new/etc/passwd"
		printf 'root:x:0:\nnogroup:x:65534:\n' >"$made.new/etc/group"
		mv "$made.new" "$made"
	fi
	mkdir -p "$dir"
	cp -a "$made/." "$dir/"
}

# spec RUNTIME: its own example of a config.json, asked for once a boot.
spec() {
	local made=/var/tmp/reeve-spec.$1
	if [ ! -e "$made/config.json" ]; then
		mkdir -p "$made"
		(cd "$made" && "$1" spec) || return 1
	fi
	cat "$made/config.json"
}

# make_bundle DIR [OPTION]... [--] ARG...: an OCI bundle in DIR that runs ARG... from
# a writable busybox root, without terminal and seccomp, in a network namespace of
# its own with lo. The spec is that of $RUNTIME (crun if unset). Options, repeatable:
#   --host-net             share the host's network namespace
#   --cgroup PATH          cgroupsPath (else the runtime's choice, /ID)
#   --annotate KEY VALUE   an annotation
#   --hook STAGE PROGRAM   a hook of that stage, e.g. createRuntime; PATH and a ten
#                          second timeout are set, its argv is the program alone
#   --edit JQ_FILTER       any other change to config.json
# A DIR made before keeps its rootfs and gets a new config.json.
make_bundle() {
	local dir=$1 edits=() filter='.' key val edit
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--host-net) edits+=('.linux.namespaces |= map(select(.type != "network"))') ;;
		--cgroup)
			edits+=(".linux.cgroupsPath = $(_json "$2")")
			shift
			;;
		--annotate)
			edits+=(".annotations[$(_json "$2")] = $(_json "$3")")
			shift 2
			;;
		--hook)
			key=$(_json "$2") val=$(_json "$3")
			edits+=(".hooks[$key] += [{path: $val, args: [$val], timeout: 10,
				env: [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"]}]")
			shift 2
			;;
		--edit)
			edits+=("$2")
			shift
			;;
		--)
			shift
			break
			;;
		-*)
			echo "make_bundle: unknown option $1" >&2
			return 1
			;;
		*) break ;;
		esac
		shift
	done
	for edit in "${edits[@]}"; do
		filter+=" | ($edit)"
	done
	[ -e "$dir/rootfs/bin/sh" ] || make_rootfs "$dir/rootfs"
	spec "${RUNTIME:-crun}" | jq ".process.terminal = false | .process.args = \$ARGS.positional | .root.path = \"rootfs\"
		| .root.readonly = false | del(.linux.seccomp) | $filter" \
		--args -- "$@" >"$dir/config.json.new" || return 1
	mv "$dir/config.json.new" "$dir/config.json"
}

# _json STRING: as JSON, without a program; no control characters.
_json() {
	local s=${1//\\/\\\\}
	printf '"%s"' "${s//\"/\\\"}"
}
