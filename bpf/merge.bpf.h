/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Repetitions are counted instead of recorded, exactly. After judging, before a buffer is claimed:
 * merge_hit(&w, &v, KIND, a, b, c, &first) says true when the act was counted and needs no record;
 * after the record, merge_done(first, number, stored). act.bpf.h does both: act_here_merged.
 * What was refused, or would have been, is never counted; a full table makes no loss, the act is
 * recorded. Not in sleepable programs: reeve_repeats relies on a grace period. */
#pragma once
#include "judge.bpf.h"

/* Drawn by the loader at every load, read-only from then on: start, two odd factors. */
const volatile __u64 reeve_secret[3] SEC(".rodata.reeve") = {0};

#define MERGE_PROBES 8

/* 32 bits at a time into 64 bits of state: to cancel out a difference he made in one word, whoever
 * chooses the words (inodes of his own file system, ioctl numbers) would have to bring the upper
 * half of a product with a secret factor to zero; he does not see the result either. */
static __always_inline __u64 merge_mix(__u64 h, __u32 word, __u64 factor)
{
	h = (h ^ word) * factor;
	return h ^ h >> 32;
}

static __always_inline __u64 merge_mix2(__u64 h, __u64 word, __u64 f, __u64 g)
{
	/* A word that is constant zero for its kind needs no turn: the kind is in the key. */
	if (__builtin_constant_p(word) && !word)
		return h;
	return merge_mix(merge_mix(h, word, f), word >> 32, g);
}

/* By which version of the policy: the record names it. Who: user, image (the exec, and the file
 * behind it) and thread group; a capability is counted by
 * executable, whichever process uses it. What: the program's three words. Never 0. */
static __always_inline __u64 merge_key(const struct who *w, __u32 kind, __u32 version, __u64 a,
				       __u64 b, __u64 c)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	struct inode *exe = task->mm->exe_file->f_inode;
	__u64 f = reeve_secret[1], g = reeve_secret[2];
	__u64 h = reeve_secret[0];

	h = merge_mix(h, kind, f);
	h = merge_mix(h, version, g);
	h = merge_mix(h, task->cred->euid.val, g);
	h = merge_mix2(h, exe->i_ino, f, g);
	h = merge_mix(h, exe->i_sb->s_dev, f);
	if (kind != RV_KIND_CAPABILITY) {
		h = merge_mix(h, leader->tgid, g);
		h = merge_mix2(h, leader->start_boottime, f, g);
		h = merge_mix(h, w->mark ? w->mark->exec_seq : 0, f);
	}
	h = merge_mix2(h, a, f, g);
	h = merge_mix2(h, b, f, g);
	h = merge_mix2(h, c, f, g);
	return h ? h : 1;
}

/* 32 bits that tell an object in kernel memory from others. The verifier lets nothing be done with
 * an address but taking its distance from another. */
static __always_inline __u32 merge_address(const struct who *w, const void *object)
{
	__u64 distance = (__u64)object;

	asm volatile("%0 -= %1" : "+r"(distance) : "r"(w->st));
	return distance >> 6;
}

#define MERGE_INDEX(NAME, index) kind == RV_KIND_##NAME ? index:
static __always_inline __u32 merge_index(__u32 kind)
{
	return RV_MERGES(MERGE_INDEX) RV_MERGE_MAX;
}

static __always_inline void merge_count(struct rv_state *st, struct rv_merge *m, __u32 kind)
{
	__u64 now = bpf_ktime_get_boot_ns();

	if (__sync_fetch_and_add(&m->count, 1) == 0)
		m->first_ns = now;
	m->last_ns = now;
	__sync_fetch_and_add(&st->counters.merged[merge_index(kind)], 1);
}

/* True: counted, there is nothing to record. False: record it, and when *ret_first is not NULL tell
 * merge_done. Within an epoch entries only come, so equal keys meet on the same way. */
static __always_inline bool merge_hit(const struct who *w, const struct verdict *v, __u32 kind,
				      __u64 a, __u64 b, __u64 c, struct rv_merge **ret_first)
{
	struct rv_page *page = (void *)w->st;
	__u64 key, half;

	/* Where a policy refuses what cannot be recorded, each one must try. */
	if (!who_recorded(w, kind) || (w->st->options & RV_OPTION_SINGLY) ||
	    v->verdict >= RV_VERDICT_DENIED ||
	    (v->flags & (RV_POLICY_UNRECORDED_DENY | RV_POLICY_EACH)))
		return false;
	key = merge_key(w, kind, v->version, a, b, c);
	half = (*(volatile __u32 *)&w->st->merge_epoch & 1) * RV_MERGE_ENTRIES;
	for (__u32 i = 0; i < MERGE_PROBES; i++) {
		__u64 at = ((key + i) & (RV_MERGE_ENTRIES - 1)) | half, there;
		struct rv_merge *m;

		asm volatile("" : "+r"(at)); /* the verifier is to see the bound where it is used */
		m = &page->merge[at & (2 * RV_MERGE_ENTRIES - 1)];
		there = *(volatile __u64 *)&m->key;
		if (!there) {
			there = __sync_val_compare_and_swap(&m->key, 0, key);
			if (!there) {
				m->kind = kind;
				w->st->merging = 1;
				*ret_first = m;
				return false;
			}
		}
		if (there != key)
			continue;
		if (*(volatile __u32 *)&m->again &&
		    __sync_val_compare_and_swap(&m->again, 1, 0) == 1) {
			*ret_first = m;
			return false;
		}
		merge_count(w->st, m, kind);
		return true;
	}
	return false;
}

/* seq: the number the record took. stored: it found room. */
static __always_inline void merge_done(struct rv_merge *first, __u64 seq, bool stored)
{
	if (!first)
		return;
	*(volatile __u64 *)&first->seq = seq;
	if (!stored)
		*(volatile __u32 *)&first->again = 1;
}
