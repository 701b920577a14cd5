// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What belongs to a file beside its name: mode, owner, times, length, extended attributes. */

SEC("lsm/path_chmod")
int BPF_PROG(reeve_chmod, struct path *path, unsigned short mode)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_ATTRIBUTES};
	struct rv_chmod *r = act_node(&a, RV_KIND_CHMOD, RV_HOOK_CHMOD, sizeof(*r));

	if (r) {
		INODE_FILL(r, path->dentry->d_inode);
		r->new_mode = mode & S_IALLUGO;
		act_path(&a, path, false, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_ATTRIBUTES, r->path_len, r->path_state, path->dentry->d_inode);
	}
	return act_end_node(&a);
}

SEC("lsm/path_chown")
int BPF_PROG(reeve_chown, struct path *path, __u32 uid, __u32 gid)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_ATTRIBUTES};
	struct rv_chown *r = act_node(&a, RV_KIND_CHOWN, RV_HOOK_CHOWN, sizeof(*r));
	struct inode *inode;

	if (r) {
		inode = path->dentry->d_inode;
		INODE_FILL(r, inode);
		if (inode) {
			r->old_uid = inode->i_uid.val;
			r->old_gid = inode->i_gid.val;
		}
		r->new_uid = uid;
		r->new_gid = gid;
		act_path(&a, path, false, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_ATTRIBUTES, r->path_len, r->path_state, path->dentry->d_inode);
	}
	return act_end_node(&a);
}

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* No LSM hook has both the times and the mount. times: both of them, or NULL for the present. */
SEC("fentry/vfs_utimes")
int BPF_PROG(reeve_utime, struct path *path, void *times)
{
	struct act a = {};
	struct rv_utime *r = act_node(&a, RV_KIND_UTIME, RV_HOOK_UTIME, sizeof(*r));
	struct {
		__s64 sec, nsec;
	} t[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

	if (r) {
		INODE_FILL(r, path->dentry->d_inode);
		if (times)
			bpf_probe_read_kernel(t, sizeof(t), times);
		if (t[0].nsec == UTIME_NOW) {
			r->set |= RV_UTIME_ATIME_NOW;
		} else if (t[0].nsec != UTIME_OMIT) {
			r->set |= RV_UTIME_ATIME;
			r->atime = t[0].sec;
			r->atime_nsec = t[0].nsec;
		}
		if (t[1].nsec == UTIME_NOW) {
			r->set |= RV_UTIME_MTIME_NOW;
		} else if (t[1].nsec != UTIME_OMIT) {
			r->set |= RV_UTIME_MTIME;
			r->mtime = t[1].sec;
			r->mtime_nsec = t[1].nsec;
		}
		act_path(&a, path, false, &r->path_len, &r->path_state);
	}
	act_emit(&a);
	return 0;
}

#define NR_TRUNCATE 76
#define NR_FTRUNCATE 77

/* No hook is told the length. Both system calls have it as their second argument; whoever comes
 * another way (io_uring, a 32-bit caller) comes with another number, or as an I/O worker. */
static __always_inline __u64 length_asked(void)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u64 number;

	if (!bpf_core_field_exists(struct pt_regs, orig_ax)) /* not x86 */
		return ~0ull;
	number = BPF_CORE_READ(regs, orig_ax);
	if (number != NR_TRUNCATE && number != NR_FTRUNCATE)
		return ~0ull;
	return BPF_CORE_READ(regs, si);
}

/* tag_state: no tag can be read here. */
static __always_inline int truncate(struct path *path, struct inode *inode, __u32 hook,
				    __u32 tag_state)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_WRITE};
	struct rv_truncate *r;

	if (in_open()) /* O_TRUNC: the open's record says it */
		return 0;
	r = act_node(&a, RV_KIND_TRUNCATE, hook, sizeof(*r));
	if (r) {
		INODE_FILL(r, inode);
		r->old_size = inode ? inode->i_size : 0;
		r->size = length_asked();
		act_path(&a, path, false, &r->path_len, &r->path_state);
		a.v.tag_state = tag_state;
		act_judge_file(&a, RV_DO_WRITE, r->path_len, r->path_state, inode);
		judge_tag_missed(&a.v);
	}
	return act_end_node(&a);
}

SEC("lsm/path_truncate")
int BPF_PROG(reeve_truncate, struct path *path)
{
	return truncate(path, path->dentry->d_inode, RV_HOOK_TRUNCATE, RV_TAG_UNKNOWN);
}

/* ftruncate(2); on 6.1 it is path_truncate, too. */
SEC("lsm/file_truncate")
int BPF_PROG(reeve_ftruncate, struct file *file)
{
	/* It was opened for writing, and the tag was asked about then. */
	return truncate(&file->f_path, file->f_inode, RV_HOOK_FTRUNCATE, RV_TAG_SETTLED);
}

#define PF_IO_WORKER 0x10
#define XATTR_SHOWN 256

