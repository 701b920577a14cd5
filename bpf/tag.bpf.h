/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Security tags for the rest of the kernel side: the tag that tag.bpf.c found for a file, put into
 * the record of its open or exec, and the attributes nobody in a container may touch. */
#pragma once
#include "act.bpf.h"

/* What is stored for tasks that opened a file with a tag. The file's address is its name: it is
 * written anew at each open and exec in a container, before the programs that look here. */
struct tag {
	__u64 file; /* struct file *, 0: none */
	__u32 source;
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
