/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a kernel path to the name the container knows it by. bpf_d_path follows the acting task's
 * own root, which chroot moves: it is used only where that root is the container's. Otherwise we
 * walk dentries and mounts up to the container's root ourselves, under the kernel's rename and
 * mount sequence counts as d_path does, and try again when they moved. */
#pragma once
#include "who.bpf.h"

#define WALK_STEPS RV_PATH_MAX /* the longest path has half as many names; the rest is mounts */
#define WALK_TRIES 3

extern const void rename_lock __ksym __weak;
extern const void mount_lock __ksym __weak;

struct walk {
	struct dentry *dentry;
	struct vfsmount *mnt;
	struct dentry *root_dentry;
	struct vfsmount *root_mnt;
	char *buf;    /* 2 * RV_PATH_MAX bytes; the name grows down from RV_PATH_MAX */
	__u32 at;     /* where it starts */
	__u32 root_at; /* where it starts from the root's directory on another mount; 0: not met */
	__u32 state;   /* RV_PATH_* */
	__u32 done;
};

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* One component or one mount crossing. Returns 1 to stop. */
static long walk_step(__u32 i, struct walk *w)
{
	struct dentry *dentry = w->dentry, *parent;
	struct vfsmount *mnt = w->mnt;
	struct qstr name;
	__u32 len, at;

	if (dentry == w->root_dentry && mnt == w->root_mnt) {
		w->done = 1;
		return 1;
	}
	if (dentry == w->root_dentry)
		w->root_at = w->at;
	if (dentry == BPF_CORE_READ(mnt, mnt_root)) {
		struct mount *m = mount_of(mnt);
		struct mount *up = BPF_CORE_READ(m, mnt_parent);

		if (up == m) {
			w->state = RV_PATH_OUTSIDE;
			w->done = 1;
			return 1;
		}
		w->dentry = BPF_CORE_READ(m, mnt_mountpoint);
		w->mnt = (void *)up + bpf_core_field_offset(struct mount, mnt);
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry) {
		w->state = RV_PATH_OUTSIDE;
		w->done = 1;
		return 1;
	}
	name.len = BPF_CORE_READ(dentry, d_name.len);
	name.name = BPF_CORE_READ(dentry, d_name.name);
	len = name.len & 255;
	if (name.len > 255 || len + 1 > w->at) {
		w->state = RV_PATH_TOO_LONG;
		w->done = 1;
		return 1;
	}
	at = (w->at - len - 1) & (RV_PATH_MAX - 1);
	w->buf[at] = '/';
	bpf_probe_read_kernel(w->buf + at + 1, len, name.name);
	w->at = at;
	w->dentry = parent;
	return 0;
}

static __always_inline __u32 sequence_of(const void *lock)
{
	__u32 sequence = 0;

	if (lock)
		bpf_probe_read_kernel(&sequence, sizeof(sequence), lock);
	return sequence;
}

/* From s->from up to s->to; leaves the path at the end of the first RV_PATH_MAX bytes of s->chunk, where it starts in
 * s->walk_at and how it came about in s->walk_state. Global, so that the verifier goes through it
 * once a program and not once for each way that leads here. */
__noinline int walk_up(struct scratch *s)
{
	struct walk w = {};

	if (!s)
		return 0;
	for (int try = 0; try < WALK_TRIES; try++) {
		__u32 renames = sequence_of(&rename_lock), mounts = sequence_of(&mount_lock);

		w.dentry = s->from.dentry;
		w.mnt = s->from.mnt;
		w.root_dentry = s->to.dentry;
		w.root_mnt = s->to.mnt;
		w.buf = s->chunk;
		w.at = RV_PATH_MAX - 1;
		w.root_at = 0;
		w.state = RV_PATH_OK;
		w.done = 0;
		bpf_loop(WALK_STEPS, walk_step, &w, 0);
		if (!w.done)
			w.state = RV_PATH_TOO_LONG;
		/* In a mount namespace of its own the root is a copy of that mount. */
		if (w.state == RV_PATH_OUTSIDE && w.root_at) {
			w.state = RV_PATH_OK;
			w.at = w.root_at;
		}
		if (!((renames | mounts) & 1) && renames == sequence_of(&rename_lock) &&
		    mounts == sequence_of(&mount_lock))
			break;
		w.state = RV_PATH_RACED;
	}
	s->walk_at = w.at;
	s->walk_state = w.state;
	return 0;
}

/* Fills out (RV_PATH_MAX bytes); returns the length without NUL. */
static __always_inline __u32 walk_path(struct path *path, struct root *root, struct scratch *s,
				       char *out, __u32 *ret_state)
{
	__u32 at, len;

	s->from.dentry = path->dentry;
	s->from.mnt = path->mnt;
	s->to = *root;
	walk_up(s);
	at = s->walk_at & (RV_PATH_MAX - 1);
	len = RV_PATH_MAX - 1 - at;
	bpf_probe_read_kernel(out, len, s->chunk + at);
	if (!len) { /* the root itself */
		out[0] = '/';
		len = 1;
	}
	out[len & (RV_PATH_MAX - 1)] = 0;
	*ret_state = s->walk_state;
	return len;
}

/* A pointer the verifier vouches for is read at once, any other by a call. */
#define PATH_READ(direct, p, ...)                                                                  \
	((direct) ? (p)->__VA_ARGS__ : BPF_CORE_READ(p, __VA_ARGS__))

