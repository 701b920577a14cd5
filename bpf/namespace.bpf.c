// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where a process is: unshare and setns. Both come by a function before anything has changed, where
 * the old namespaces are noted, and by another once all of it has. */

static __always_inline void namespaces_read(struct namespaces *n)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct nsproxy *ns = task->nsproxy;

	n->mnt = ns->mnt_ns->ns.inum;
	n->pid = ns->pid_ns_for_children->ns.inum;
	n->net = ns->net_ns->ns.inum;
	n->user = task->cred->user_ns->ns.inum;
	n->uts = ns->uts_ns->ns.inum;
	n->ipc = ns->ipc_ns->ns.inum;
	n->cgroup = ns->cgroup_ns->ns.inum;
	n->time = ns->time_ns_for_children->ns.inum;
}

static __always_inline void namespaces_note(__u32 call)
{
	struct namespaces *n;
	struct who w = {};

	if (!who_node(&w) || !who_judged(&w) || !who_recorded(&w, RV_KIND_NAMESPACE))
		return;
	n = bpf_task_storage_get(&reeve_ns, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!n) {
		__sync_fetch_and_add(&w.st->counters.errors[RV_ERROR_NOTE], 1);
		return;
	}
	n->call = call;
	namespaces_read(n);
}

/* unshare(2), whichever kinds it asks for. */
SEC("fentry/unshare_nsproxy_namespaces")
int BPF_PROG(reeve_unshare)
{
	namespaces_note(RV_NS_UNSHARE);
	return 0;
}

/* setns(2) begins with a copy of what there is: no kind asked for. */
SEC("fentry/create_new_namespaces")
int BPF_PROG(reeve_setns, unsigned long flags, struct task_struct *task)
{
	if (!flags && task == bpf_get_current_task_btf())
		namespaces_note(RV_NS_SETNS);
	return 0;
}

#define NS_CHANGE(r, old, new, kind, bit)                                                          \
	do {                                                                                       \
		if ((old)->kind != (new)->kind) {                                                  \
			(r)->changed |= 1u << (bit);                                               \
			(r)->old_##kind##_ns = (old)->kind;                                        \
			(r)->new_##kind##_ns = (new)->kind;                                        \
		}                                                                                  \
	} while (0)

static __always_inline void namespaces_fill(struct rv_namespace *r, const struct namespaces *old,
					    const struct namespaces *new)
{
	r->call = old->call;
	NS_CHANGE(r, old, new, mnt, 17);
	NS_CHANGE(r, old, new, pid, 29);
	NS_CHANGE(r, old, new, net, 30);
	NS_CHANGE(r, old, new, user, 28);
	NS_CHANGE(r, old, new, uts, 26);
	NS_CHANGE(r, old, new, ipc, 27);
	NS_CHANGE(r, old, new, cgroup, 25);
	NS_CHANGE(r, old, new, time, 7);
}

/* The last step of both calls, when they succeed; of a fork as well, for the child. */
SEC("fentry/perf_event_namespaces")
int BPF_PROG(reeve_namespace, struct task_struct *task)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct namespaces *old, new = {};
	struct rv_namespace *r;
	struct act a = {};

	if (task != current)
		return 0;
	old = bpf_task_storage_get(&reeve_ns, current, NULL, 0);
	if (!old)
		return 0;
	namespaces_read(&new);
	if (old->mnt == new.mnt && old->pid == new.pid && old->net == new.net &&
	    old->user == new.user && old->uts == new.uts && old->ipc == new.ipc &&
	    old->cgroup == new.cgroup && old->time == new.time)
		return 0;
	r = act_node(&a, RV_KIND_NAMESPACE, RV_HOOK_NAMESPACE, sizeof(*r));
	if (r)
		namespaces_fill(r, old, &new);
	act_emit(&a);
	bpf_task_storage_delete(&reeve_ns, current);
	return 0;
}
