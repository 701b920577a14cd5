/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The four steps as most programs need them: begin (who, judge, a buffer with the head filled),
 * add the strings in the order of the event table, end (emit, what to return). A program that
 * must judge before it knows whether to record does the steps by hand. */
#pragma once
#include "emit.bpf.h"
#include "path.bpf.h"

struct act {
	struct who w;
	struct verdict v;
	struct scratch *s;	/* NULL: nothing is recorded, and no text is judged */
	struct rv_merge *first; /* where this act's repetitions will be counted, NULL nowhere */
	__u32 kind;
	__u32 len;    /* of the record so far */
	__u32 unseen; /* a record was due, or a judgement, and there was no buffer */
	/* set before begin: */
	__u32 always;  /* recorded whatever the profile */
	__u32 quiet;   /* recorded only if the verdict wants it */
	__u32 subject; /* RV_SUBJECT_*, 0: RV_SUBJECT_KERNEL, by kind */
	__u32 access;  /* RV_DO_*, of that subject */
	__u32 which;   /* capability */
};

/* Second step. What has no text is decided here, the others by act_judge once the text is there. */
static __always_inline void act_judge_begin(struct act *a, __u32 kind)
{
	if (a->subject)
		judge(&a->w, &a->v, a->subject, a->access, a->which);
	else
		judge(&a->w, &a->v, RV_SUBJECT_KERNEL, RV_DO_ANY, kind);
}

/* There are rules about a text that is yet to be found. */
static __always_inline bool act_asked(const struct act *a)
{
	return a->subject && a->subject < RV_SUBJECT_TEXTS && judge_asked(&a->v);
}

static __always_inline bool act_recorded(const struct act *a, __u32 kind)
{
	return a->always || (!a->quiet && who_recorded(&a->w, kind)) || judge_records(&a->v);
}

/* The rest of begin. Returns the record, its fields zero, or NULL: go on to the end. */
static __always_inline void *act_record(struct act *a, __u32 kind, __u32 hook, __u32 size)
{
	struct rv_head *h;

	a->kind = kind;
	if (!act_recorded(a, kind) && !act_asked(a))
		return NULL;
	a->s = scratch_claim(a->w.st);
	if (!a->s) {
		a->unseen = 1;
		return NULL;
	}
	h = (void *)a->s->record;
	__builtin_memset(h + 1, 0, size - sizeof(*h));
	who_fill(h, &a->w, kind, hook);
	a->len = size;
	return h;
}

/* First step: false when there is nothing to do. */
static __always_inline bool act_who(struct act *a, const struct rv_place *place, __u32 kind)
{
	if (!who_state(&a->w, place))
		return false;
	if (!a->always &&
	    !who_wants(&a->w, a->quiet ? 0 : 1ull << kind, a->subject ? a->subject : RV_SUBJECT_KERNEL))
		return false;
	who_task(&a->w);
	return who_judged(&a->w);
}

static __always_inline bool act_who_node(struct act *a, __u32 kind)
{
	struct rv_place place = {};

	return who_place(&place) && act_who(a, &place, kind);
}

static __always_inline bool act_who_here(struct act *a, __u32 kind)
{
	return act_who(a, bpf_get_local_storage(&reeve_place, 0), kind);
}

/* First steps of a program for the whole node: NULL when the acting task is in no container, or the
 * act is the runtime's, or is neither recorded nor judged by a text. a: zero, but for what is set
 * before begin. size: of the kind's struct. */
static __always_inline void *act_node(struct act *a, __u32 kind, __u32 hook, __u32 size)
{
	if (!act_who_node(a, kind))
		return NULL;
	act_judge_begin(a, kind);
	return act_record(a, kind, hook, size);
}

/* The same in a cgroup-scoped program. */
static __always_inline void *act_here(struct act *a, __u32 kind, __u32 hook, __u32 size)
{
	if (!act_who_here(a, kind))
		return NULL;
	act_judge_begin(a, kind);
	return act_record(a, kind, hook, size);
}

/* The two for kinds of RV_MERGES: NULL also when the act repeats one that has a record, it is then
 * counted. x, y, z: what beside the acting process makes two acts the same act. An act whose text
 * must be judged is never merely counted. */
static __always_inline void *act_node_merged(struct act *a, __u32 kind, __u32 hook, __u32 size,
					     __u64 x, __u64 y, __u64 z)
{
	if (!act_who_node(a, kind))
		return NULL;
	act_judge_begin(a, kind);
	if (!act_asked(a) && merge_hit(&a->w, &a->v, kind, x, y, z, &a->first))
		return NULL;
	return act_record(a, kind, hook, size);
}

static __always_inline void *act_here_merged(struct act *a, __u32 kind, __u32 hook, __u32 size,
					     __u64 x, __u64 y, __u64 z)
{
	if (!act_who_here(a, kind))
		return NULL;
	act_judge_begin(a, kind);
	if (!act_asked(a) && merge_hit(&a->w, &a->v, kind, x, y, z, &a->first))
		return NULL;
	return act_record(a, kind, hook, size);
}