/* overlayfs does the act again on the file below, and has attributes of its own, as the mounter:
 * with credentials put on for a while. io_uring can put some on as well, at the caller's wish: who
 * uses it is recorded twice rather than not at all. */
static __always_inline bool xattr_is_echo(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (task->cred == task->real_cred || task->flags & PF_IO_WORKER)
		return false;
	return !bpf_core_field_exists(struct task_struct, io_uring) || !task->io_uring;
}

SEC("lsm/inode_setxattr")
int BPF_PROG(reeve_setxattr, void *idmap, struct dentry *dentry, const char *name,
	     const void *unread, __u64 size, int flags)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_ATTRIBUTES};
	struct rv_setxattr *r;
	__u64 value;

	if (xattr_is_echo())
		return 0;
	a.always = tag_protected(name);
	r = act_node(&a, RV_KIND_SETXATTR, RV_HOOK_SETXATTR, sizeof(*r));
	tag_judge(&a);
	if (r) {
		INODE_FILL(r, dentry->d_inode);
		r->size = size;
		r->flags = flags;
		act_name(&a, NULL, dentry, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_ATTRIBUTES, r->path_len, r->path_state, dentry->d_inode);
		act_string(&a, name, &r->name_len);
		/* A pointer to const void is nothing the verifier lets through as an argument. */
		bpf_get_func_arg(ctx, 3, &value);
		act_bytes(&a, (void *)value, size < XATTR_SHOWN ? size : XATTR_SHOWN,
			  &r->value_len);
	}
	return act_end_node(&a);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(reeve_rmxattr, void *idmap, struct dentry *dentry, const char *name)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_ATTRIBUTES};
	struct rv_removexattr *r;

	if (xattr_is_echo())
		return 0;
	a.always = tag_protected(name);
	r = act_node(&a, RV_KIND_REMOVEXATTR, RV_HOOK_REMOVEXATTR, sizeof(*r));
	tag_judge(&a);
	if (r) {
		INODE_FILL(r, dentry->d_inode);
		act_name(&a, NULL, dentry, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_ATTRIBUTES, r->path_len, r->path_state, dentry->d_inode);
		act_string(&a, name, &r->name_len);
	}
	return act_end_node(&a);
}

#define ACL_USER 2
#define ACL_GROUP 8

/* As setxattr(2) was given it: the kernel's entries have the attribute's layout, but hold nothing
 * where an entry has no id. */
static __always_inline void acl_value(struct act *a, struct posix_acl *acl, __u32 count,
				      __u32 *ret_len)
{
	struct {
		__u32 version;
		struct {
			__u16 tag, perm;
			__u32 id;
		} entry[XATTR_SHOWN / 8 - 1];
	} *v = (void *)a->s->chunk;
	void *from = (void *)acl + bpf_core_field_offset(struct posix_acl, a_entries);

	v->version = 2;
	if (count > XATTR_SHOWN / 8 - 1)
		count = XATTR_SHOWN / 8 - 1;
	bpf_probe_read_kernel(v->entry, count * 8, from);
	for (__u32 i = 0; i < XATTR_SHOWN / 8 - 1; i++)
		if (v->entry[i].tag != ACL_USER && v->entry[i].tag != ACL_GROUP)
			v->entry[i].id = ~0u;
	act_bytes(a, v, 4 + count * 8, ret_len);
}

/* POSIX ACLs; on 6.1 they are inode_setxattr, too. */
SEC("lsm/inode_set_acl")
int BPF_PROG(reeve_setacl, void *idmap, struct dentry *dentry, const char *name,
	     struct posix_acl *acl)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_ATTRIBUTES};
	struct rv_setxattr *r;
	__u32 count;

	if (xattr_is_echo())
		return 0;
	r = act_node(&a, RV_KIND_SETXATTR, RV_HOOK_SET_ACL, sizeof(*r));
	if (r) {
		INODE_FILL(r, dentry->d_inode);
		count = BPF_CORE_READ(acl, a_count);
		r->size = 4 + count * 8;
		act_name(&a, NULL, dentry, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_ATTRIBUTES, r->path_len, r->path_state, dentry->d_inode);
		act_string(&a, name, &r->name_len);
		acl_value(&a, acl, count, &r->value_len);
	}
	return act_end_node(&a);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(reeve_rmacl, void *idmap, struct dentry *dentry, const char *name)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_ATTRIBUTES};
	struct rv_removexattr *r;

	if (xattr_is_echo())
		return 0;
	r = act_node(&a, RV_KIND_REMOVEXATTR, RV_HOOK_REMOVE_ACL, sizeof(*r));
	if (r) {
		INODE_FILL(r, dentry->d_inode);
		act_name(&a, NULL, dentry, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_ATTRIBUTES, r->path_len, r->path_state, dentry->d_inode);
		act_string(&a, name, &r->name_len);
	}
	return act_end_node(&a);
}
