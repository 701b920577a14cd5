/* SPDX-License-Identifier: Apache-2.0 */
/* SYSCALL of an audit event: who, which call, and what came of it. The names and their order are
 * the kernel's. A kind without a row has no call's number; what ausearch drops the event without
 * and the record does not know (a0 to a3) is 0. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "event_audit.h"
#include "util.h"

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#endif

/* The record does not hold which of several calls it was: one that does just this, or -1. */
static int syscall_of(const struct event *e)
{
	static const int numbers[RV_KIND_MAX] = {
	    [RV_KIND_EXEC] = SYS_execve,
	    [RV_KIND_EXIT] = SYS_exit_group,
	    [RV_KIND_OPEN] = SYS_openat,
	    [RV_KIND_CONNECT] = SYS_connect,
	    [RV_KIND_FORK] = SYS_clone,
	    [RV_KIND_THREAD] = SYS_clone,
	    [RV_KIND_SETUID] = SYS_setresuid,
	    [RV_KIND_SETGID] = SYS_setresgid,
	    [RV_KIND_SETGROUPS] = SYS_setgroups,
	    [RV_KIND_CAPSET] = SYS_capset,
	    [RV_KIND_PTRACE] = SYS_ptrace,
	    [RV_KIND_SIGNAL] = SYS_kill,
	    [RV_KIND_NAMESPACE] = SYS_unshare,
	    [RV_KIND_PRCTL] = SYS_prctl,
	    [RV_KIND_SECCOMP] = SYS_seccomp,
	    [RV_KIND_CREATE] = SYS_mknodat,
	    [RV_KIND_UNLINK] = SYS_unlinkat,
	    [RV_KIND_RENAME] = SYS_renameat2,
	    [RV_KIND_LINK] = SYS_linkat,
	    [RV_KIND_SYMLINK] = SYS_symlinkat,
	    [RV_KIND_CHMOD] = SYS_fchmodat,
	    [RV_KIND_CHOWN] = SYS_fchownat,
	    [RV_KIND_UTIME] = SYS_utimensat,
	    [RV_KIND_TRUNCATE] = SYS_truncate,
	    [RV_KIND_SETXATTR] = SYS_setxattr,
	    [RV_KIND_REMOVEXATTR] = SYS_removexattr,
	    [RV_KIND_MOUNT] = SYS_mount,
	    [RV_KIND_UMOUNT] = SYS_umount2,
	    [RV_KIND_MOVE_MOUNT] = SYS_move_mount,
	    [RV_KIND_PIVOT_ROOT] = SYS_pivot_root,
	    [RV_KIND_IOCTL] = SYS_ioctl,
	    [RV_KIND_CHROOT] = SYS_chroot,
	    [RV_KIND_MMAP] = SYS_mmap,
	    [RV_KIND_MPROTECT] = SYS_mprotect,
	    [RV_KIND_SOCKET] = SYS_socket,
	    [RV_KIND_BIND] = SYS_bind,
	    [RV_KIND_LISTEN] = SYS_listen,
	    [RV_KIND_ACCEPT] = SYS_accept4,
	    [RV_KIND_SEND] = SYS_sendto,
	    [RV_KIND_MODULE] = SYS_finit_module,
	    [RV_KIND_BPF_LOAD] = SYS_bpf,
	    [RV_KIND_BPF] = SYS_bpf,
	    [RV_KIND_PERF_EVENT] = SYS_perf_event_open,
	    [RV_KIND_KEY] = SYS_add_key,
	    [RV_KIND_IO_URING] = SYS_io_uring_setup,
	    [RV_KIND_SYSLOG] = SYS_syslog,
	    [RV_KIND_KEXEC] = SYS_kexec_file_load,
	    [RV_KIND_REBOOT] = SYS_reboot,
	};
	unsigned kind = e->head.kind;

	if (kind == RV_KIND_NAMESPACE && e->namespace.call == RV_NS_SETNS)
		return SYS_setns;
	if (kind == RV_KIND_CREATE && S_ISDIR(e->create.mode))
		return SYS_mkdirat;
	if (kind == RV_KIND_CREATE && S_ISREG(e->create.mode))
		return SYS_openat;
	return kind < RV_KIND_MAX && numbers[kind] ? numbers[kind] : -1;
}

/* Of the arguments those the record has, where the tools read them: `ausearch --format text` takes
 * a setresuid(0, ...) for "changed identity to root". */
static void arguments_of(const struct event *e, uint64_t a[static 4])
{
	switch (e->head.kind) {
	case RV_KIND_OPEN:
		a[0] = (uint32_t)AT_FDCWD;
		a[2] = e->open.flags;
		break;
	case RV_KIND_SETUID:
	case RV_KIND_SETGID:
		a[0] = e->setuid.new_id;
		a[1] = e->setuid.new_eid;
		a[2] = e->setuid.new_sid;
		break;
	case RV_KIND_SIGNAL:
		a[0] = e->signal.opid;
		a[1] = e->signal.signal;
		break;
	case RV_KIND_PRCTL:
		a[0] = e->prctl.option;
		a[1] = e->prctl.arg2;
		a[2] = e->prctl.arg3;
		break;
	case RV_KIND_SOCKET:
		a[0] = e->socket.family;
		a[1] = e->socket.type;
		a[2] = e->socket.protocol;
		break;
	}
}

/* As the kernel has it: of an exec that happened the new program, which comm is of, too. */
static void put_exe(struct audit_lines *l)
{
	const struct event *e = l->e;

	if (e->head.kind == RV_KIND_EXEC && e->head.hook == RV_HOOK_EXEC_DONE && e->path_len > 0)
		audit_bytes(l, "exe", e->path, e->path_len);
	else if (l->c->exe && l->c->exe_len > 0)
		audit_bytes(l, "exe", l->c->exe, l->c->exe_len);
	else
		audit_printf(l, " exe=(null)");
}

void audit_syscall(struct audit_lines *l, unsigned items)
{
	const struct rv_head *h = &l->e->head;
	bool denied = h->verdict == RV_VERDICT_DENIED;
	int error = h->error < 0 ? h->error : -h->error;
	uint64_t a[4] = {0};

	arguments_of(l->e, a);
	audit_begin(l, "SYSCALL");
	audit_printf(l, " arch=%x syscall=%d success=%s exit=%d", AUDIT_ARCH_HERE, syscall_of(l->e),
		     denied ? "no" : "yes", denied ? error : 0);
	for (unsigned i = 0; i < ARRAY_SIZE(a); i++)
		audit_printf(l, " a%u=%" PRIx64, i, a[i]);
	audit_printf(l, " items=%u", items);
	audit_printf(l, " ppid=%u pid=%u auid=%u uid=%u gid=%u euid=%u egid=%u tty=(none) ses=%u",
		     h->ppid, h->pid, h->loginuid, h->uid, h->gid, h->euid, h->egid, h->sessionid);
	audit_bytes(l, "comm", h->comm, strnlen(h->comm, sizeof(h->comm)));
	put_exe(l);
	if (h->rule)
		audit_printf(l, " key=\"reeve-rule-%u\"", h->rule);
	else
		audit_printf(l, " key=(null)");
	audit_end(l);
}
