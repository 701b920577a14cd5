/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* First step of every program: for which container does it run, what is the acting task to that
 * container, and the head of the record that says so. Decides nothing. */
#pragma once
#include "maps.bpf.h"

static __always_inline struct rv_page *page_in(__u32 slot)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&reeve_states, &slot);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

static __always_inline struct rv_page *page_of(__u32 slot)
{
	return slot ? page_in(slot) : NULL;
}

static __always_inline struct rv_state *state_in(__u32 slot)
{
	struct rv_page *page = page_in(slot);

	return page && page->state.prepared == RV_PREPARED ? &page->state : NULL;
}

static __always_inline struct rv_state *state_of(__u32 slot, __u64 generation)
{
	struct rv_page *page = page_of(slot);
	struct rv_state *st = &page->state;

	if (!page || st->prepared != RV_PREPARED || st->generation != generation)
		return NULL;
	return st;
}

/* The acting task's mark; NULL when it has none. */
static __always_inline struct rv_task *mark_of(struct task_struct *task)
{
	return bpf_task_storage_get(&reeve_tasks, task->group_leader, NULL, 0);
}

/* What a program knows after its first step. */
struct who {
	struct rv_state *st;
	struct rv_task *mark;
	__u32 slot;
	__u32 armed;
	__u32 helper; /* came from outside and has not exec'ed: its acts are the runtime's */
};

#define NEST_MAX 32 /* cgroups between a task's and its container's */

/* Container a cgroup lies in, nearest first. */
static __always_inline bool place_of(struct cgroup *cgroup, struct rv_place *ret)
{
	struct cgroup_subsys_state *css = &cgroup->self;

	for (int i = 0; i < NEST_MAX; i++) {
		struct cgroup *c = BPF_CORE_READ(css, cgroup);
		__u64 id = BPF_CORE_READ(c, kn, id);
		struct rv_place *p = bpf_map_lookup_elem(&reeve_cgroups, &id);

		if (p) {
			*ret = *p;
			return true;
		}
		css = BPF_CORE_READ(css, parent);
		if (!css)
			break;
	}
	return false;
}

static __always_inline bool who_state(struct who *w, const struct rv_place *place)
{
	w->slot = place->slot;
	w->st = state_of(place->slot, place->generation);
	return w->st;
}

/* Would a record be made of such an act, or does the policy have a word about it? Most opens end here:
 * before the acting task is looked at. */
static __always_inline bool who_wants(const struct who *w, __u64 kinds, __u32 subject)
{
	return (w->st->record & kinds) || (w->st->asked >> (subject & 31) & 1);
}

static __always_inline void who_task(struct who *w)
{
	w->armed = w->st->counters.armed;
	w->mark = mark_of(bpf_get_current_task_btf());
	/* Once a mark could not be stored, a task without one may be the container's own, and an
	 * entry could make a helper of it: then there are no helpers but init any more. */
	w->helper = w->mark && (w->mark->flags & RV_TASK_HELPER) &&
		    w->mark->generation == w->st->generation &&
		    ((w->mark->flags & RV_TASK_INIT) || !w->st->counters.errors[RV_ERROR_STORAGE]);
}

static __always_inline bool who_at(struct who *w, const struct rv_place *place)
{
	if (!who_state(w, place))
		return false;
	who_task(w);
	return true;
}

/* In a cgroup-scoped program. False: nothing to do here. */
static __always_inline bool who_here(struct who *w)
{
	return who_at(w, bpf_get_local_storage(&reeve_place, 0));
}

/* The nearest container of the acting task, as in place_of(), but for current the kernel knows all
 * ancestors: 100 instructions a level instead of 300, which every task of the host pays. */
static __always_inline bool who_place(struct rv_place *ret)
{
	for (int level = 1; level < NEST_MAX; level++) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);
		struct rv_place *p;

		if (!id)
			break;
		p = bpf_map_lookup_elem(&reeve_cgroups, &id);
		if (p)
			*ret = *p;
	}
	return ret->slot;
}

/* In a program for the whole node: is the acting task in a container? */
static __always_inline bool who_node(struct who *w)
{
	struct rv_place place = {};

	return who_place(&place) && who_at(w, &place);
}

/* What belongs to no container goes to the node's log. False: it has none yet, or no more. */
static __always_inline bool who_host(struct who *w)
{
	w->slot = RV_SLOT_NODE;
	w->st = state_in(RV_SLOT_NODE);
	w->armed = 0;
	w->helper = 0;
	return w->st;
}

/* Whether current is who does it: not in an interrupt, which merely came upon it. Where that cannot
 * be asked (not x86-64), the answer is no. */
