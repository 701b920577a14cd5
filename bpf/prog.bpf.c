/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BPF programs that come into the kernel and leave it. A load is its loader's act; the end comes
 * when the last reference goes, in whoever's hands that is, often in no task's: so whose program it
 * was is remembered from its load on. What is no container's own goes to the node's log. Programs
 * without an id are no programs to anybody but the kernel (it makes some for itself) and are left
 * out. */

/* enum perf_bpf_event_type */
#define PROG_LOAD 1
#define PROG_UNLOAD 2

RV_ASSERT(sizeof(struct rv_bpf_load) == sizeof(struct rv_bpf_unload));

static __always_inline void loaded_fill(struct loaded *l, struct bpf_prog *prog)
{
	struct bpf_prog_aux *aux = prog->aux;

	l->id = aux->id;
	l->type = prog->type;
	bpf_core_read(l->tag.b, sizeof(l->tag.b), &prog->tag);
	bpf_core_read(l->name.s, sizeof(l->name.s), &aux->name);
}

/* The container whose own act this load is, else the node. */
static __always_inline bool who_loads(struct who *w, struct loaded *l, __u64 key)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool known = who_node(w) && who_judged(w);

	if (!known) {
		w->mark = NULL;
		known = who_host(w);
	}
	l->slot = known ? w->slot : RV_SLOT_NODE;
	l->generation = known ? w->st->generation : 0;
	l->loader_pid = task->tgid;
	l->loader_start_ns = task->group_leader->start_boottime;
	if (bpf_map_update_elem(&reeve_loaded, &key, l, BPF_ANY) && known)
		__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_LOADED], 1);
	return known;
}

/* Whose load that was, and what was known then. The address is soon another program's. */
static __always_inline bool who_loaded(struct who *w, struct loaded *l, __u64 key, bool task)
{
	struct loaded *was = bpf_map_lookup_elem(&reeve_loaded, &key);

	if (was && (was->id == l->id || !l->id))
		*l = *was;
	if (was)
		bpf_map_delete_elem(&reeve_loaded, &key);
	w->mark = task ? mark_of(bpf_get_current_task_btf()) : NULL;
	w->slot = l->slot;
	w->st = state_of(l->slot, l->generation);
	if (w->st)
		w->armed = w->st->counters.armed;
	return w->st || who_host(w);
}

static __always_inline void prog_emit(struct who *w, const struct loaded *l, __u32 kind, bool task)
{
	struct scratch *s;
	struct rv_bpf_load *r;

	if (!who_recorded(w, kind))
		return;
	s = scratch_claim(w->st);
	if (!s) {
		emit_number(w->st, kind);
		emit_lost(w->st, kind);
		return;
	}
	r = (void *)s->record;
	who_fill_record(&r->head, w, kind, RV_HOOK_BPF_PROG);
	if (task)
		who_fill_task(&r->head, w);
	else
		who_fill_nobody(&r->head);
	r->loader_start_ns = l->loader_start_ns;
	r->tag = l->tag;
	r->name = l->name;
	r->id = l->id;
	r->type = l->type;
	r->loader_pid = l->loader_pid;
	r->reserved = 0;
	emit(w, s, &r->head, sizeof(*r), kind);
	scratch_free(s);
}

SEC("fentry/perf_event_bpf_event")
int BPF_PROG(reeve_bpf_prog, struct bpf_prog *prog, int type)
{
	__u64 key = (__u64)prog;
	struct loaded l = {};
	struct who w = {};
	bool task = who_is_task();

	loaded_fill(&l, prog);
	if (type == PROG_LOAD && who_loads(&w, &l, key))
		prog_emit(&w, &l, RV_KIND_BPF_LOAD, task);
	else if (type == PROG_UNLOAD && who_loaded(&w, &l, key, task) && l.id)
		prog_emit(&w, &l, RV_KIND_BPF_UNLOAD, task);
	return 0;
}
