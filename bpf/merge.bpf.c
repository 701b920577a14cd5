/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counted repetitions become records. Run by the container's agent (BPF_PROG_RUN); a run cannot be
 * killed half-way, so a count is in a record or in the table, never in both or neither. */

struct repeats {
	struct rv_page *page;
	__u32 slot;
	__u32 half;
};

/* Room first, then the number: nothing is lost here, what finds no room waits. */
static __always_inline bool repeat_emit(struct repeats *d, const struct rv_merge *m)
{
	struct rv_state *st = &d->page->state;
	__u32 slot = d->slot;
	void *ring = bpf_map_lookup_elem(&reeve_rings, &slot);
	struct rv_repeat *r = ring ? bpf_ringbuf_reserve(ring, sizeof(*r), 0) : NULL;

	if (!r)
		return false;
	__builtin_memset(r, 0, sizeof(*r));
	r->head.len = sizeof(*r);
	r->head.kind = RV_KIND_REPEAT;
	r->head.boot_ns = bpf_ktime_get_boot_ns();
	r->head.tai_ns = bpf_ktime_get_tai_ns();
	r->head.generation = st->generation;
	r->head.cgroup_id = st->cgroup_id;
	r->head.task_cgroup_id = st->cgroup_id;
	r->head.phase = RV_PHASE_ARMED;
	r->of_seq = m->seq;
	r->of_kind = m->kind;
	r->count = m->count;
	r->first_ns = m->first_ns;
	r->last_ns = m->last_ns;
	r->head.seq = emit_number(st, RV_KIND_REPEAT);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return true;
}

/* 1 ends the loop: the ring is full. */
static long repeat_one(__u32 i, struct repeats *d)
{
	__u64 at = d->half + i;
	struct rv_merge *m;

	asm volatile("" : "+r"(at));
	m = &d->page->merge[at & (2 * RV_MERGE_ENTRIES - 1)];
	if (i >= RV_MERGE_ENTRIES || !m->key)
		return 0;
	if (m->count && !repeat_emit(d, m))
		return 1;
	m->key = 0;
	m->seq = 0;
	m->again = 0;
	m->count = 0;
	return 0;
}

SEC("syscall")
int reeve_repeats(struct rv_repeats *c)
{
	struct rv_page *page = page_of(c->slot);
	struct repeats d = {.page = page, .slot = c->slot};

	if (!page || !page->state.prepared || page->state.generation != c->generation)
		return -ESTALE;
	d.half = (page->state.merge_epoch & 1) ? 0 : RV_MERGE_ENTRIES;
	/* A turn more than there are entries tells the end from breaking off at the last one. */
	if (bpf_loop(RV_MERGE_ENTRIES + 1, repeat_one, &d, 0) <= RV_MERGE_ENTRIES)
		return 1;
	if (!c->flip)
		return 0;
	/* In this order: what comes into the old half from here on comes from a program that began
	 * before, and "merging" may then say too much, never too little. */
	page->state.merging = 0;
	__sync_fetch_and_add(&page->state.merge_epoch, 1);
	return 0;
}
