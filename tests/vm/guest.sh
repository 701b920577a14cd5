#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# guest.sh COMMAND: boot a guest, run COMMAND in it by `bash -c` in the worktree,
# exit with its status. 124: TIMEOUT passed; 125: the guest died or never answered.
#
# Environment: KERNEL IMAGE INIT SMP MEM TIMEOUT NODE ICOUNT DISK KARGS (see README.md).
# One QEMU under TCG, one virtiofsd for the worktree, both with their sockets in a
# private directory and dead with this script: nothing is left behind. The root disk is a snapshot: each boot starts clean.
set -euo pipefail
# shellcheck source=tests/vm/cache.sh
. "$(dirname "$0")/cache.sh"

KERNEL=${KERNEL:-6.12} IMAGE=${IMAGE:-trixie} SMP=${SMP:-2} MEM=${MEM:-3G}
TIMEOUT=${TIMEOUT:-600} NODE=${NODE:-1} ICOUNT=${ICOUNT:-0} DISK=${DISK:-} KARGS=${KARGS:-} INIT=${INIT:-}
cmd=${1:?usage: guest.sh COMMAND}
log_lines=80 boot_max_s=${BOOT_MAX_S:-180}

"$vm_dir/need.sh" qemu-system-x86 cpio
kernel=$("$vm_dir/kernel.sh" "$KERNEL")
image=$("$vm_dir/image.sh" "$IMAGE")

run=$(mktemp -d "${TMPDIR:-/tmp}/reeve-guest.XXXXXX")
qemu_pid='' fs_pid='' tail_pid=''
# shellcheck disable=SC2317 # called by trap
cleanup() {
	local pid
	trap - EXIT INT TERM HUP
	for pid in $qemu_pid $fs_pid $tail_pid; do
		kill "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -rf "$run"
}
trap cleanup EXIT
trap 'cleanup; exit 130' INT TERM HUP

# What this boot needs rides behind the kernel's initrd: no path in the worktree,
# no quoting, and nothing to rebuild when an init script changes.
pack_initrd() {
	local top=$run/initrd
	mkdir -p "$top/guest"
	install -m 755 "$vm_dir/init" "$top/init"
	install -m 755 "$vm_dir/guest-init" "$top/guest/guest-init"
	printf '%s\n' "$cmd" >"$top/guest/cmd"
	printf 'NODE=%q INIT=%q\nexport KERNEL=%q IMAGE=%q ICOUNT=%q\n' \
		"$NODE" "$INIT" "$KERNEL" "$IMAGE" "$ICOUNT" >"$top/guest/env"
	if [ "$ICOUNT" = 1 ]; then
		"$vm_dir/need.sh" gcc libc6-dev
		gcc -static -O2 -Wall -Wextra -Werror -o "$top/run-me-first" "$vm_dir/seedrng.c"
		mkdir -p "$reeve_root/build" # or the first boot's tree would lack it
		tar -C "$reeve_root" --sort=name --mtime=@0 --exclude-vcs --exclude=./.cache --exclude='./build/*.[od]' \
			--exclude='*.a' --exclude=./build/results --exclude='./build/unit*' \
			--exclude='./build/fuzz*' -cf "$top/guest/worktree.tar" .
	fi
	cp "$kernel/initrd.base" "$run/initrd.img"
	(cd "$top" && find . -mindepth 1 -exec touch -h -d @0 {} + &&
		find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc --reproducible) >>"$run/initrd.img"
}

# The C virtiofsd holds an fd per inode the guest has seen.
start_virtiofsd() {
	local nofile n
	nofile=$(</proc/sys/fs/nr_open)
	[ "$nofile" -le 1000000 ] || nofile=1000000
	rm -f "$run/fs.sock"
	setpriv --pdeathsig TERM /usr/lib/qemu/virtiofsd --socket-path="$run/fs.sock" \
		--rlimit-nofile="$nofile" -o source="$reeve_root" -o cache=auto -o xattr >"$run/fs.log" 2>&1 &
	fs_pid=$!
	for n in {1..100}; do
		[ ! -S "$run/fs.sock" ] || return 0
		kill -0 "$fs_pid" 2>/dev/null || break
		sleep 0.05
	done
	cat "$run/fs.log" >&2
	die "virtiofsd did not come up (waited $n times 50 ms)"
}

# QEMU 7.2 emulates cmpxchg16b wrongly enough to crash 6.12 at random, so it is off there.
# From 7.0 on the kernel's BPF allocator does without it by failing (kmalloc_nolock), and task
# storage is gone; those kernels run well with it.
cpu_model() {
	case $KERNEL in
	6.*) printf 'max,-cx16' ;;
	*) printf 'max' ;;
	esac
}

