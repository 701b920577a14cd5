/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BPF programs that come into the kernel and leave it. A load is its loader's act; the end comes
 * when the last reference goes, in whoever's hands that is, often in no task's: so whose program it
 * was is remembered from its load on. What is no container's own goes to the node's log. Programs
 * without an id are no programs to anybody but the kernel (it makes some for itself) and are left
 * out.
 *
 * The kernel does not run a tracing program on a CPU that is in it already: where an interrupt or
 * another task comes in between, it is passed over without a word. So each end is looked at twice
 * more by LSM programs, which are not (from 6.2 on; before, nothing but an interrupt can come in
 * between): a load when its descriptor is made, an unload when its memory goes. They find nothing
 * left to do unless the first was passed over. */

/* enum perf_bpf_event_type */
#define PROG_LOAD 1
#define PROG_UNLOAD 2

RV_ASSERT(sizeof(struct rv_bpf_load) == sizeof(struct rv_bpf_unload));

static __always_inline void prog_emit(struct who *w, const struct loaded *l, __u32 kind, __u32 hook,
				      bool task)
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
	who_fill_record(&r->head, w, kind, hook);
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

static __always_inline void loaded_fill(struct loaded *l, struct bpf_prog *prog)
{
	struct bpf_prog_aux *aux = prog->aux;

	l->id = aux->id;
	l->type = prog->type;
	bpf_core_read(l->tag.b, sizeof(l->tag.b), &prog->tag);
	bpf_core_read(l->name.s, sizeof(l->name.s), &aux->name);
}

/* Belongs to the container whose own act it is, else to the node. again: only if it can be
 * remembered now, and was not before. */
static __always_inline void prog_load(struct bpf_prog *prog, __u32 hook, bool again)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 key = (__u64)prog->aux;
	struct loaded l = {};
	struct who w = {};
	bool known = who_node(&w) && who_judged(&w);
	long r;

	if (!known) {
		w.mark = NULL;
		known = who_host(&w);
	}
	loaded_fill(&l, prog);
	l.slot = known ? w.slot : RV_SLOT_NODE;
	l.generation = known ? w.st->generation : 0;
	l.loader_pid = task->tgid;
	l.loader_start_ns = task->group_leader->start_boottime;
	r = bpf_map_update_elem(&reeve_loaded, &key, &l, again ? BPF_NOEXIST : BPF_ANY);
	if (!known || (r && again))
		return;
	if (r)
		__sync_fetch_and_add(&w.st->counters.errors[RV_ERROR_LOADED], 1);
	prog_emit(&w, &l, RV_KIND_BPF_LOAD, hook, who_is_task());
}

/* The container it was loaded in, if that is still there, else the node. */
static __always_inline void prog_unload(const struct loaded *l, __u32 hook, bool task)
{
	struct who w = {.slot = l->slot};

	w.st = state_of(l->slot, l->generation);
	if (w.st)
		w.armed = w.st->counters.armed;
	else if (!who_host(&w))
		return;
	w.mark = task ? mark_of(bpf_get_current_task_btf()) : NULL;
	prog_emit(&w, l, RV_KIND_BPF_UNLOAD, hook, task);
}

SEC("fentry/perf_event_bpf_event")
int BPF_PROG(reeve_bpf_prog, struct bpf_prog *prog, int type)
{
	__u64 key = (__u64)prog->aux;
	struct loaded l = {}, *was;

	if (type == PROG_LOAD)
		prog_load(prog, RV_HOOK_BPF_PROG, false);
	if (type != PROG_UNLOAD)
		return 0;
	loaded_fill(&l, prog);
	was = bpf_map_lookup_elem(&reeve_loaded, &key);
	if (was && (was->id == l.id || !l.id))
		l = *was;
	if (was)
		bpf_map_delete_elem(&reeve_loaded, &key);
	if (l.id)
		prog_unload(&l, RV_HOOK_BPF_PROG, who_is_task());
	return 0;
}

/* A descriptor is made, of a program new or old. */
SEC("lsm/bpf_prog")
int BPF_PROG(reeve_bpf_fd, struct bpf_prog *prog, int ret)
{
	__u64 key = (__u64)prog->aux;
	struct loaded *was = bpf_map_lookup_elem(&reeve_loaded, &key);
	struct rv_state *node = state_in(RV_SLOT_NODE);

	/* What was there before us was loaded by somebody else. */
	if (node && prog->aux->load_time > node->generation && !(was && was->id == prog->aux->id))
		prog_load(prog, RV_HOOK_BPF_PROG_FD, true);
	return ret;
}

/* By now it has no id. Who let go of it has long gone on. */
static __always_inline void prog_free(struct bpf_prog_aux *aux, __u32 hook)
{
	__u64 key = (__u64)aux;
	struct loaded *was = bpf_map_lookup_elem(&reeve_loaded, &key);
	struct loaded l;

	if (!was)
		return;
	l = *was;
	bpf_map_delete_elem(&reeve_loaded, &key);
	prog_unload(&l, hook, false);
}

SEC("lsm/bpf_prog_free_security")
int BPF_PROG(reeve_bpf_aux, struct bpf_prog_aux *aux)
{
	prog_free(aux, RV_HOOK_BPF_PROG_AUX);
	return 0;
}

SEC("lsm/bpf_prog_free")
int BPF_PROG(reeve_bpf_free, struct bpf_prog *prog)
{
	prog_free(prog->aux, RV_HOOK_BPF_PROG_FREE);
	return 0;
}
