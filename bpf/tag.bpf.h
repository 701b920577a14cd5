/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Security tags for the rest of the kernel side: the tag that tag.bpf.c found for a file, put into
 * the record of its open or exec, and the attributes nobody in a container may touch. */
#pragma once
#include "act.bpf.h"

/* What is stored for tasks that opened a file with a tag, and where a policy has rules about tags,
 * any file: what is not there was not looked at. The file's address is its name: it is
 * written anew at each open and exec in a container, before the programs that look here. */
struct tag {
	__u64 file; /* struct file *, 0: none */
	__u32 source; /* RV_TAG_*, 0: it has none */
	__u32 len;
	char value[RV_TAG_MAX];
};
struct tags {
	struct tag open;
	struct tag exec; /* of the program that is being executed */
	__u32 reading;	 /* the kernel looks, at our wish */
	__u32 reserved;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tags);
} reeve_tags SEC(".maps");

static __always_inline struct tags *tags_of(__u64 create)
{
	return bpf_task_storage_get(&reeve_tags, bpf_get_current_task_btf(), NULL, create);
}

/* A capability asked for now is asked for by our reading of a tag, not by the task. */
static __always_inline bool tag_reading(void)
{
	struct tags *t = tags_of(0);

	return t && t->reading;
}

/* Appends the file's tag to a record; to: RV_TAG_MAX bytes. Returns the length. */
static __always_inline __u32 tag_put(struct file *file, bool exec, char *to, __u32 *ret_source)
{
	struct tags *t = tags_of(0);
	struct tag *tag;
	__u32 len;

	*ret_source = 0;
	if (!t)
		return 0;
	tag = exec ? &t->exec : &t->open;
	if (tag->file != (__u64)file)
		return 0;
	*ret_source = tag->source;
	len = tag->len;
	if (len > RV_TAG_MAX)
		return 0;
	asm volatile("" : "+r"(len));
	len &= 2 * RV_TAG_MAX - 1;
	if (len > RV_TAG_MAX || bpf_probe_read_kernel(to, len, tag->value))
		return 0;
	return len;
}

/* The file's tag as the policy's rules know it, into the verdict: between judge and judge_path. The
 * question about it is put into scratch memory, not on the stack, where there is little room. */
static __always_inline void tag_ask(const struct who *w, struct verdict *v, struct scratch *s,
				    struct file *file, bool exec)
{
	struct verdict *q = (void *)s->chunk + sizeof(struct text);
	struct tags *t;
	struct tag *tag;

	if (!judge_asked(v))
		return;
	v->tag_state = RV_TAG_UNKNOWN;
	if (!(v->asked_tag & (exec ? RV_TAG_ASKED_EXEC : v->access & (RV_DO_READ | RV_DO_WRITE))))
		return;
	t = tags_of(0);
	if (!t)
		return;
	tag = exec ? &t->exec : &t->open;
	if (tag->file != (__u64)file || tag->source == RV_TAG_UNREADABLE)
		return;
	__builtin_memset(q, 0, sizeof(*q));
	q->subject = RV_SUBJECT_TAG;
	if (!tag->source) {
		q->version = v->version;
	} else {
		if (bpf_probe_read_kernel(s->chunk, RV_TAG_MAX, tag->value))
			return;
		q->len = tag->len;
		table_text(w, q, (struct text *)s->chunk);
	}
	v->tag = q->when;
	v->tag_version = q->version;
	v->tag_state = RV_TAG_KNOWN;
}

static __always_inline bool tag_protected(const char *name)
{
	char s[sizeof("security.bpf.reeve") + 1] = {};

	if (bpf_probe_read_kernel_str(s, sizeof(s), name) < 0)
		return false;
	return bpf_strncmp(s, sizeof(s), "user.reeve.tag") == 0 ||
	       bpf_strncmp(s, sizeof(s), "security.bpf.reeve") == 0;
}

/* Of an act on such an attribute (a->always): refused where there is a policy that enforces. */
static __always_inline void tag_judge(struct act *a)
{
	if (a->always && (a->s || a->unseen) && a->v.version)
		judge_refuse(&a->v, EPERM);
}
