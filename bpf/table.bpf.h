/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a policy's table: look (what is it set to, does anything concern this subject), walk (one
 * step a byte, see table.h) and decide. The cost of a decision follows the length of its text, not
 * the number of rules. A table comes in three sizes, each its own map, so that a masked offset is in
 * bounds for the verifier. The functions that programs call are global: verified once a program. */
#pragma once
#include "who.bpf.h"

/* The question, and the answer. */
struct verdict {
	__u32 slot;
	__u32 subject; /* RV_SUBJECT_* */
	__u32 access;  /* RV_DO_* */
	__u32 which;   /* capability or kind */
	__u32 len;     /* of the text */
	__u32 protocol;
	__u32 when; /* rv_task.when; of RV_SUBJECT_WHEN and _TAG the answer */
	__u32 when_set;
	__u32 tag;	   /* bits of rv_rule.tag */
	__u32 tag_version; /* of the policy they are of */
	__u32 tag_state;   /* RV_TAG_* */
	/* from here on: the answer */
	__u32 flags; /* RV_POLICY_* */
	__u32 version;
	__u32 asked;	/* RV_DO_* the policy has a word about, for this subject */
	__u32 children; /* WHEN: rv_table.children */
	__u32 asked_tag; /* rv_table.asked[RV_SUBJECT_TAG] */
	__u32 action;	/* 1 + RV_ACT_*, 0 no rule said anything */
	__u32 rule;
	__s32 error;
	__u32 verdict; /* RV_VERDICT_* */
};

struct text {
	__u8 s[RV_PATH_MAX];
};

#define TABLE_MAP(name, number, size)                                                              \
	struct table_##name {                                                                      \
		struct rv_table head;                                                              \
		__u8 data[(size) + RV_TABLE_SLACK];                                                \
	};                                                                                         \
	struct table_##name##_inner {                                                              \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__uint(key_size, sizeof(__u32));                                                   \
		__uint(value_size, sizeof(struct table_##name));                                   \
	};                                                                                         \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, RV_SLOT_MAX);                                                  \
		__type(key, __u32);                                                                \
		__array(values, struct table_##name##_inner);                                      \
	} reeve_t_##name SEC(".maps");
RV_TABLES(TABLE_MAP)

static __always_inline void *table_in(void *outer, __u32 slot)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(outer, &slot);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

static __always_inline const struct rv_step *table_at(const void *data, __u32 state, const __u32 mask)
{
	return (const struct rv_step *)(data + (state & mask)) - 1;
}

/* mask: of a table's offsets. */
static __always_inline __u32 table_step(const void *data, const __u8 *classes, __u32 state,
					__u8 byte, const __u32 mask)
{
	const struct rv_entry *entry = data + ((state + classes[byte] * 8) & mask);

	return entry->check == state ? entry->next : table_at(data, state, mask)->other;
}

struct walking {
	const void *data;
	const __u8 *classes;
	const __u8 *text;
	__u32 state;
};

/* Unrolled: a loop's own instructions would be a third of the cost. */
#define TABLE_STEPS(n)                                                                             \
	do {                                                                                       \
		_Pragma("unroll") for (int k = 0; k < (n); k++) state =                            \
			table_step(data, classes, state, text[k], mask);                           \
	} while (0)

#define WALK_BLOCK 16
static __always_inline long walk_block(__u32 i, struct walking *c, const __u32 mask)
{
	const void *data = c->data;
	const __u8 *classes = c->classes, *text = c->text + (i * WALK_BLOCK & (RV_PATH_MAX - 1));
	__u32 state = c->state;

	TABLE_STEPS(WALK_BLOCK);
	c->state = state;
	return state == RV_DEAD;
}

/* What is left after the blocks: 8 + 4 + 2 + 1 bytes at most. */
static __always_inline void walk_rest(struct walking *c, __u32 len, const __u32 mask)
{
	const void *data = c->data;
	const __u8 *classes = c->classes;
	const __u8 *text = c->text + (len & (RV_PATH_MAX - WALK_BLOCK));
	__u32 state = c->state;

	if (len & 8) {
		TABLE_STEPS(8);
		text += 8;
	}
	if (len & 4) {
		TABLE_STEPS(4);
		text += 4;
	}
	if (len & 2) {
		TABLE_STEPS(2);
		text += 2;
	}
	if (len & 1)
		TABLE_STEPS(1);
	c->state = state;
}

struct asking {
	void *data;
	struct verdict *v;
	__u32 list;
	__u32 rest; /* of the access, not yet decided by this policy */
	__u32 policy;
};

/* Is the rule about that file? */
static __always_inline bool ask_tag(const struct rv_rule *rule, struct asking *a, __u32 hit)
{
	struct verdict *v = a->v;

	if (v->tag_state == RV_TAG_KNOWN)
		return rule->tag & v->tag;
	if (v->tag_state == RV_TAG_SETTLED)
		a->rest &= ~hit;
	else if (v->tag_state == RV_TAG_UNKNOWN)
		v->tag_state = RV_TAG_MISSED;
	return false;
}

static __always_inline long ask_rule(__u32 i, struct asking *a, const __u32 mask)
{
	const __u32 *at = a->data + ((a->list + 4 + i * 4) & mask);
	struct rv_rule *rule = a->data + (*at & mask & ~7u);
	struct verdict *v = a->v;
	__u32 hit;

	if (rule->policy != a->policy) {
		a->policy = rule->policy;
		a->rest = v->access;
	}
	hit = rule->access & a->rest;
	if (!hit || (rule->protocol && rule->protocol != v->protocol) ||
	    (rule->when && !(rule->when & v->when)) || (rule->tag && !ask_tag(rule, a, hit)))
		return 0;
	a->rest &= ~hit;
	__sync_fetch_and_add(&rule->hits, 1);
	if (rule->action + 1 > v->action) {
		v->action = rule->action + 1;
		v->rule = rule->number;
		v->error = rule->error;
	}
	return 0;
}

