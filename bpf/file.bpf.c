/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files: opened, and made by it; devices controlled. */

/* overlayfs opens the real file behind the one the task opened, through a private mount or with
 * the real inode: the same act a second time. A kernel-internal mount (memfd) is not that. */
static __always_inline bool open_is_echo(struct file *file)
{
	struct vfsmount *mnt = file->f_path.mnt;
	struct mount *m = mount_of(mnt);

	if (file->f_inode != file->f_path.dentry->d_inode)
		return true;
	return BPF_CORE_READ(m, mnt_ns) == MNT_NS_INTERNAL && !path_anonymous(mnt, true);
}

static __always_inline __u32 open_access(struct file *file)
{
	__u32 mode = file->f_mode, flags = file->f_flags, access = 0;

	if (flags & FMODE_EXEC_FLAG)
		access |= RV_ACCESS_EXEC;
	else if (mode & FMODE_READ)
		access |= RV_ACCESS_READ;
	if (mode & FMODE_WRITE)
		access |= RV_ACCESS_WRITE;
	if (flags & O_CREAT)
		access |= RV_ACCESS_CREATE;
	if (flags & O_TRUNC)
		access |= RV_ACCESS_TRUNCATE;
	if (flags & O_APPEND)
		access |= RV_ACCESS_APPEND;
	return access;
}

/* The open made the file: known for certain only now. */
static __always_inline bool open_made(struct file *file)
{
	return file->f_mode & FMODE_CREATED || file->f_flags & O_TMPFILE_FLAG;
}

/* How the verdict on the open came about is the open's record's to say. */
static __always_inline void open_record_made(const struct who *w, const struct verdict *v,
					     struct file *file, const char *path, __u32 len,
					     __u32 state)
{
	struct act a = {.w = *w, .v = {.verdict = RV_VERDICT_ALLOWED, .version = v->version}};
	struct rv_create *r = act_record(&a, RV_KIND_CREATE, RV_HOOK_FILE_OPEN, sizeof(*r));

	if (r) {
		r->mode = file->f_inode->i_mode;
		r->path_state = state;
		act_bytes(&a, path, len, &r->path_len);
	}
	act_emit(&a);
}

/* What the open does to the file, in the rules' words. */
static __always_inline __u32 open_does(struct file *file, bool made)
{
	__u32 mode = file->f_mode, does = 0;

	if ((mode & FMODE_READ) && !(file->f_flags & FMODE_EXEC_FLAG))
		does |= RV_DO_READ;
	if ((mode & FMODE_WRITE) || (file->f_flags & O_TRUNC))
		does |= RV_DO_WRITE;
	return made ? does | RV_DO_CREATE : does;
}

/* The same file by the same name for the same purpose. The name is the dentry with the hash of what
 * it is called (a rename keeps the dentry), in its directory, at its mount. */
static __always_inline bool open_merged(const struct who *w, const struct verdict *v,
					struct file *file, struct rv_merge **ret_first)
{
	struct inode *inode = file->f_inode;
	struct dentry *dentry = file->f_path.dentry;
	__u32 name = merge_address(w, dentry) + dentry->d_name.hash;
	__u32 place = merge_address(w, file->f_path.mnt) * 31 + merge_address(w, dentry->d_parent);

	return merge_hit(w, v, RV_KIND_OPEN, inode->i_ino,
			 inode->i_sb->s_dev | (__u64)file->f_flags << 32, name | (__u64)place << 32,
			 ret_first);
}

