// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names in file systems: made, removed, renamed, linked. Recorded where the kernel asks its LSMs:
 * what it refuses afterwards (no permission, exists already) was tried all the same. */

/* Inside the kernel's own walk to a name that open(2) is about to open. */
static __always_inline bool in_open(void)
{
	return bpf_get_current_task_btf()->nameidata != NULL;
}

/* mknod(2), bind(2) of a unix socket. An open with O_CREAT comes here as well, also when the file
 * exists: what it makes is judged here, before it is there, and recorded where it is certain
 * (reeve_file_open). */
SEC("lsm/path_mknod")
int BPF_PROG(reeve_mknod, struct path *dir, struct dentry *dentry, unsigned short mode,
	     unsigned int dev)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_CREATE, .quiet = in_open()};
	struct rv_create *r;

	if (a.quiet && dentry->d_inode)
		return 0;
	r = act_node(&a, RV_KIND_CREATE, RV_HOOK_MKNOD, sizeof(*r));
	if (r) {
		r->mode = mode & S_IFMT ? mode : mode | S_IFREG;
		if ((mode & S_IFMT) == S_IFCHR || (mode & S_IFMT) == S_IFBLK)
			r->rdev = (dev & 0xfff00) << 12 | (dev & 0xff) | (dev >> 12 & 0xfff00);
		act_name(&a, dir->mnt, dentry, &r->path_len, &r->path_state);
		act_judge(&a, RV_DO_CREATE, r->path_len, r->path_state);
	}
	return act_end_node(&a);
}

SEC("lsm/path_mkdir")
int BPF_PROG(reeve_mkdir, struct path *dir, struct dentry *dentry, unsigned short mode)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_CREATE};
	struct rv_create *r = act_node(&a, RV_KIND_CREATE, RV_HOOK_MKDIR, sizeof(*r));

	if (r) {
		r->mode = S_IFDIR | (mode & S_IALLUGO);
		act_name(&a, dir->mnt, dentry, &r->path_len, &r->path_state);
		act_judge(&a, RV_DO_CREATE, r->path_len, r->path_state);
	}
	return act_end_node(&a);
}

SEC("lsm/path_unlink")
int BPF_PROG(reeve_unlink, struct path *dir, struct dentry *dentry)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_DELETE};
	struct rv_unlink *r = act_node(&a, RV_KIND_UNLINK, RV_HOOK_UNLINK, sizeof(*r));

	if (r) {
		INODE_FILL(r, dentry->d_inode);
		act_name(&a, dir->mnt, dentry, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_DELETE, r->path_len, r->path_state, dentry->d_inode);
	}
	return act_end_node(&a);
}

SEC("lsm/path_rmdir")
int BPF_PROG(reeve_rmdir, struct path *dir, struct dentry *dentry)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_DELETE};
	struct rv_unlink *r = act_node(&a, RV_KIND_UNLINK, RV_HOOK_RMDIR, sizeof(*r));

	if (r) {
		INODE_FILL(r, dentry->d_inode);
		act_name(&a, dir->mnt, dentry, &r->path_len, &r->path_state);
		act_judge(&a, RV_DO_DELETE, r->path_len, r->path_state);
	}
	return act_end_node(&a);
}

/* Whoever gives a file another name can from then on do with it what that name allows: the old name
 * is judged as if the file were read and written as well. */
#define DOES_RENAME (RV_DO_DELETE | RV_DO_READ | RV_DO_WRITE)
#define RENAME_EXCHANGE_FLAG 2
#define DOES_LINK (RV_DO_LINK | RV_DO_READ | RV_DO_WRITE)

SEC("lsm/path_rename")
int BPF_PROG(reeve_rename, struct path *old_dir, struct dentry *old, struct path *new_dir,
	     struct dentry *new, unsigned int flags)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = DOES_RENAME | RV_DO_CREATE};
	struct rv_rename *r = act_node(&a, RV_KIND_RENAME, RV_HOOK_RENAME, sizeof(*r));
	struct inode *inode;

	if (r) {
		INODE_FILL(r, old->d_inode);
		inode = new->d_inode;
		r->new_ino = inode ? inode->i_ino : 0;
		r->flags = flags;
		act_name(&a, old_dir->mnt, old, &r->path_len, &r->path_state);
		act_judge_file(&a, DOES_RENAME, r->path_len, r->path_state, old->d_inode);
		act_name(&a, new_dir->mnt, new, &r->new_path_len, &r->new_path_state);
		act_judge(&a, flags & RENAME_EXCHANGE_FLAG ? DOES_RENAME | RV_DO_CREATE
			      : inode			   ? RV_DO_CREATE | RV_DO_DELETE
							   : RV_DO_CREATE,
			  r->new_path_len, r->new_path_state);
		/* What is made is the name, not the file that had it. */
		a.v.access = flags & RENAME_EXCHANGE_FLAG ? DOES_RENAME : RV_DO_DELETE;
		judge_alias(&a.w, &a.v, a.s, inode);
	}
	return act_end_node(&a);
}

/* Both names are on one mount: the kernel has refused anything else by now. */
SEC("lsm/path_link")
int BPF_PROG(reeve_link, struct dentry *old, struct path *new_dir, struct dentry *new)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = DOES_LINK | RV_DO_CREATE};
	struct rv_link *r = act_node(&a, RV_KIND_LINK, RV_HOOK_LINK, sizeof(*r));

	if (r) {
		INODE_FILL(r, old->d_inode);
		act_name(&a, new_dir->mnt, old, &r->path_len, &r->path_state);
		act_judge_file(&a, DOES_LINK, r->path_len, r->path_state, old->d_inode);
		act_name(&a, new_dir->mnt, new, &r->new_path_len, &r->new_path_state);
		act_judge(&a, RV_DO_CREATE, r->new_path_len, r->new_path_state);
	}
	return act_end_node(&a);
}

SEC("lsm/path_symlink")
int BPF_PROG(reeve_symlink, struct path *dir, struct dentry *dentry, const char *target)
{
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_CREATE};
	struct rv_symlink *r = act_node(&a, RV_KIND_SYMLINK, RV_HOOK_SYMLINK, sizeof(*r));

	if (r) {
		act_name(&a, dir->mnt, dentry, &r->path_len, &r->path_state);
		act_judge(&a, RV_DO_CREATE, r->path_len, r->path_state);
		act_string(&a, target, &r->target_len);
	}
	return act_end_node(&a);
}
