/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tasks: who comes in from outside, what children inherit, who ends. For the whole node, because
 * a task is outside when it enters; cheap for everyone else. */

static __always_inline void mark_helper(struct task_struct *leader, const struct rv_place *place)
{
	struct rv_state *st;
	struct rv_task *m = bpf_task_storage_get(&reeve_tasks, leader, NULL,
						 BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!m) {
		st = state_of(place->slot, place->generation);
		if (st)
			__sync_fetch_and_add(&st->counters.errors[RV_ERROR_STORAGE], 1);
		return;
	}
	/* Who was ever a container's own never passes for a runtime's helper again. */
	if (m->flags & RV_TASK_INSIDE)
		return;
	/* A write of the cgroup it is in already fires as well: init stays init. */
	m->flags = RV_TASK_HELPER |
		   (m->generation == place->generation ? m->flags & RV_TASK_INIT : 0);
	m->generation = place->generation;
	m->slot = place->slot;
	m->exec_seq = 0;
	m->when = 0;
}

/* ENTER or LEAVE in the record of the container at place. The actor, who may be outside of it, is
 * whoever runs; the runtime's own entry before the entrypoint's exec is set-up. */
static __always_inline void crossed(const struct rv_place *place, __u32 kind, __u32 hook,
				    struct task_struct *task, __u64 from, __u64 to)
{
	struct rv_enter *r;
	struct act a = {};

	if (!who_at(&a.w, place) || !a.w.armed)
		return;
	r = act_record(&a, kind, hook, sizeof(*r));
	if (r) {
		OTHER_FILL(r, task);
		r->from_cgroup_id = from;
		r->to_cgroup_id = to;
	}
	act_emit(&a);
}

static __always_inline __u64 cgroup_id_of(struct cgroup *cgroup)
{
	return cgroup->kn->id;
}

/* Before a move: where the task is. The tracepoint comes when that is gone. */
SEC("fentry/cgroup_attach_task")
int BPF_PROG(reeve_move, struct cgroup *dst, struct task_struct *task)
{
	struct cgroup *from = task->cgroups->dfl_cgrp;
	__u32 zero = 0;
	struct move *m = bpf_map_lookup_elem(&reeve_moves, &zero);

	if (!m || dst->root != from->root) /* a hierarchy of version 1 */
		return 0;
	m->cgroup_id = cgroup_id_of(from);
	if (!place_of(from, &m->place))
		m->place.slot = 0;
	m->task = (__u64)task;
	return 0;
}

/* Moved by a write to cgroup.procs or cgroup.threads. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(reeve_attach, struct cgroup *dst, const char *path, struct task_struct *task)
{
	struct cgroup *now = task->cgroups->dfl_cgrp;
	__u32 zero = 0;
	struct move *m = bpf_map_lookup_elem(&reeve_moves, &zero);
	struct rv_place place;
	__u64 from = 0;
	bool inside;

	if (dst->root != now->root)
		return 0;
	inside = place_of(dst, &place);
	if (inside)
		mark_helper(task->group_leader, &place);
	if (!m)
		return 0;
	if (m->task == (__u64)task) {
		from = m->cgroup_id;
		m->task = 0;
		if (m->place.slot && inside && m->place.slot == place.slot &&
		    m->place.generation == place.generation)
			return 0;
		if (m->place.slot)
			crossed(&m->place, RV_KIND_LEAVE, RV_HOOK_ATTACH, task, from,
				cgroup_id_of(dst));
	}
	if (inside)
		crossed(&place, RV_KIND_ENTER, RV_HOOK_ATTACH, task, from, cgroup_id_of(dst));
	return 0;
}

/* What child and parent share and do not, as the flags of clone. */
static __always_inline __u32 fork_flags(struct task_struct *parent, struct task_struct *child)
{
	struct nsproxy *a = parent->nsproxy, *b = child->nsproxy;
	__u32 flags = 0, parent_ns, child_ns;

	pid_inside(parent->thread_pid, &parent_ns);
	pid_inside(child->thread_pid, &child_ns);
	flags |= (parent->mm == child->mm) << 8;
	flags |= (parent->fs == child->fs) << 9;
	flags |= (parent->files == child->files) << 10;
	flags |= (parent->sighand == child->sighand) << 11;
	flags |= (parent->tgid == child->tgid) << 16;
	flags |= (parent->tgid != child->tgid && child->real_parent->tgid != parent->tgid) << 15;
	flags |= (a->time_ns != b->time_ns) << 7;
	flags |= (a->mnt_ns != b->mnt_ns) << 17;
	flags |= (a->cgroup_ns != b->cgroup_ns) << 25;
	flags |= (a->uts_ns != b->uts_ns) << 26;
	flags |= (a->ipc_ns != b->ipc_ns) << 27;
	flags |= (parent->cred->user_ns != child->cred->user_ns) << 28;
	flags |= (parent_ns != child_ns) << 29;
	flags |= (a->net_ns != b->net_ns) << 30;
	return flags;
}