SEC("lsm_cgroup/file_open")
int BPF_PROG(reeve_file_open, struct file *file)
{
	struct verdict v;
	struct who w = {};
	struct scratch *s;
	struct rv_open *r;
	struct inode *inode;
	struct rv_merge *first = NULL;
	bool recorded = true, made, asked;
	__u32 len, state;

	if (!who_state(&w, bpf_get_local_storage(&reeve_place, 0)) ||
	    !who_wants(&w, 1ull << RV_KIND_OPEN | 1ull << RV_KIND_CREATE, RV_SUBJECT_FILE))
		return RET_ALLOW;
	who_task(&w);
	if (!who_judged(&w))
		return RET_ALLOW;
	made = open_made(file);
	judge(&w, &v, RV_SUBJECT_FILE, open_does(file, made), 0);
	asked = judge_asked(&v);
	made = made && who_recorded(&w, RV_KIND_CREATE);
	if (!made && !who_recorded(&w, RV_KIND_OPEN) && !asked)
		return RET_ALLOW;
	if (open_is_echo(file))
		return RET_ALLOW;
	/* Where no rule is about such an open it is allowed, whatever its path. */
	if (!asked && open_merged(&w, &v, file, &first))
		return RET_ALLOW;
	s = scratch_claim(w.st);
	if (!s)
		return unseen(&w, &v, RV_KIND_OPEN, first);
	r = (void *)s->record;
	/* By way of memory: the verifier would follow each length and state through all the rest.
	 */
	r->path_len = path_resolve(&w, s, &file->f_path, true, (char *)(r + 1), &r->path_state);
	barrier();
	len = r->path_len;
	state = r->path_state;
	if (made)
		open_record_made(&w, &v, file, (char *)(r + 1), len, state);
	tag_ask(&w, &v, s, file, false);
	judge_path(&w, &v, r + 1, len, state);
	judge_alias(&w, &v, s, file->f_inode);
	judge_tag_missed(&v);
	if (asked && open_merged(&w, &v, file, &first)) {
		scratch_free(s);
		return RET_ALLOW;
	}
	if (who_recorded(&w, RV_KIND_OPEN) || judge_records(&v)) {
		who_fill(&r->head, &w, RV_KIND_OPEN, RV_HOOK_FILE_OPEN);
		judge_fill(&r->head, &v);
		inode = file->f_inode;
		r->ino = inode->i_ino;
		r->dev = inode->i_sb->s_dev;
		r->mode = inode->i_mode;
		r->access = open_access(file);
		r->flags = file->f_flags & ~FMODE_EXEC_FLAG;
		len &= RV_PATH_MAX - 1;
		r->path_len = len;
		r->tag_len = tag_put(file, false, (char *)(r + 1) + len, &r->tag_source);
		len += r->tag_len;
		recorded = emit(&w, s, &r->head, sizeof(*r) + (len & 8191), RV_KIND_OPEN);
		merge_done(first, r->head.seq, recorded);
	}
	scratch_free(s);
	return judge_return(&v, recorded);
}

static __always_inline int ioctl(struct file *file, unsigned int command, __u32 hook, bool d_path)
{
	struct inode *inode = file->f_inode;
	__u32 type = inode->i_mode & S_IFMT;
	struct act a = {.subject = RV_SUBJECT_FILE, .access = RV_DO_IOCTL};
	struct rv_ioctl *r;

	if (type != S_IFCHR && type != S_IFBLK)
		return 0;
	r = act_node_merged(&a, RV_KIND_IOCTL, hook, sizeof(*r), inode->i_ino,
			    inode->i_sb->s_dev | (__u64)command << 32, inode->i_rdev);
	if (r) {
		INODE_FILL(r, inode);
		r->rdev = inode->i_rdev;
		r->command = command;
		act_path(&a, &file->f_path, d_path, &r->path_len, &r->path_state);
		act_judge_file(&a, RV_DO_IOCTL, r->path_len, r->path_state, inode);
	}
	return act_end_node(&a);
}

SEC("lsm/file_ioctl")
int BPF_PROG(reeve_ioctl, struct file *file, unsigned int command)
{
	return ioctl(file, command, RV_HOOK_IOCTL, true);
}

/* From 32-bit callers. */
SEC("lsm/file_ioctl_compat")
int BPF_PROG(reeve_ioctl32, struct file *file, unsigned int command)
{
	return ioctl(file, command, RV_HOOK_IOCTL_COMPAT, false);
}
