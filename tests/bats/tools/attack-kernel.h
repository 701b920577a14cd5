/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel and other processes: mounts, modules, bpf, ptrace, capabilities. */
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include "attack.h"

ACT(mount_, DID(mount(a[0], a[1], a[2], a[3] ? MS_BIND : 0, NULL)))
ACT(umount_, DID(umount2(a[0], MNT_DETACH)))
ACT(pivot, DID(syscall(SYS_pivot_root, a[0], a[0])))
ACT(fsopen_, DID(syscall(SYS_fsopen, a[0], 0)))
ACT(open_tree_, DID(syscall(SYS_open_tree, AT_FDCWD, a[0], 1 /* CLONE */)))
ACT(chroot_, DID(chroot(a[0])))
ACT(unshare_, DID(unshare((int)strtol(a[0], NULL, 0))))
ACT(hostname, DID(sethostname(a[0], strlen(a[0]))))
ACT(raw_io, DID(iopl(3)))
ACT(nice_, DID(setpriority(PRIO_PROCESS, 0, -20)))
ACT(mknod_, DID(mknod(a[0], S_IFBLK | 0600, makedev(8, 0))))
ACT(socket_, DID(socket(atoi(a[0]), atoi(a[1]), atoi(a[2]))))
ACT(kexec, DID(syscall(SYS_kexec_load, 0, 0, NULL, 0)))
ACT(reboot_, DID(syscall(SYS_reboot, 1, 2, 3, NULL)))
ACT(module, DID(syscall(SYS_init_module, "x", 1, "")))
static int log_(char **a)
{
	char b[64];

	(void)a;
	return DID(klogctl(3, b, sizeof(b)));
}
ACT(key, DID(syscall(SYS_add_key, "user", "k", "v", 1, -3)))

static int move_mount_(char **a)
{
	return DID(syscall(SYS_move_mount, AT_FDCWD, a[0], AT_FDCWD, a[1], 0));
}

static int clock_(char **a)
{
	struct timeval now;

	(void)a;
	NEED(gettimeofday(&now, NULL) == 0);
	return DID(settimeofday(&now, NULL));
}

static int bpf_(char **a)
{
	union bpf_attr attr = {
	    .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)a;
	return DID(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int perf(char **a)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .exclude_kernel = 1};

	(void)a;
	return DID(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

/* In a user namespace of its own everybody has every capability. */
static int own_mount(char **a)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	return DID(mount("x", a[0], "tmpfs", 0, NULL));
}

/* A file by its handle, past every directory on the way. */
static int by_handle(char **a)
{
	struct {
		struct file_handle head;
		char rest[128];
	} h = {.head.handle_bytes = 128};
	int id, fd = open(a[0], O_RDONLY | O_DIRECTORY);

	NEED(fd >= 0 && name_to_handle_at(AT_FDCWD, a[0], &h.head, &id, 0) == 0);
	return DID(open_by_handle_at(fd, &h.head, O_RDONLY));
}

static int ended(pid_t pid, int error)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return error;
}

static int attach(char **a)
{
	pid_t pid = victim();

	(void)a;
	return ended(pid, DID(ptrace(PTRACE_ATTACH, pid, 0, 0)));
}

ACT(traced, DID(ptrace(PTRACE_TRACEME, 0, 0, 0)))

static int vm(int number)
{
	static char from[8] = "x", to[8];
	struct iovec here = {from, 8}, there = {to, 8};
	pid_t pid = victim();

	return ended(pid, DID(syscall(number, pid, &here, 1, &there, 1, 0)));
}

ACT(vm_read, vm(SYS_process_vm_readv))
ACT(vm_write, vm(SYS_process_vm_writev))

static int steal_fd(char **a)
{
	pid_t pid = victim();
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	(void)a;
	NEED(fd >= 0);
	return ended(pid, DID(syscall(SYS_pidfd_getfd, fd, 0, 0)));
}

static int mem_of(char **a)
{
	pid_t pid = victim();
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return ended(pid, DID(open(path, *a[0] == 'w' ? O_RDWR : O_RDONLY)));
}

/* An open by a ring instead of a call: the kernel does it for the process. */
static int ring_open(char **a)
{
	struct io_uring_params p = {};
	int fd = (int)syscall(SYS_io_uring_setup, 1, &p), *tail;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *sq, *cq;

	NEED(fd >= 0);
	sq = mmap(NULL, 8192, 3, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, 8192, 3, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, 4096, 3, MAP_SHARED, fd, IORING_OFF_SQES);
	NEED(sq != MAP_FAILED && cq != MAP_FAILED && sqe != MAP_FAILED);
	*sqe = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT,
				     .fd = AT_FDCWD,
				     .addr = (uintptr_t)a[0],
				     .open_flags = O_WRONLY};
	tail = (int *)(sq + p.sq_off.tail);
	((unsigned *)(sq + p.sq_off.array))[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	NEED(syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	cqe = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return cqe->res < 0 ? -cqe->res : 0;
}
