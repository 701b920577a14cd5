// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Security tags: extended attributes of files, read where the kernel lets us. It does so in
 * programs that may sleep, and those cannot belong to a cgroup. So one program for the node reads
 * at file_open and leaves what it found with the task; the cgroup-scoped programs pick it up. It
 * must run before theirs at the same place: the loader attaches it after them, and the kernel calls
 * first what came last. Left out where the kernel has no bpf_get_file_xattr. */

extern int bpf_get_file_xattr(struct file *file, const char *name, struct bpf_dynptr *value) __ksym
    __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;

/* 1: the kernel reads security.bpf.* as well. Set by the loader. */
const volatile __u32 tag_security SEC(".rodata.tag");

/* Of a file system whose attributes may be the container's own invention: served by a process, or
 * mounted with the rights of a user namespace. */
static __always_inline bool tag_made_up(struct super_block *sb)
{
	return BPF_CORE_READ(sb, s_magic) == FUSE_SUPER_MAGIC ||
	       BPF_CORE_READ(sb, s_user_ns, level) != 0;
}

/* A mark at all? By the task itself, which costs the rest of the host the least: only a thread's is
 * looked for under the lock that its leader needs. */
static __always_inline bool tag_outside(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->group_leader == task && !bpf_task_storage_get(&reeve_tasks, task, NULL, 0);
}

/* In a container? Where a mark could not be stored, a tag is not shown. ret_wanted: and a record will
 * be made that shows it. */
static __always_inline bool tag_place(struct file *file, bool *ret_wanted, void **ret_any)
{
	struct rv_task *mark = mark_of(bpf_get_current_task_btf());
	bool exec = file->f_flags & FMODE_EXEC_FLAG;
	struct verdict v = {};
	struct rv_place place;
	struct who w = {};

	if (!mark)
		return false;
	place.slot = mark->slot;
	place.generation = mark->generation;
	if (!who_state(&w, &place) ||
	    !who_wants(&w, 1ull << (exec ? RV_KIND_EXEC : RV_KIND_OPEN),
		       exec ? RV_SUBJECT_EXEC : RV_SUBJECT_FILE))
		return false;
	who_task(&w);
	judge(&w, &v, exec ? RV_SUBJECT_EXEC : RV_SUBJECT_FILE, ~0u, 0);
	*ret_any = w.st;
	*ret_wanted = judge_asked(&v) || (who_judged(&w) && who_recorded(&w, RV_KIND_OPEN)) ||
		      (exec && who_recorded(&w, RV_KIND_EXEC));
	return true;
}

static __always_inline long tag_xattr(struct file *file, __u32 source, void *to, __u32 size)
{
	struct bpf_dynptr value;

	if (bpf_dynptr_from_mem(to, size, 0, &value))
		return -EINVAL;
	if (source == RV_TAG_SECURITY)
		return bpf_get_file_xattr(file, "security.bpf.reeve", &value);
	return bpf_get_file_xattr(file, "user.reeve.tag", &value);
}

/* There is none of that name, as far as can be told without a buffer. */
static __always_inline bool tag_absent(long asked)
{
	return asked == -ENODATA || asked == -EOPNOTSUPP;
}

/* Reads into the task's storage what is there, or that it cannot be read. */
static __always_inline void tag_store(struct file *file, __u32 source, struct tags *t)
{
	long n = tag_xattr(file, source, t->open.value, RV_TAG_MAX);

	if (tag_absent(n)) /* gone meanwhile */
		return;
	t->open.source = n < 0 ? RV_TAG_UNREADABLE : source;
	t->open.len = n < 0 ? 0 : n;
	t->open.file = (__u64)file;
}

SEC("lsm.s/file_open")
int BPF_PROG(reeve_tag, struct file *file)
{
	struct inode *inode = file->f_inode;
	__u32 type = inode->i_mode & S_IFMT, source = RV_TAG_USER;
	bool wanted = false, inside;
	void *any = NULL;
	struct tags *t;
	long n = -ENODATA;

	if (tag_outside())
		return 0;
	bpf_rcu_read_lock();
	inside = tag_place(file, &wanted, &any);
	bpf_rcu_read_unlock();
	if (!inside || !any)
		return 0;
	if (open_is_echo(file)) /* what was found for the file above it stays */
		return 0;
	t = tags_of(0);
	if (t)
		t->open.file = 0;
	if (!wanted || (type != S_IFREG && type != S_IFDIR) || tag_made_up(inode->i_sb))
		return 0;
	/* The kernel asks for read permission first, and that may ask for a capability. */
	if (!t && (inode->i_mode & 0444) != 0444)
		t = tags_of(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (t)
		t->reading = 1;
	if (tag_security) {
		source = RV_TAG_SECURITY;
		n = tag_xattr(file, source, any, 0);
	}
	if (tag_absent(n)) {
		source = RV_TAG_USER;
		n = tag_xattr(file, source, any, 0);
	}
	if (!tag_absent(n)) {
		if (!t)
			t = tags_of(BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (t)
			tag_store(file, source, t);
	}
	if (t)
		t->reading = 0;
	return 0;
}