static __always_inline void table_look(struct verdict *v, const struct rv_table *t)
{
	__u32 subject = v->subject;

	if (v->when_set != t->when_set)
		v->when = 0;
	v->when_set = t->when_set;
	v->flags = t->flags;
	v->version = t->version;
	v->children = t->children;
	v->asked_tag = t->asked[RV_SUBJECT_TAG];
	/* Bits of another policy's say nothing. */
	if (v->tag_state == RV_TAG_KNOWN && v->tag_version != t->version)
		v->tag_state = RV_TAG_UNKNOWN;
	v->action = 0;
	v->rule = 0;
	v->error = 0;
	if (subject < RV_SUBJECT_MAX)
		v->asked = t->asked[subject];
}

/* The list of a subject that is known by its number. */
static __always_inline __u32 table_numbered(const struct verdict *v, const struct rv_table *t)
{
	switch (v->subject) {
	case RV_SUBJECT_MEMORY:
		return t->memory;
	case RV_SUBJECT_CAPABILITY:
		return t->capability[v->which & 63];
	case RV_SUBJECT_KERNEL:
		return t->kernel[v->which & (RV_KIND_MAX - 1)];
	}
	return 0;
}

#define TABLE_CODE(name, number, size)                                                             \
	static long walk_##name(__u32 i, struct walking *c)                                        \
	{                                                                                          \
		return walk_block(i, c, (size)-4);                                                 \
	}                                                                                          \
	static long ask_##name(__u32 i, struct asking *a)                                          \
	{                                                                                          \
		return ask_rule(i, a, (size)-4);                                                   \
	}                                                                                          \
	static __always_inline void decide_##name(struct verdict *v, struct table_##name *t,       \
						  __u32 list)                                      \
	{                                                                                          \
		struct asking a = {.data = t->data, .v = v, .list = list, .policy = ~0u};          \
		__u32 n;                                                                           \
                                                                                                   \
		if (!list)                                                                         \
			return;                                                                    \
		n = *(__u32 *)((void *)t->data + (list & ((size)-4)));                             \
		bpf_loop(n < RV_LIST_MAX ? n : RV_LIST_MAX, ask_##name, &a, 0);                    \
	}                                                                                          \
	__noinline int table_number_##name(struct verdict *v)                                      \
	{                                                                                          \
		struct table_##name *t;                                                            \
                                                                                                   \
		if (!v)                                                                            \
			return 0;                                                                  \
		t = table_in(&reeve_t_##name, v->slot);                                            \
		if (!t)                                                                            \
			return 0;                                                                  \
		table_look(v, &t->head);                                                           \
		decide_##name(v, t, table_numbered(v, &t->head));                                  \
		return 0;                                                                          \
	}                                                                                          \
	__noinline int table_text_##name(struct verdict *v, const struct text *text)               \
	{                                                                                          \
		struct walking c = {};                                                             \
		struct table_##name *t;                                                            \
		__u32 subject, len, list;                                                          \
                                                                                                   \
		if (!v || !text)                                                                   \
			return 0;                                                                  \
		t = table_in(&reeve_t_##name, v->slot);                                            \
		subject = v->subject;                                                              \
		if (!t || subject >= RV_SUBJECT_TEXTS)                                             \
			return 0;                                                                  \
		table_look(v, &t->head);                                                           \
		len = v->len & (RV_PATH_MAX - 1);                                                  \
		c.data = t->data;                                                                  \
		c.classes = t->head.classes[subject];                                              \
		c.text = text->s;                                                                  \
		c.state = t->head.start[subject];                                                  \
		bpf_loop(len / WALK_BLOCK, walk_##name, &c, 0);                                    \
		walk_rest(&c, len, (size)-4);                                                      \
		list = table_at(t->data, c.state, (size)-4)->list;                                 \
		if (subject >= RV_SUBJECT_WHEN) {                                                  \
			v->when = list ? *(__u32 *)((void *)t->data + ((list + 4) & ((size)-4)))   \
				       : 0;                                                        \
			return 0;                                                                  \
		}                                                                                  \
		decide_##name(v, t, list ? list : t->head.otherwise[subject]);                     \
		return 0;                                                                          \
	}
RV_TABLES(TABLE_CODE)

/* What it says of itself. */
static __always_inline struct rv_table *table_head(const struct who *w)
{
#define TABLE_HEAD(name, number, size)                                                             \
	if (w->st->policy == number)                                                               \
		return table_in(&reeve_t_##name, w->slot);
	RV_TABLES(TABLE_HEAD)
	return NULL;
}

/* v: zero but for the question. No policy: it stays so. */
static __always_inline void table_number(const struct who *w, struct verdict *v)
{
	v->slot = w->slot;
#define TABLE_NUMBER(name, number, size)                                                           \
	case number:                                                                               \
		table_number_##name(v);                                                            \
		break;
	switch (w->st->policy) {
		RV_TABLES(TABLE_NUMBER)
	}
}

static __always_inline void table_text(const struct who *w, struct verdict *v,
				       const struct text *text)
{
	v->slot = w->slot;
#define TABLE_TEXT(name, number, size)                                                             \
	case number:                                                                               \
		table_text_##name(v, text);                                                        \
		break;
	switch (w->st->policy) {
		RV_TABLES(TABLE_TEXT)
	}
}