static __always_inline bool path_deleted(struct dentry *dentry, bool direct)
{
	return !PATH_READ(direct, dentry, d_hash.pprev) &&
	       PATH_READ(direct, dentry, d_parent) != dentry;
}

/* Of the kernel's own mount, which nobody can walk to: memfd, pipe, socket. The flag alone is not
 * enough, file systems that are mounted as well carry it (debugfs). */
static __always_inline bool path_anonymous(struct vfsmount *mnt, bool direct)
{
	struct super_block *sb = PATH_READ(direct, mnt, mnt_sb);
	struct mount *m = mount_of(mnt);

	return (PATH_READ(direct, sb, s_flags) & SB_KERNMOUNT) &&
	       BPF_CORE_READ(m, mnt_ns) == (struct mnt_namespace *)MNT_NS_INTERNAL;
}

/* What d_path appends to a name that is gone from its directory. */
static __always_inline bool says_deleted(const char *end)
{
	return end[0] == ' ' && end[1] == '(' && end[2] == 'd' && end[3] == 'e' && end[4] == 'l' &&
	       end[5] == 'e' && end[6] == 't' && end[7] == 'e' && end[8] == 'd' && end[9] == ')';
}

/* As d_path calls memory that is a file: "/memfd:NAME (deleted)". */
static __always_inline __u32 memory_name(struct dentry *dentry, char *out)
{
	static const char deleted[] = " (deleted)";
	long n = bpf_probe_read_kernel_str(out + 1, 256, BPF_CORE_READ(dentry, d_name.name));

	n = n > 0 ? n & 511 : 1;
	out[0] = '/';
	bpf_probe_read_kernel(out + n, sizeof(deleted), deleted);
	return n + sizeof(deleted) - 1;
}

/* The whole of it. d_path: may this hook call bpf_d_path on this path; if not, the path may be our
 * own copy of one. Returns the length without NUL. */
static __always_inline __u32 path_resolve(const struct who *w, struct scratch *s, struct path *path,
					  bool d_path, char *out, __u32 *ret_state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount *m = mount_of(path->mnt);
	struct dentry *dentry = path->dentry;
	__u32 slot = w->slot, state = RV_PATH_OK;
	struct root *root;
	long n = -1;

	root = bpf_map_lookup_elem(&reeve_roots, &slot);
	if (!root)
		return 0;
	if (path_anonymous(path->mnt, d_path))
		state = RV_PATH_ANON;
	else if (BPF_CORE_READ(m, mnt_ns) != task->nsproxy->mnt_ns ||
		 (PATH_READ(d_path, dentry, d_parent) == dentry &&
		  dentry != PATH_READ(d_path, path->mnt, mnt_root)))
		state = RV_PATH_OUTSIDE; /* of another mount namespace, or not connected to a root */
	/* Inside, from the container's own root: the kernel's own answer. What has no place in this
	 * mount namespace has no better name either. */
	if (d_path && ((task->fs->root.dentry == root->dentry && task->fs->root.mnt == root->mnt) ||
		       state == RV_PATH_ANON))
		n = bpf_d_path(path, out, RV_PATH_MAX);
	if (!d_path && state == RV_PATH_ANON) {
		n = memory_name(dentry, out);
	} else if (n <= 0) {
		n = walk_path(path, root, s, out, &state);
	} else {
		n--;
		/* " (deleted)" is said by path_state, and rules still match the name. */
		if (n > 10 && path_deleted(dentry, d_path) &&
		    says_deleted(out + ((n - 10) & (RV_PATH_MAX - 1)))) {
			n -= 10;
			out[n & (RV_PATH_MAX - 1)] = 0;
		}
	}
	if (state == RV_PATH_OK && path_deleted(dentry, d_path))
		state = RV_PATH_DELETED;
	if (state != RV_PATH_OK && state != RV_PATH_DELETED && state != RV_PATH_ANON)
		__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_PATH], 1);
	*ret_state = state;
	return n;
}

/* A name in a directory, which may not exist yet: the directory's mount and the name's dentry. By
 * our own walk; a hook that has no mount passes NULL and gets the path within the file system,
 * unless that is the container's root's. */
static __always_inline __u32 path_resolve_name(const struct who *w, struct scratch *s,
					       struct vfsmount *mnt, struct dentry *dentry, char *out,
					       __u32 *ret_state)
{
	struct path path = {.mnt = mnt, .dentry = dentry};
	__u32 slot = w->slot, state = RV_PATH_OK, len;
	struct root *root, top;

	root = bpf_map_lookup_elem(&reeve_roots, &slot);
	if (!root)
		return 0;
	top = *root;
	if (!mnt) {
		struct super_block *sb = BPF_CORE_READ(dentry, d_sb);

		path.mnt = root->mnt;
		if (BPF_CORE_READ(path.mnt, mnt_sb) != sb)
			top.dentry = NULL; /* up to where its file system ends */
	}
	len = walk_path(&path, &top, s, out, &state);
	if (!mnt && state == RV_PATH_OUTSIDE)
		state = RV_PATH_IN_FS;
	if (state == RV_PATH_OK && path_deleted(dentry, true))
		state = RV_PATH_DELETED;
	if (state != RV_PATH_OK && state != RV_PATH_DELETED && state != RV_PATH_IN_FS)
		__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_PATH], 1);
	*ret_state = state;
	return len;
}
