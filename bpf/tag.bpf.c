// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Security tags: extended attributes of files, read where the kernel lets us. It does so in
 * programs that may sleep, and those cannot belong to a cgroup. So programs for the node read at
 * file_open and bprm_check_security and leave what they found with the task; the cgroup-scoped
 * programs pick it up. They must run before those at the same place: they are attached after them, and
 * the kernel calls first what came last. Left out where the kernel has no bpf_get_file_xattr. */

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

/* No mark, as the mark is with the thread group's leader? Read off the task itself, which costs the rest
 * of the host the least. */
static __always_inline bool tag_outside(void)
{
	return !bpf_get_current_task_btf()->group_leader->bpf_storage;
}

/* Why a file's tag is looked at. */
#define TAG_WANTED 1  /* a record will be made that shows it, or a rule is asked */
#define TAG_DECIDES 2 /* rules are about it: that there is none is stored as well */

/* In a container? Where a mark could not be stored, a tag is not shown. */
static __always_inline bool tag_place(__u32 kind, __u32 subject, __u32 *ret_why, void **ret_any)
{
	struct rv_task *mark = mark_of(bpf_get_current_task_btf());
	struct verdict v = {};
	struct rv_place place;
	struct who w = {};

	if (!mark)
		return false;
	place.slot = mark->slot;
	place.generation = mark->generation;
	if (!who_state(&w, &place) || !who_wants(&w, 1ull << kind, subject))
		return false;
	who_task(&w);
	judge(&w, &v, subject, ~0u, 0);
	*ret_any = w.st;
	if (judge_asked(&v) ||
	    (who_recorded(&w, kind) && (kind == RV_KIND_EXEC || who_judged(&w))))
		*ret_why |= TAG_WANTED;
	if (v.asked_tag & (kind == RV_KIND_EXEC ? RV_TAG_ASKED_EXEC : RV_DO_READ | RV_DO_WRITE))
		*ret_why |= TAG_DECIDES;
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

/* Reads what is there, or that it cannot be read. */
static __always_inline void tag_store(struct file *file, __u32 source, struct tag *t)
{
	long n = tag_xattr(file, source, t->value, RV_TAG_MAX);

	if (tag_absent(n)) { /* gone meanwhile */
		n = 0;
		source = 0;
	}
	t->source = n < 0 ? RV_TAG_UNREADABLE : source;
	t->len = n < 0 ? 0 : n;
	t->file = (__u64)file;
}

/* Leaves the file's tag with the task. why: TAG_*. any: writable, of no size that matters. */
static __always_inline void tag_find(struct file *file, bool exec, __u32 why, void *any)
{
	struct inode *inode = file->f_inode;
	__u32 type = inode->i_mode & S_IFMT, source = RV_TAG_USER;
	struct tags *t = tags_of(why & TAG_DECIDES ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	long n = -ENODATA;

	if (t) {
		struct tag *tag = exec ? &t->exec : &t->open;

		tag->file = why & TAG_DECIDES ? (__u64)file : 0;
		tag->source = 0;
		tag->len = 0;
	}
	if (!why || (type != S_IFREG && type != S_IFDIR) || tag_made_up(inode->i_sb))
		return;
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
		if (t && exec)
			tag_store(file, source, &t->exec);
		else if (t)
			tag_store(file, source, &t->open);
	}
	if (t)
		t->reading = 0;
}

/* Does a record, or the policy, of the acting task's container want the tag? Something writable; NULL: no. */
static __always_inline void *tag_wanted(__u32 kind, __u32 subject, __u32 *ret_why)
{
	void *any = NULL;
	bool inside;

	if (tag_outside())
		return NULL;
	bpf_rcu_read_lock();
	inside = tag_place(kind, subject, ret_why, &any);
	bpf_rcu_read_unlock();
	return inside ? any : NULL;
}

/* Attached when the first container comes whose opens are recorded or judged: it is called for every
 * open of the host. */
SEC("lsm.s/file_open")
int BPF_PROG(reeve_tag, struct file *file)
{
	__u32 why = 0;
	void *any = tag_wanted(RV_KIND_OPEN, RV_SUBJECT_FILE, &why);

	if (any && !open_is_echo(file)) /* what was found for the file above it stays */
		tag_find(file, false, why, any);
	return 0;
}

SEC("lsm.s/bprm_check_security")
int BPF_PROG(reeve_tag_exec, struct linux_binprm *bprm)
{
	__u32 why = 0;
	void *any = tag_wanted(RV_KIND_EXEC, RV_SUBJECT_EXEC, &why);

	if (any)
		tag_find(bprm->file, true, why, any);
	return 0;
}
