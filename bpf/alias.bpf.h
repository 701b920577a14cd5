/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hard links from before. A rule is about a path; whoever makes a link is asked about the old name,
 * but a file may have had several when the policy came. Those that are denied by an exact path and
 * had are in reeve_aliases (sidecar/live/alias.c), and are judged by that path as well, whatever they are
 * opened by. Device and inode number as the kernel has them, not as stat(2) tells: on overlayfs two
 * names of a lower file are two inodes of one number. */
#pragma once
#include "act.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RV_ALIASES_MAX);
	__type(key, struct rv_alias_key);
	__type(value, struct rv_alias);
} reeve_aliases SEC(".maps");

/* The path of s->alias into s->chunk. Returns its length, 0: there is none. Global: the verifier goes
 * through it once. */
__noinline int alias_path(struct scratch *s)
{
	struct rv_alias_key key;
	struct rv_alias *alias;

	if (!s)
		return 0;
	key = s->alias; /* 6.1 takes no key from there */
	alias = bpf_map_lookup_elem(&reeve_aliases, &key);
	if (!alias || alias->generation != s->alias_generation ||
	    alias->inode_generation != s->alias_inode)
		return 0;
	bpf_probe_read_kernel(s->chunk, RV_ALIAS_MAX, alias->path);
	return alias->len & (RV_ALIAS_MAX - 1);
}

/* After judge_path: the verdict becomes stricter, never milder. */
static __always_inline void judge_file(const struct who *w, struct verdict *v, struct scratch *s,
				       const struct rv_inode *file)
{
	if (!w->st->aliases || !judge_asked(v))
		return;
	s->alias.slot = w->slot;
	s->alias.dev = file->dev;
	s->alias.ino = file->ino;
	s->alias.reserved = 0;
	s->alias_generation = w->st->generation;
	s->alias_inode = file->generation;
	for (int i = 0; i < RV_ALIAS_PATHS; i++) {
		int len;

		s->alias.nth = i;
		len = alias_path(s);
		if (len <= 0)
			break;
		judge_text(w, v, s->chunk, len);
	}
}

static __always_inline void judge_alias(const struct who *w, struct verdict *v, struct scratch *s,
					struct inode *inode)
{
	struct rv_inode file = {};

	if (!w->st->aliases || !inode)
		return;
	file.dev = inode->i_sb->s_dev;
	file.ino = inode->i_ino;
	file.generation = inode->i_generation;
	judge_file(w, v, s, &file);
}

/* act_judge of a file that is there: by the name that was added last, and by those of its inode. */
static __always_inline void act_judge_file(struct act *a, __u32 access, __u32 len, __u32 state,
					   struct inode *inode)
{
	act_judge(a, access, len, state);
	judge_alias(&a->w, &a->v, a->s, inode);
}

/* Asked by user space about a file it has opened. Returns 0 or -errno. */
SEC("syscall")
int reeve_inode(struct rv_inode *asked)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;
	struct inode *inode;

	if (asked->fd >= BPF_CORE_READ(table, max_fds) ||
	    bpf_probe_read_kernel(&file, sizeof(file), files + asked->fd) || !file)
		return -EBADF;
	inode = BPF_CORE_READ(file, f_inode);
	asked->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	asked->ino = BPF_CORE_READ(inode, i_ino);
	asked->generation = BPF_CORE_READ(inode, i_generation);
	return 0;
}