static __always_inline char *act_room(struct act *a)
{
	__u32 at = a->len;

	asm volatile("" : "+r"(at)); /* 6.1 loses the range of a copy */
	if (at > sizeof(a->s->record) - RV_PATH_MAX)
		at = sizeof(a->s->record) - RV_PATH_MAX;
	return a->s->record + at;
}

/* The string of that length is in the record. Read from there, unknown: the verifier would follow
 * every way the length came about through all the rest. */
static __always_inline void act_add(struct act *a, __u32 *len)
{
	barrier();
	a->len += *len & (RV_PATH_MAX - 1);
}

/* A path the hook was given whole. d_path: may this hook call bpf_d_path. */
static __always_inline void act_path(struct act *a, struct path *path, bool d_path, __u32 *ret_len,
				     __u32 *ret_state)
{
	*ret_len = path_resolve(&a->w, a->s, path, d_path, act_room(a), ret_state);
	act_add(a, ret_len);
}

/* A name in a directory; mnt NULL where the hook does not know the mount. */
static __always_inline void act_name(struct act *a, struct vfsmount *mnt, struct dentry *dentry,
				     __u32 *ret_len, __u32 *ret_state)
{
	*ret_len = path_resolve_name(&a->w, a->s, mnt, dentry, act_room(a), ret_state);
	act_add(a, ret_len);
}

/* A string in kernel memory, up to its NUL or RV_PATH_MAX. NULL: an empty one. */
static __always_inline void act_string(struct act *a, const char *s, __u32 *ret_len)
{
	long n = bpf_probe_read_kernel_str(act_room(a), RV_PATH_MAX, s);
	__u32 len = n > 0 ? n - 1 : 0;

	asm volatile("" : "+r"(len));
	len &= RV_PATH_MAX - 1;
	*ret_len = len;
	a->len += len;
}

/* Bytes in kernel memory, at most RV_PATH_MAX - 1 of them. */
static __always_inline void act_bytes(struct act *a, const void *from, __u32 len, __u32 *ret_len)
{
	if (len > RV_PATH_MAX - 1)
		len = RV_PATH_MAX - 1;
	asm volatile("" : "+r"(len));
	len &= RV_PATH_MAX - 1;
	if (bpf_probe_read_kernel(act_room(a), len, from))
		len = 0;
	*ret_len = len;
	a->len += len;
}

/* The last string that was added, len bytes, is what is judged: as a path, with its state. access:
 * what is done to this one, RV_DO_*. */
static __always_inline void act_judge(struct act *a, __u32 access, __u32 len, __u32 state)
{
	__u32 at;

	a->v.access = access;
	if (!judge_asked(&a->v))
		return;
	barrier();
	at = a->len - (len & (RV_PATH_MAX - 1));
	asm volatile("" : "+r"(at));
	if (at > sizeof(a->s->record) - RV_PATH_MAX)
		at = sizeof(a->s->record) - RV_PATH_MAX;
	judge_path(&a->w, &a->v, a->s->record + at, len, state);
}

/* Last step but the return: true when no record is missing. */
static __always_inline bool act_emit(struct act *a)
{
	bool recorded;
	struct rv_head *h;
	__u32 len = a->len;

	if (!a->w.st)
		return true;
	if (a->unseen) {
		merge_done(a->first, emit_number(a->w.st, a->kind), false);
		emit_lost(a->w.st, a->kind);
		if (act_asked(a) && (a->v.flags & RV_POLICY_UNRESOLVABLE_DENY))
			judge_refuse(&a->v, EACCES);
		return false;
	}
	if (!a->s)
		return true;
	if (!act_recorded(a, a->kind)) {
		scratch_free(a->s);
		return true;
	}
	h = (void *)a->s->record;
	judge_fill(h, &a->v);
	asm volatile("" : "+r"(len));
	if (len > sizeof(a->s->record))
		len = sizeof(a->s->record);
	recorded = emit(&a->w, a->s, h, len, a->kind);
	merge_done(a->first, h->seq, recorded);
	scratch_free(a->s);
	return recorded;
}

/* Return of a node-wide LSM program: 0 or -errno. */
static __always_inline int act_end_node(struct act *a)
{
	long result = 0, error = judge_error(&a->v, act_emit(a));

	/* A negation would cost the verifier the range, which it checks from 6.12 on. */
	asm volatile("%0 -= %1" : "+r"(result) : "r"(error));
	return result;
}

/* Return of a cgroup-scoped LSM program. */
static __always_inline int act_end_here(struct act *a)
{
	return judge_return(&a->v, act_emit(a));
}

/* ino, dev and mode, which many kinds have. To 7.x the inode of a dentry may be NULL. */
#define INODE_FILL(r, inode_)                                                                      \
	({                                                                                         \
		struct inode *i_ = (inode_);                                                       \
		if (i_) {                                                                          \
			(r)->ino = i_->i_ino;                                                      \
			(r)->dev = i_->i_sb->s_dev;                                                \
			(r)->mode = i_->i_mode;                                                    \
		}                                                                                  \
	})
