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
}

/* Entry by a write to cgroup.procs. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(reeve_attach, struct cgroup *dst, const char *path, struct task_struct *task)
{
	struct rv_place place;

	if (place_of(dst, &place))
		mark_helper(task->group_leader, &place);
	return 0;
}

/* A child inherits its parent's mark; a child born straight into a container's cgroup by a parent
 * outside (CLONE_INTO_CGROUP) is a helper. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(reeve_fork, struct task_struct *parent, struct task_struct *child)
{
	struct cgroup *to = child->cgroups->dfl_cgrp;
	struct rv_place place;
	struct rv_task *from, *m;

	if (child->pid != child->tgid)
		return 0; /* a thread: the leader's mark is its own */
	from = mark_of(parent);
	/* Without a mark, yet inside: its children are the container's own, whatever made it so. */
	if (!from && place_of(parent->cgroups->dfl_cgrp, &place)) {
		m = bpf_task_storage_get(&reeve_tasks, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (m) {
			m->generation = place.generation;
			m->slot = place.slot;
			m->flags = RV_TASK_INSIDE;
		}
		return 0;
	}
	if (!from) {
		if (parent->cgroups->dfl_cgrp != to && place_of(to, &place))
			mark_helper(child, &place);
		return 0;
	}
	m = bpf_task_storage_get(&reeve_tasks, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m) {
		struct rv_state *st = state_of(from->slot, from->generation);

		if (st)
			__sync_fetch_and_add(&st->counters.errors[RV_ERROR_STORAGE], 1);
		return 0;
	}
	m->generation = from->generation;
	m->slot = from->slot;
	m->exec_seq = from->exec_seq;
	m->flags = from->flags & (RV_TASK_HELPER | RV_TASK_INSIDE);
	return 0;
}

/* The last thread's end is the process's. By then live is 0 for every thread that still comes. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(reeve_exit, struct task_struct *task)
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
	who_fill(&r->head, &w, RV_KIND_EXIT, RV_HOOK_EXIT);
	r->code = (status >> 8) & 0xff;
	r->signal = status & 0x7f;
	r->core = !!(status & 0x80);
	r->reserved = 0;
	emit(&w, s, &r->head, sizeof(*r), RV_KIND_EXIT);
	scratch_free(s);
	return 0;
}
