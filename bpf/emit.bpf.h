/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Third step: number, reserve, copy, submit. A record takes its number first; if it then finds no
 * room that is counted, so that a missing number is always explained. */
#pragma once
#include "merge.bpf.h"

#define RING_HEAD 16 /* bytes, at most, that the ring adds to a record: its head, and up to a multiple of 8 */
#define RING_TRIES 3
#define RING_URGENT 1u

static __always_inline struct scratch *scratch_of(struct rv_state *st, void *pool, __u32 depth)
{
	for (__u32 i = 0; i < depth; i++) {
		__u32 k = i;
		struct scratch *s = bpf_map_lookup_elem(pool, &k);

		if (s && __sync_val_compare_and_swap(&s->busy, 0, 1) == 0)
			return s;
	}
	__sync_fetch_and_add(&st->counters.errors[RV_ERROR_SCRATCH], 1);
	return NULL;
}

static __always_inline struct scratch *scratch_claim(struct rv_state *st)
{
	return scratch_of(st, &reeve_scratch, SCRATCH_DEPTH);
}

/* For the copy of an argument block, which can take milliseconds: judging must never wait for, or
 * go without, a buffer because of it. */
static __always_inline struct scratch *scratch_claim_long(struct rv_state *st)
{
	return scratch_of(st, &reeve_long, SCRATCH_DEPTH);
}

static __always_inline void scratch_free(struct scratch *s)
{
	__sync_lock_test_and_set(&s->busy, 0);
}

static __always_inline __u64 emit_number(struct rv_state *st, __u32 kind)
{
	__sync_fetch_and_add(&st->counters.taken[kind & (RV_KIND_MAX - 1)], 1);
	return __sync_fetch_and_add(&st->counters.issued, 1) + 1;
}

static __always_inline void emit_lost(struct rv_state *st, __u32 kind)
{
	__sync_fetch_and_add(&st->counters.lost[kind & (RV_KIND_MAX - 1)], 1);
}

/* A wake-up costs more than the record: wake a sleeping agent, for what is urgent, and when a
 * quarter is full; otherwise the agent comes by itself within milliseconds. */
static __always_inline __u64 emit_wake(struct rv_state *st, void *ring, bool urgent, __u32 size)
{
	if (urgent || st->agent_idle || bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > size / 4)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

/* From Linux 6.15 on a ring is also said to have no room when its lock was not to be had for a quarter
 * of a second: on a virtual machine its holder's processor may stand still that long. True: it has room
 * for len bytes, so that was it, or the agent has just made it. */
static __always_inline bool emit_gave_up(struct rv_state *st, void *ring, __u32 size, __u32 len)
{
	if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) + len + RING_HEAD > size)
		return false;
	__sync_fetch_and_add(&st->counters.errors[RV_ERROR_RING], 1);
	return true;
}

/* urgent_size: the ring's, and RING_URGENT. */
static __noinline bool emit_into(struct rv_state *st, void *ring, __u32 urgent_size, void *record,
				 __u32 len)
{
	bool urgent = urgent_size & RING_URGENT;
	__u32 size = urgent_size & ~RING_URGENT;

	if (!ring)
		return false;
	for (int i = 0; i < RING_TRIES; i++) {
		if (bpf_ringbuf_output(ring, record, len, emit_wake(st, ring, urgent, size)) == 0)
			return true;
		if (!emit_gave_up(st, ring, size, len))
			return false;
	}
	return false;
}

/* What is too important for the main ring goes there all the same when the lane is full. */
static __always_inline bool emit_to(struct rv_state *st, __u32 slot, bool lane, void *record,
				    __u32 len, __u32 kind)
{
	if (lane && emit_into(st, bpf_map_lookup_elem(&reeve_lanes, &slot),
			      RV_LANE_SIZE | RING_URGENT, record, len))
		return true;
	if (emit_into(st, bpf_map_lookup_elem(&reeve_rings, &slot),
		      RV_RING_SIZE | (lane ? RING_URGENT : 0), record, len))
		return true;
	emit_lost(st, kind);
	return false;
}

/* Once a second of activity: the counters, in the lane, so that a stretch of the record can be
 * checked without its end. The number is taken before the counters are copied. */
static __always_inline void emit_checkpoint(const struct who *w, struct scratch *s,
					    const struct rv_head *from)
{
	struct rv_state *st = w->st;
	__u64 last = st->checkpoint_ns;
	struct rv_checkpoint *c = &s->checkpoint;

	if ((__s64)(from->boot_ns - last) < (__s64)RV_CHECKPOINT_NS || !who_recorded(w, RV_KIND_CHECKPOINT))
		return;
	if (__sync_val_compare_and_swap(&st->checkpoint_ns, last, from->boot_ns) != last)
		return;
	c->head = *from;
	c->head.kind = RV_KIND_CHECKPOINT;
	c->head.len = sizeof(*c);
	c->head.verdict = RV_VERDICT_NONE;
	c->head.error = 0;
	c->head.rule = 0;
	c->head.seq = emit_number(st, RV_KIND_CHECKPOINT);
	bpf_probe_read_kernel(&c->counters, sizeof(c->counters), &st->counters);
	emit_to(st, w->slot, true, c, sizeof(*c), RV_KIND_CHECKPOINT);
}

/* Emits the record whose head was filled by who_fill. len: whole record. Denials go to the lane.
 * False: it found no room. */
static __always_inline bool emit(const struct who *w, struct scratch *s, struct rv_head *h,
				 __u32 len, __u32 kind)
{
	bool lane = h->verdict >= RV_VERDICT_DENIED;
	bool stored;

	h->len = len;
	h->seq = emit_number(w->st, kind);
	stored = emit_to(w->st, w->slot, lane, h, len, kind);
	emit_checkpoint(w, s, h);
	return stored;
}

/* No scratch buffer: the act can be neither judged nor recorded. Counted, and refused where the
 * policy says that what cannot be resolved or recorded must not happen. first: of merge_hit. */
static __always_inline int unseen(const struct who *w, struct verdict *v, __u32 kind,
				  struct rv_merge *first)
{
	merge_done(first, emit_number(w->st, kind), false);
	emit_lost(w->st, kind);
	if (judge_asked(v) && (v->flags & RV_POLICY_UNRESOLVABLE_DENY))
		judge_refuse(v, EACCES);
	return judge_return(v, false);
}