static __always_inline void fork_record(struct task_struct *parent, struct task_struct *child,
					__u32 hook)
{
	__u32 kind = parent->tgid == child->tgid ? RV_KIND_THREAD : RV_KIND_FORK, ns;
	struct act a = {};
	struct rv_fork *r = act_node(&a, kind, hook, sizeof(*r));

	if (r) {
		r->child_cgroup_id = cgroup_id_of(child->cgroups->dfl_cgrp);
		r->child_pid = child->tgid;
		r->child_tid = child->pid;
		r->child_ns_pid = pid_inside(child->thread_pid, &ns);
		r->clone = fork_flags(parent, child);
	}
	act_emit(&a);
}

static __always_inline void mark_child(struct rv_state *st, struct task_struct *child,
				       const struct rv_task *like)
{
	struct rv_task *m = bpf_task_storage_get(&reeve_tasks, child, NULL,
						 BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!m) {
		if (st)
			__sync_fetch_and_add(&st->counters.errors[RV_ERROR_STORAGE], 1);
		return;
	}
	m->generation = like->generation;
	m->slot = like->slot;
	m->exec_seq = like->exec_seq;
	m->when = like->when;
	m->when_set = like->when_set;
	m->flags = like->flags & (RV_TASK_HELPER | RV_TASK_INSIDE);
}

/* CLONE_INTO_CGROUP, which no other hook sees: into a container's cgroup, or out of one. */
static __always_inline void fork_crossed(struct task_struct *parent, struct task_struct *child)
{
	struct cgroup *from = parent->cgroups->dfl_cgrp, *to = child->cgroups->dfl_cgrp;
	struct rv_place old = {}, new = {};

	place_of(from, &old);
	place_of(to, &new);
	if (old.slot == new.slot && old.generation == new.generation)
		return;
	if (old.slot)
		crossed(&old, RV_KIND_LEAVE, RV_HOOK_FORK, child, cgroup_id_of(from),
			cgroup_id_of(to));
	if (new.slot)
		crossed(&new, RV_KIND_ENTER, RV_HOOK_FORK, child, cgroup_id_of(from),
			cgroup_id_of(to));
}

/* The kernel does not run a tracing program on a CPU that is in it already. From Linux 7.0 on a task can
 * be preempted in one at a tracepoint, and the next task's event is then passed over: one fork in eight
 * of a busy container. So there are several programs for a process's begin and for its end; each finds
 * what those before it were not run for, as it is not marked, and that is a tenth of theirs. */
static __always_inline void forked(struct task_struct *parent, struct task_struct *child,
				   const struct rv_task *from, __u32 hook)
{
	if (mark_of(child))
		return;
	mark_child(state_of(from->slot, from->generation), child, from);
	fork_record(parent, child, hook);
	if (parent->cgroups->dfl_cgrp != child->cgroups->dfl_cgrp)
		fork_crossed(parent, child);
}

