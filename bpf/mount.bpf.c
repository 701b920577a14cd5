// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Mounts and roots. */

#define MS_REMOUNT_FLAG 32
#define MS_BIND_FLAG 4096
#define MS_MOVE_FLAG 8192
#define MS_PROPAGATION_FLAGS (1 << 17 | 1 << 18 | 1 << 19 | 1 << 20)
#define TMPFS_EMPTY 40 /* i_size of a directory with nothing in it */

static __always_inline bool type_is(const char *type, const char *name, __u32 n)
{
	char is[8] = {};

	bpf_probe_read_kernel(is, n, type);
	for (__u32 i = 0; i < n; i++)
		if (is[i] != name[i])
			return false;
	return true;
}

/* A bind mount or a move gives files another name, and no hook is told which files. So does a mount of
 * a file system that shows what is elsewhere as well: overlayfs, proc, a disk that is mounted already.
 * What has nothing but its own is known by its type. Where anything is denied about files such a mount
 * is as a path that cannot be told. */
static __always_inline bool mount_renames(unsigned long flags, const char *type)
{
	if (flags & MS_REMOUNT_FLAG)
		return false;
	if (flags & MS_BIND_FLAG)
		return true;
	if (flags & MS_PROPAGATION_FLAGS)
		return false;
	return (flags & MS_MOVE_FLAG) ||
	       !(type_is(type, "tmpfs", 6) || type_is(type, "ramfs", 6) || type_is(type, "fuse", 5));
}

/* Nobody has mounted that file system but by m. */
static __always_inline bool mount_alone(struct mount *m, struct super_block *sb)
{
	if (bpf_core_field_exists(m->mnt_instance)) /* to 6.17 */
		return BPF_CORE_READ(m, mnt_instance.next) == BPF_CORE_READ(m, mnt_instance.prev);
	return !BPF_CORE_READ(m, mnt_next_for_sb) &&
	       (__u64)BPF_CORE_READ(m, mnt_pprev_for_sb) - (__u64)sb <
		       bpf_core_type_size(struct super_block);
}

/* What has no place yet is either new, by fsmount(2), or a copy of a tree by open_tree(2). New without
 * doubt: memory in which nothing lies and that is nowhere else. */
static __always_inline bool mount_is_new(struct mount *m, struct vfsmount *mnt)
{
	struct super_block *sb = BPF_CORE_READ(mnt, mnt_sb);

	return type_is(BPF_CORE_READ(sb, s_type, name), "tmpfs", 6) &&
	       BPF_CORE_READ(mnt, mnt_root) == BPF_CORE_READ(sb, s_root) &&
	       BPF_CORE_READ(sb, s_root, d_inode, i_size) <= TMPFS_EMPTY && mount_alone(m, sb);
}

static __always_inline void mount_judge(struct act *a)
{
	struct verdict file;

	if (!a->w.st || !a->always || (!a->s && !a->unseen) ||
	    a->v.verdict == RV_VERDICT_DENIED)
		return;
	judge(&a->w, &file, RV_SUBJECT_FILE, ~0u, 0);
	if (judge_asked(&file) && (file.flags & RV_POLICY_UNRESOLVABLE_DENY))
		judge_refuse(&a->v, EACCES);
}

/* mount(2): a new one, a bind, a remount, a move. */
SEC("lsm/sb_mount")
int BPF_PROG(reeve_mount, const char *source, struct path *path, const char *type,
	     unsigned long flags, void *options)
{
	struct act a = {.always = mount_renames(flags, type)};
	struct rv_mount *r = act_node(&a, RV_KIND_MOUNT, RV_HOOK_MOUNT, sizeof(*r));

	mount_judge(&a);
	if (r) {
		r->flags = flags;
		act_path(&a, path, true, &r->path_len, &r->path_state);
		act_string(&a, source, &r->source_len);
		act_string(&a, type, &r->fstype_len);
		act_string(&a, options, &r->options_len);
	}
	return act_end_node(&a);
}

SEC("lsm/sb_umount")
int BPF_PROG(reeve_umount, struct vfsmount *mnt, int flags)
{
	struct act a = {};
	struct rv_umount *r = act_node(&a, RV_KIND_UMOUNT, RV_HOOK_UMOUNT, sizeof(*r));
	struct mount *m = mount_of(mnt);

	if (r) {
		r->flags = flags;
		act_name(&a, mnt, mnt->mnt_root, &r->path_len, &r->path_state);
		act_string(&a, BPF_CORE_READ(m, mnt_devname), &r->source_len);
		act_string(&a, BPF_CORE_READ(mnt, mnt_sb, s_type, name), &r->fstype_len);
	}
	return act_end_node(&a);
}

/* Also how fsmount(2)'s and open_tree(2)'s mounts find their place: until then they have none. */
SEC("lsm/move_mount")
int BPF_PROG(reeve_movemount, struct path *from, struct path *to)
{
	struct vfsmount *mnt = from->mnt;
	struct mount *m = mount_of(mnt);
	bool placed = BPF_CORE_READ(m, mnt_parent) != m;
	struct act a = {.always = placed || !mount_is_new(m, mnt)};
	struct rv_move_mount *r = act_node(&a, RV_KIND_MOVE_MOUNT, RV_HOOK_MOVE_MOUNT, sizeof(*r));

	mount_judge(&a);
	if (r) {
		act_name(&a, placed ? mnt : NULL, from->dentry, &r->path_len, &r->path_state);
		act_name(&a, to->mnt, to->dentry, &r->new_path_len, &r->new_path_state);
		act_string(&a, BPF_CORE_READ(m, mnt_devname), &r->source_len);
		act_string(&a, BPF_CORE_READ(mnt, mnt_sb, s_type, name), &r->fstype_len);
	}
	return act_end_node(&a);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(reeve_pivot, struct path *old, struct path *new)
{
	struct act a = {};
	struct rv_pivot_root *r = act_node(&a, RV_KIND_PIVOT_ROOT, RV_HOOK_PIVOT_ROOT, sizeof(*r));

	if (r) {
		act_path(&a, old, false, &r->path_len, &r->path_state);
		act_path(&a, new, false, &r->new_path_len, &r->new_path_state);
	}
	return act_end_node(&a);
}

SEC("lsm/path_chroot")
int BPF_PROG(reeve_chroot, struct path *path)
{
	struct act a = {};
	struct rv_chroot *r = act_node(&a, RV_KIND_CHROOT, RV_HOOK_CHROOT, sizeof(*r));

	if (r) {
		INODE_FILL(r, path->dentry->d_inode);
		act_path(&a, path, false, &r->path_len, &r->path_state);
	}
	return act_end_node(&a);
}