static __always_inline bool who_is_task(void)
{
	int count = IN_SOFTIRQ;

	if (&__preempt_count)
		count = *(int *)bpf_this_cpu_ptr(&__preempt_count);
	else if (&pcpu_hot)
		count = ((struct pcpu_hot *)bpf_this_cpu_ptr(&pcpu_hot))->preempt_count;
	return !(count & (IN_SOFTIRQ | IN_HARDIRQ_OR_NMI));
}

/* The container's own act, after its entrypoint's exec: to be judged and recorded. */
static __always_inline bool who_judged(const struct who *w)
{
	return w->armed && !w->helper;
}

static __always_inline bool who_recorded(const struct who *w, __u32 kind)
{
	return w->st->record & (1ull << kind);
}

/* Number of a pid in its own (innermost) namespace, and that namespace's inode. */
static __always_inline __u32 pid_inside(struct pid *pid, __u32 *ret_ns)
{
	__u64 at = pid->level * bpf_core_type_size(struct upid);
	struct pid_namespace *ns;
	struct upid u = {};

	bpf_core_read(&u, sizeof(u),
		      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
			      (at & 1023)); /* 32 levels at most; the bound is for 6.1 */
	ns = u.ns;
	*ret_ns = BPF_CORE_READ(ns, ns.inum);
	return u.nr;
}

/* The record itself: when, of what, by which program. */
static __always_inline void who_fill_record(struct rv_head *h, const struct who *w, __u32 kind,
					    __u32 hook)
{
	struct rv_prog *prog = bpf_map_lookup_elem(&reeve_progs, &hook);

	h->len = 0;
	h->kind = kind;
	h->flags = 0;
	h->seq = 0;
	h->boot_ns = bpf_ktime_get_boot_ns();
	h->tai_ns = bpf_ktime_get_tai_ns();
	h->generation = w->st->generation;
	h->cgroup_id = w->st->cgroup_id;
	h->prog_id = prog ? prog->id : 0;
	*(__u64 *)h->prog_tag = prog ? *(__u64 *)prog->tag : 0;
	h->hook = hook;
	h->verdict = RV_VERDICT_NONE;
	h->phase = w->slot == RV_SLOT_NODE ? RV_PHASE_NONE
		   : w->armed		   ? RV_PHASE_ARMED
					   : RV_PHASE_SETUP;
	h->error = 0;
	h->rule = 0;
	h->policy_version = 0;
	h->reserved = 0;
}

/* Who does it: current. */
static __always_inline void who_fill_task(struct rv_head *h, const struct who *w)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	const struct cred *cred = task->cred;
	struct nsproxy *ns = task->nsproxy;
	struct file *exe = task->mm->exe_file;
	struct inode *inode = exe->f_inode;

	h->task_cgroup_id = bpf_get_current_cgroup_id();
	h->exec_seq = w->mark && w->mark->generation == h->generation ? w->mark->exec_seq : 0;
	h->start_ns = leader->start_boottime;
	h->exe_ino = inode->i_ino;
	h->exe_dev = inode->i_sb->s_dev;
	h->pid = task->tgid;
	h->tid = task->pid;
	h->ppid = task->real_parent->tgid;
	h->ns_tid = pid_inside(task->thread_pid, &h->pid_ns);
	h->ns_pid = task == leader ? h->ns_tid : pid_inside(leader->thread_pid, &h->pid_ns);
	h->uid = cred->uid.val;
	h->gid = cred->gid.val;
	h->euid = cred->euid.val;
	h->egid = cred->egid.val;
	h->loginuid = task->loginuid.val;
	h->sessionid = task->sessionid;
	h->mnt_ns = ns->mnt_ns->ns.inum;
	h->net_ns = ns->net_ns->ns.inum;
	h->user_ns = cred->user_ns->ns.inum;
	h->uts_ns = ns->uts_ns->ns.inum;
	h->ipc_ns = ns->ipc_ns->ns.inum;
	h->cgroup_ns = ns->cgroup_ns->ns.inum;
	h->time_ns = ns->time_ns->ns.inum;
	bpf_get_current_comm(h->comm, sizeof(h->comm));
}

/* No task did it. */
static __always_inline void who_fill_nobody(struct rv_head *h)
{
	__builtin_memset(&h->task_cgroup_id, 0,
			 __builtin_offsetof(struct rv_head, prog_id) -
				 __builtin_offsetof(struct rv_head, task_cgroup_id));
	h->uid = h->gid = h->euid = h->egid = RV_ID_NONE;
	h->loginuid = h->sessionid = RV_ID_NONE;
}

/* Everything but seq. The whole head is written: scratch memory holds an older record. */
static __always_inline void who_fill(struct rv_head *h, const struct who *w, __u32 kind, __u32 hook)
{
	who_fill_record(h, w, kind, hook);
	who_fill_task(h, w);
}