#define FORK_AGAIN(prog, hook)                                                                     \
	SEC("tp_btf/sched_process_fork")                                                           \
	int BPF_PROG(prog, struct task_struct *parent, struct task_struct *child)                  \
	{                                                                                          \
		struct rv_task *from = mark_of(parent);                                            \
                                                                                                   \
		if (from && child->pid == child->tgid)                                             \
			forked(parent, child, from, hook);                                         \
		return 0;                                                                          \
	}
FORK_AGAIN(reeve_fork_2, RV_HOOK_FORK_2)
FORK_AGAIN(reeve_fork_3, RV_HOOK_FORK_3)
FORK_AGAIN(reeve_fork_4, RV_HOOK_FORK_4)

/* A child inherits its parent's mark; a child born straight into a container's cgroup by a parent
 * outside is a helper. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(reeve_fork, struct task_struct *parent, struct task_struct *child)
{
	bool moved = parent->cgroups->dfl_cgrp != child->cgroups->dfl_cgrp;
	struct rv_task *from = mark_of(parent), own = {};
	struct rv_place place;

	if (child->pid != child->tgid) { /* a thread: the leader's mark is its own */
		if (from)
			fork_record(parent, child, RV_HOOK_FORK);
		return 0;
	}
	if (from) {
		forked(parent, child, from, RV_HOOK_FORK);
		return 0;
	}
	if (place_of(parent->cgroups->dfl_cgrp, &place)) {
		/* Without a mark, yet inside: its children are the container's own, whatever made it
		 * so. */
		own.generation = place.generation;
		own.slot = place.slot;
		own.flags = RV_TASK_INSIDE;
		mark_child(NULL, child, &own);
	} else {
		if (moved && place_of(child->cgroups->dfl_cgrp, &place))
			mark_helper(child, &place);
		if (moved)
			fork_crossed(parent, child);
		return 0;
	}
	fork_record(parent, child, RV_HOOK_FORK);
	if (moved)
		fork_crossed(parent, child);
	return 0;
}

/* The last thread's end is the process's. By then live is 0 for every thread that still comes. */
static __always_inline int ended(struct task_struct *task, __u32 hook)
{
	struct task_struct *leader;
	struct signal_struct *signal = task->signal;
	struct who w = {};
	struct scratch *s;
	struct rv_exit *r;
	__u32 status;

	w.mark = mark_of(task);
	if (!w.mark || !(w.mark->flags & RV_TASK_INSIDE) || signal->live.counter)
		return 0;
	w.slot = w.mark->slot;
	w.st = state_of(w.slot, w.mark->generation);
	if (!w.st || !who_recorded(&w, RV_KIND_EXIT))
		return 0;
	if (__sync_fetch_and_or(&w.mark->flags, RV_TASK_EXITED) & RV_TASK_EXITED)
		return 0;
	w.armed = w.st->counters.armed;
	s = scratch_claim(w.st);
	if (!s) {
		emit_number(w.st, RV_KIND_EXIT);
		emit_lost(w.st, RV_KIND_EXIT);
		return 0;
	}
	leader = task->group_leader;
	status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : leader->exit_code;
	r = (void *)s->record;
	who_fill(&r->head, &w, RV_KIND_EXIT, hook);
	r->code = (status >> 8) & 0xff;
	r->signal = status & 0x7f;
	r->core = !!(status & 0x80);
	r->reserved = 0;
	emit(&w, s, &r->head, sizeof(*r), RV_KIND_EXIT);
	scratch_free(s);
	return 0;
}

#define EXIT(prog, hook)                                                                           \
	SEC("tp_btf/sched_process_exit")                                                           \
	int BPF_PROG(prog, struct task_struct *task)                                               \
	{                                                                                          \
		return ended(task, hook);                                                          \
	}
EXIT(reeve_exit, RV_HOOK_EXIT)
EXIT(reeve_exit_2, RV_HOOK_EXIT_2)
EXIT(reeve_exit_3, RV_HOOK_EXIT_3)
EXIT(reeve_exit_4, RV_HOOK_EXIT_4)
