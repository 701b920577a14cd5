// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What processes do to each other: ptrace, signals. */

/* ocomm, opid and ons_pid, which these kinds share. */
#define OTHER_FILL(r, task_)                                                                       \
	({                                                                                         \
		struct task_struct *t_ = (task_), *l_ = t_->group_leader;                          \
		__u32 ns_;                                                                         \
		bpf_core_read(&(r)->ocomm, sizeof((r)->ocomm), &t_->comm);                         \
		(r)->opid = t_->tgid;                                                              \
		(r)->ons_pid = pid_inside(l_->thread_pid, &ns_);                                   \
	})

#define PTRACE_MODE_ATTACH 2
#define PTRACE_MODE_NOAUDIT 4

/* Also process_vm_readv, /proc/PID/mem, pidfd_getfd; and, as INSPECT, much of /proc/PID. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(reeve_ptrace, struct task_struct *child, unsigned int mode)
{
	bool attach = mode & PTRACE_MODE_ATTACH;
	struct rv_ptrace *r;
	struct act a = {};

	if (!attach && (mode & PTRACE_MODE_NOAUDIT))
		return 0;
	if (attach)
		r = act_node(&a, RV_KIND_PTRACE, RV_HOOK_PTRACE, sizeof(*r));
	else
		r = act_node_merged(&a, RV_KIND_INSPECT, RV_HOOK_PTRACE, sizeof(*r), child->tgid,
				    child->group_leader->start_boottime, mode);
	if (r) {
		OTHER_FILL(r, child);
		r->request = attach ? RV_PTRACE_ATTACH : RV_PTRACE_READ;
		r->mode = mode;
	}
	return act_end_node(&a);
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(reeve_traceme, struct task_struct *parent)
{
	struct rv_ptrace *r;
	struct act a = {};

	r = act_node(&a, RV_KIND_PTRACE, RV_HOOK_TRACEME, sizeof(*r));
	if (r) {
		OTHER_FILL(r, parent);
		r->request = RV_PTRACE_TRACEME;
	}
	return act_end_node(&a);
}

/* 0 only asks whether it would be allowed. */
SEC("lsm/task_kill")
int BPF_PROG(reeve_signal, struct task_struct *task, void *info, int signal)
{
	struct rv_signal *r;
	struct act a = {};

	if (!signal || task->tgid == bpf_get_current_task_btf()->tgid)
		return 0;
	r = act_node_merged(&a, RV_KIND_SIGNAL, RV_HOOK_SIGNAL, sizeof(*r),
			    task->tgid | (__u64)signal << 32, task->group_leader->start_boottime, 0);
	if (r) {
		OTHER_FILL(r, task);
		r->signal = signal;
	}
	return act_end_node(&a);
}