# The everyday guest: disks on virtio-blk, the worktree live, output straight to us. QEMU keeps what it
# translated by virtual address: with programs at random ones each exec is translated anew (a short program
# takes almost three times as long). A busy machine fails the kernel's check of its timer.
everyday_args() {
	kargs="REEVE_DISKS=blk norandmaps mitigations=off no_timer_check"
	args=(-cpu "$(cpu_model)" -accel "tcg,thread=multi" -smp "$SMP" -m "$MEM"
		-machine "q35,memory-backend=mem"
		-object "memory-backend-memfd,id=mem,size=$MEM,share=on"
		-drive "file=$image/root.img,format=raw,if=none,id=d0,snapshot=on,cache=unsafe"
		-device "virtio-blk-pci,drive=d0"
		-drive "file=$kernel/modules.img,format=raw,if=none,id=d1,readonly=on"
		-device "virtio-blk-pci,drive=d1"
		-chardev "socket,id=fs,path=$run/fs.sock"
		-device "vhost-user-fs-pci,chardev=fs,tag=reeve"
		-chardev "stdio,id=out,signal=off")
}

# The counting guest repeats itself to the last instruction. So nothing in it may
# wait for the host: its disks are memory (NVDIMM), its worktree a copy, its output
# a file that we follow.
counting_args() {
	kargs="REEVE_DISKS=pmem nokaslr norandmaps"
	args=(-cpu "$(cpu_model),-rdrand,-rdseed" -accel tcg -smp 1 -icount "shift=0,sleep=off"
		-seed 1 -rtc "base=2026-01-01,clock=vm" -m "$MEM,slots=2,maxmem=32G" -machine "q35,nvdimm=on"
		-object "memory-backend-file,id=d0,mem-path=$image/root.img,share=off,size=$(stat -c %s "$image/root.img")"
		-device "nvdimm,memdev=d0"
		-object "memory-backend-file,id=d1,mem-path=$kernel/modules.img,share=off,size=$(stat -c %s "$kernel/modules.img")"
		-device "nvdimm,memdev=d1"
		-chardev "file,id=out,path=$run/out"
		-chardev "file,id=results,path=$run/results.tar")
	more=(-device "virtserialport,chardev=results,name=reeve.results")
}

start_qemu() {
	local args=() more=() kargs
	if [ "$ICOUNT" = 1 ]; then
		counting_args
	else
		everyday_args
	fi
	[ -z "$DISK" ] || more+=(-drive "file=$DISK,format=raw,if=none,id=d2,cache=writethrough"
		-device "virtio-blk-pci,drive=d2,serial=disk")
	setpriv --pdeathsig TERM timeout -k 5 "$TIMEOUT" qemu-system-x86_64 "${args[@]}" \
		-nodefaults -no-user-config -no-reboot -display none -monitor none \
		-device virtio-serial-pci,ioeventfd=off -device virtconsole,chardev=out \
		-chardev file,id=rc,path="$run/rc" -device virtserialport,chardev=rc,name=reeve.rc \
		-chardev file,id=serial,path="$run/serial.log" -device isa-serial,chardev=serial \
		"${more[@]}" -kernel "$kernel/vmlinuz" -initrd "$run/initrd.img" \
		-append "console=ttyS0 quiet panic=-1 oops=panic $kargs $KARGS" \
		</dev/null 2>"$run/qemu.log" &
	qemu_pid=$!
}

# The guest's first process says so on the serial line.
is_up() {
	[ -s "$run/serial.log" ] || ! kill -0 "$qemu_pid" 2>/dev/null
}

# A boot that never gets there, with a processor busy, happens once in some hundred: the emulator's, once more.
boot() {
	local tries=0 n
	while :; do
		[ "$ICOUNT" = 1 ] || start_virtiofsd
		start_qemu
		for ((n = 0; n < boot_max_s * 5; n++)); do
			! is_up || return 0
			sleep 0.2
		done
		[ $((tries += 1)) -lt 2 ] || return 0 # TIMEOUT has the last word
		say "guest $KERNEL: no sign of life within $boot_max_s s, booted again"
		kill "$qemu_pid"
		wait "$qemu_pid" || true
	done
}

pack_initrd
boot
if [ "$ICOUNT" = 1 ]; then
	touch "$run/out"
	tail -q -s 0.2 -f -c +1 --pid="$qemu_pid" "$run/out" &
	tail_pid=$!
fi
qemu_rc=0
wait "$qemu_pid" || qemu_rc=$?
[ -z "$tail_pid" ] || wait "$tail_pid"
[ ! -s "$run/results.tar" ] || tar -C "$reeve_root" -xf "$run/results.tar"
qemu_pid=''
rc=$(cat "$run/rc" 2>/dev/null || true)
[[ ! $rc =~ ^[0-9]+$ ]] || exit "$rc"

why="guest $KERNEL died before the command ended (panic, or QEMU exit $qemu_rc)" status=125
[ "$qemu_rc" -ne 124 ] || { why="guest $KERNEL: TIMEOUT of $TIMEOUT s passed" status=124; }
{
	echo "vm: ---- last lines of the kernel log ----"
	tail -n "$log_lines" "$run/serial.log" 2>/dev/null | tr -d '\r' || true
	cat "$run/qemu.log"
	echo "vm: ---- $why ----"
} >&2
exit "$status"
