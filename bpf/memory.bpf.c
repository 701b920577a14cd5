// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Memory that becomes executable: a mapping made so, and one made so later. */

/* Path and inode of what is mapped. d_path: may this hook call bpf_d_path. */
static __always_inline void memory_file(struct act *a, struct rv_mmap *r, struct path *path,
					bool d_path)
{
	struct inode *inode = BPF_CORE_READ(path, dentry, d_inode);

	r->ino = BPF_CORE_READ(inode, i_ino);
	r->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	act_path(a, path, d_path, &r->path_len, &r->path_state);
}

/* A file that nobody can walk to (memfd, shared memory) is memory under another name. */
static __always_inline __u32 memory_does(unsigned long file, unsigned long prot)
{
	__u32 does = file ? RV_DO_MAP_EXEC : RV_DO_MAP_ANONYMOUS;

	if (file && path_anonymous(BPF_CORE_READ((struct file *)file, f_path.mnt), false))
		does |= RV_DO_MAP_ANONYMOUS;
	return prot & PROT_WRITE ? does | RV_DO_MAP_WRITE_EXEC : does;
}

/* Anonymous memory has no file, which the verifier before 6.18 does not know: it would take a test
 * of the argument for true and leave it out. So the test is on the bare number. */
SEC("lsm_cgroup/mmap_file")
int BPF_PROG(reeve_mmap, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags)
{
	struct act a = {.subject = RV_SUBJECT_MEMORY};
	struct rv_mmap *r;
	unsigned long mapped = 0;
	struct inode *inode;

	if (!(prot & PROT_EXEC))
		return RET_ALLOW;
	bpf_probe_read_kernel(&mapped, sizeof(mapped), ctx);
	a.access = memory_does(mapped, prot);
	inode = BPF_CORE_READ((struct file *)mapped, f_inode); /* all 0 without a file */
	r = act_here_merged(&a, RV_KIND_MMAP, RV_HOOK_MMAP, sizeof(*r),
			    BPF_CORE_READ(inode, i_ino),
			    BPF_CORE_READ(inode, i_sb, s_dev) | (__u64)prot << 32, flags);
	if (r) {
		r->protection = prot;
		r->flags = flags;
		r->path_state = RV_PATH_ANON;
		if (mapped && file)
			memory_file(&a, r, &file->f_path, true);
	}
	return act_end_here(&a);
}

/* Where the user sees the file. overlayfs maps the real file: since 6.6 that one carries the path
 * it was opened by, before its f_path is that path. */
static __always_inline void mapped_path(struct file *file, struct path *ret)
{
	struct backing_file *real = (void *)file;
	struct mount *m;

	BPF_CORE_READ_INTO(ret, file, f_path);
	m = mount_of(ret->mnt);
	if (bpf_core_field_exists(real->user_path) && BPF_CORE_READ(m, mnt_ns) == MNT_NS_INTERNAL &&
	    !(BPF_CORE_READ(ret->mnt, mnt_sb, s_flags) & SB_KERNMOUNT))
		BPF_CORE_READ_INTO(ret, real, user_path);
}

/* Recorded is what widens: what was not executable, and executable memory that is made writable. */
SEC("lsm_cgroup/file_mprotect")
int BPF_PROG(reeve_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	unsigned long was = BPF_CORE_READ(vma, vm_flags) & (PROT_READ | PROT_WRITE | PROT_EXEC);
	struct act a = {.subject = RV_SUBJECT_MEMORY};
	struct rv_mprotect *r;
	struct inode *inode;
	struct file *file;
	struct path path;

	if (!(prot & PROT_EXEC) || !(prot & ~was & (PROT_EXEC | PROT_WRITE)))
		return RET_ALLOW;
	file = BPF_CORE_READ(vma, vm_file);
	/* What was writable until now is written code as well. */
	a.access = memory_does((unsigned long)file, prot | (was & PROT_WRITE));
	/* And what was writable before that: a private mapping that holds pages of its own. */
	if (BPF_CORE_READ(vma, anon_vma)) {
		a.access |= RV_DO_MAP_WRITE_EXEC;
		was |= RV_WAS_WRITTEN;
	}
	inode = BPF_CORE_READ(file, f_inode);
	r = act_here_merged(&a, RV_KIND_MPROTECT, RV_HOOK_MPROTECT, sizeof(*r),
			    BPF_CORE_READ(inode, i_ino),
			    BPF_CORE_READ(inode, i_sb, s_dev) | (__u64)prot << 32, was);
	if (r) {
		r->protection = prot;
		r->was = was; /* VM_READ, VM_WRITE, VM_EXEC are the same bits */
		r->path_state = RV_PATH_ANON;
		if (file) {
			mapped_path(file, &path);
			memory_file(&a, (struct rv_mmap *)r, &path, false);
		}
	}
	return act_end_here(&a);
}
