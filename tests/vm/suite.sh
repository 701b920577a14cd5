#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# suite.sh KERNEL[-bookworm][-engines|-systemd|-alone] FILE.bats...: one boot, `bats` over the files in it, TAP live on
# stdout behind that name and whole in build/results/NAME.tap.
#
# A guest that panics, hangs or stops early is one more "not ok" in that file, so
# the summary cannot miss it. "-engines": an image with podman, containerd and docker; "-systemd": the same, with
# systemd as pid 1; "-bookworm": Debian 12's; "-alone": the plain one, for what no other guest may disturb. A suite runs in the boots it names ("# image: engines 6.1-bookworm-systemd"),
# one that names none in the plain ones. IMAGE=bookworm: the plain suites on Debian 12; it becomes part of the name.
set -euo pipefail
# shellcheck source=tests/vm/cache.sh
. "$(dirname "$0")/cache.sh"

[ $# -ge 2 ] || die "usage: suite.sh KERNEL[-bookworm][-engines|-systemd|-alone] FILE.bats..."
name=$1 kernel=${1%%-*}
kind=${name#"$kernel"}
kind=${kind#-}
case $kind in
'') kind=plain ;;
alone) ;;
engines | systemd | bookworm-engines | bookworm-systemd)
	[[ $kind != bookworm-* ]] || export IMAGE=bookworm
	[[ $kind != *systemd ]] || export INIT=systemd
	VM_PACKAGES="$(engines_packages) ${VM_PACKAGES:-}"
	export VM_PACKAGES
	;;
*) die "no such boot: $name" ;;
esac
# One kernel runs with two CPUs, as some tests need; with the others' one the machine does more.
case $kernel in
6.*) : "${SMP:=1}" ;;
*) : "${SMP:=2}" ;;
esac
# The long suites take more than an hour.
export KERNEL=$kernel TIMEOUT=${TIMEOUT:-$([ "${FULL:-0}" = 1 ] && echo 7200 || echo 2700)} SMP
shift
[ "${IMAGE:-trixie}" = trixie ] || [[ $kind == bookworm-* ]] || name+=-$IMAGE
tap=$reeve_root/build/results/$name.tap
mkdir -p "${tap%/*}"
rm -f "$tap"

files=0
# A test that asks for more than `make test` has time for is tagged so: "# bats test_tags=full".
filter=
[ "${FULL:-0}" = 1 ] || filter=" --filter-tags '!full'"
cmd="export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-300}; bats --tap --timing$filter"
for file in "$@"; do
	[ -f "$file" ] || die "no such suite: $file"
	images=$(sed -n 's/^# image: //p' "$file")
	[[ " ${images:-plain} " == *" $kind "* || " $images " == *" $kernel-$kind "* ]] || continue
	# What asks little of the kernel says so and runs where it says ("# kernels: 6.12"); what asks more than
	# `make test` has time for says where it runs with FULL=1 ("# kernels: 6.12; full: 6.12 7.2", or "full: all").
	kernels=$(sed -n 's/^# kernels: //p' "$file")
	[ "${FULL:-0}" != 1 ] || kernels=${kernels#*; full: }
	kernels=${kernels%;*}
	[ "$kernels" != all ] || kernels=
	[ -z "$kernels" ] || [ "$kind" != plain ] || [[ " $kernels " == *" $KERNEL "* ]] || continue
	cmd+=" $(printf %q "$(realpath --relative-to="$reeve_root" "$file")")"
	files=$((files + 1))
done
if [ "$files" -eq 0 ]; then
	echo "[$name] # none of these suites is for here"
	exit 0
fi

cmd="export RECORDS=$name; $cmd; rc=\$?; tests/vm/records.sh $name; exit \$rc"
rm -f "$reeve_root/build/results/records/$name".{jsonl,errors}
begin=$SECONDS
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# One boot. Its kernel log, if it dies, goes by on stderr and into $said.
boot() {
	rc=0
	: >"$tap"
	setpriv --pdeathsig TERM "$vm_dir/guest.sh" "$cmd" 2> >(tee "$said" | sed -u "s/^/[$name] # /" >&2) |
		tee -a "$tap" | sed -u "s/^/[$name] /" || rc=${PIPESTATUS[0]}
}

boot
# With two emulated CPUs QEMU can run code that the kernel is patching: an oops at an int3 that is no
# breakpoint of anybody. That is the emulator's fault and says nothing of the suite, so once more.
sleep 0.2
if [ "$rc" -eq 125 ] && grep -q 'Oops: int3' "$said"; then
	echo "[$name] # the emulator broke the kernel's own patching (int3): the suite starts again"
	boot
fi
case $rc in
0 | 1) ;;
124) echo "not ok 0 guest $name: no end within $TIMEOUT s" | tee -a "$tap" | sed "s/^/[$name] /" ;;
*) echo "not ok 0 guest $name: died or bats broke (status $rc)" | tee -a "$tap" | sed "s/^/[$name] /" ;;
esac
echo "[$name] # $((SECONDS - begin)) s"
exit "$rc"
