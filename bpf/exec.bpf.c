/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exec: judged at the check, recorded whole once it is certain. The first exec of the container's
 * init arms the container, and that exec is already judged: even one of the runtime's own binary,
 * since /proc/self/exe inside a container is how a runtime gets tricked into running foreign code. */

/* False: somebody else did. Needs no buffer: a container is armed even if its record 0 is lost. */
static __always_inline bool arm(struct who *w)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct root *root;
	__u32 slot = w->slot;

	root = bpf_map_lookup_elem(&reeve_roots, &slot);
	if (root) {
		root->mnt = task->fs->root.mnt;
		root->dentry = task->fs->root.dentry;
	}
	if (__sync_val_compare_and_swap(&w->st->counters.armed, 0, 1) != 0)
		return false;
	w->armed = 1;
	w->st->checkpoint_ns = bpf_ktime_get_boot_ns();
	__sync_fetch_and_add(&w->st->counters.taken[RV_KIND_ARMED], 1);
	return true;
}

static __always_inline void arm_record(struct who *w, struct scratch *s)
{
	struct rv_armed *r = (void *)s->record;
	struct rv_policy *p;
	struct verdict v;

	who_fill(&r->head, w, RV_KIND_ARMED, RV_HOOK_EXEC_CHECK);
	p = judge_policy(w, &v);
	r->head.policy_version = v.version;
	r->policy_flags = v.flags;
	r->record = w->st->record;
	r->reserved = 0;
	__builtin_memset(&r->policy_sha256, 0, sizeof(r->policy_sha256));
	__builtin_memset(&r->policy_name, 0, sizeof(r->policy_name));
	if (p) {
		__builtin_memcpy(&r->policy_sha256, p->sha256, sizeof(r->policy_sha256));
		__builtin_memcpy(&r->policy_name, p->name, sizeof(r->policy_name));
	}
	r->head.len = sizeof(*r);
	emit_to(w->st, w->slot, true, r, sizeof(*r), RV_KIND_ARMED);
}

/* The part of an exec record that check and commit share. Returns the length up to the args. */
static __always_inline __u32 exec_fill(const struct who *w, struct rv_exec *r,
				       struct linux_binprm *bprm, __u32 path_len, __u32 path_state,
				       __u32 hook)
{
	struct inode *inode = bprm->file->f_inode;
	long n;

	who_fill(&r->head, w, RV_KIND_EXEC, hook);
	r->ino = inode->i_ino;
	r->dev = inode->i_sb->s_dev;
	r->argc = bprm->argc;
	r->envc = bprm->envc;
	r->args_len = bprm->exec - bprm->p;
	r->args_hash = 0;
	r->args_missing = 0;
	r->args_state = RV_ARGS_CLAIMED;
	r->args_stored = 0;
	r->origin = 0;
	r->tag_source = 0;
	r->script_len = 0;
	r->tag_len = 0;
	path_len &= RV_PATH_MAX - 1;
	r->path_len = path_len;
	r->path_state = path_state;
	n = bpf_probe_read_kernel_str((char *)(r + 1) + path_len, RV_PATH_MAX, bprm->filename);
	n = n > 0 ? n - 1 : 0;
	n &= RV_PATH_MAX - 1;
	r->filename_len = n;
	return sizeof(*r) + path_len + n;
}

SEC("lsm_cgroup/bprm_check_security")
int BPF_PROG(reeve_exec_chk, struct linux_binprm *bprm)
{
	struct verdict v;
	struct who w = {};
	struct scratch *s;
	struct rv_exec *r;
	bool recorded = true, armed_now;
	__u32 len, state = 0;

	if (!who_here(&w))
		return RET_ALLOW;
	/* Until armed only init's exec counts; everything else is the runtime setting up. */
	if (!w.armed && !(w.helper && (w.mark->flags & RV_TASK_INIT)))
		return RET_ALLOW;
	judge_policy(&w, &v);
	if (w.armed && !(v.flags & RV_POLICY_EXEC))
		return RET_ALLOW;
	armed_now = !w.armed && arm(&w);
	s = scratch_claim(w.st);
	if (!s) {
		if (armed_now)
			emit_lost(w.st, RV_KIND_ARMED);
		return v.flags & RV_POLICY_EXEC ? unseen(&w, &v, RV_KIND_EXEC, NULL) : RET_ALLOW;
	}
	if (armed_now)
		arm_record(&w, s);
	if (v.flags & RV_POLICY_EXEC) {
		r = (void *)s->record;
		len = path_resolve(&w, s, &bprm->file->f_path, true, (char *)(r + 1), &state);
		judge_path(&w, s, RV_SUBJECT_EXEC, (char *)(r + 1), state, &v);
		if (v.verdict >= RV_VERDICT_DENIED) {
			len = exec_fill(&w, r, bprm, len, state, RV_HOOK_EXEC_CHECK);
			judge_fill(&r->head, &v);
			recorded = emit(&w, s, &r->head, len & (4 * RV_PATH_MAX - 1), RV_KIND_EXEC);
		}
	}
	scratch_free(s);
	return judge_return(&v, recorded);
}

#define SLICE RV_HASH_BLOCK

struct args {
	struct bpf_dynptr to;
	struct scratch *s;
	unsigned long from;
	__u64 len;
	__u32 offset; /* in the record */
	__u32 hashed;
};

struct block {
	__u64 words[SLICE / 8];
};

/* Global, so that the verifier walks its loop once and not once per path that leads here. */
__noinline __u64 hash_block(const struct block *b, __u64 hash)
{
	if (!b)
		return hash;
	for (__u32 w = 0; w < SLICE / 8; w++)
		hash = RV_HASH_STEP(hash, b->words[w]);
	return hash;
}

static long args_slice(__u32 i, struct args *a)
{
	__u64 offset = (__u64)i * SLICE;
	__u64 len = a->len - offset;
	char *chunk = a->s->chunk;

	if (len > SLICE)
		len = SLICE;
	if (a->hashed && len < SLICE) /* an unreadable source leaves zeroes: the last slice's padding */
		bpf_probe_read_kernel(chunk, SLICE, NULL);
	if (bpf_probe_read_user(chunk, len, (void *)(a->from + offset)))
		a->s->args_missing += len;
	if (a->hashed)
		a->s->args_hash = hash_block((struct block *)chunk, a->s->args_hash);
	bpf_dynptr_write(&a->to, a->offset + offset, chunk, len, 0);
	return 0;
}

/* The block into the node-wide ring; its length and hash stay in the container's own. */
static __always_inline void exec_bulk(struct who *w, struct rv_exec *r, struct args *a)
{
	struct rv_bulk head = {};

	a->s->args_hash = RV_HASH_SEED;
	a->hashed = 1;
	a->offset = sizeof(head);
	head.len = sizeof(head) + a->len;
	head.kind = RV_KIND_ARGS;
	head.seq = r->head.seq;
	head.generation = r->head.generation;
	head.data_len = a->len;
	if ((__s64)(w->st->bulk_total + a->len - w->st->bulk_done) > RV_BULK_QUOTA)
		return;
	if (bpf_ringbuf_reserve_dynptr(&reeve_bulk, head.len, 0, &a->to)) {
		bpf_ringbuf_discard_dynptr(&a->to, 0);
		return;
	}
	head.bulk_total = __sync_fetch_and_add(&w->st->bulk_total, a->len) + a->len;
	bpf_dynptr_write(&a->to, 0, &head, sizeof(head), 0);
	bpf_loop((a->len + SLICE - 1) / SLICE, args_slice, a, 0);
	bpf_ringbuf_submit_dynptr(&a->to, BPF_RB_FORCE_WAKEUP);
	r->args_state = RV_ARGS_BULK; /* args_missing says how much of it could not be read */
	r->args_hash = a->s->args_hash;
	r->args_missing = a->s->args_missing;
}

/* Record and block in one piece into the container's own ring. */
static __always_inline void exec_inline(struct who *w, struct rv_exec *r, __u32 len, struct args *a)
{
	__u32 slot = w->slot;
	void *ring = bpf_map_lookup_elem(&reeve_rings, &slot);

	if (!ring) {
		emit_lost(w->st, RV_KIND_EXEC);
		return;
	}
	r->head.len = len + a->len;
	r->args_state = RV_ARGS_WHOLE;
	r->args_stored = a->len;
	a->offset = len;
	if (bpf_ringbuf_reserve_dynptr(ring, r->head.len, 0, &a->to)) {
		emit_lost(w->st, RV_KIND_EXEC);
		bpf_ringbuf_discard_dynptr(&a->to, 0);
		return;
	}
	bpf_loop((a->len + SLICE - 1) / SLICE, args_slice, a, 0);
	if (a->s->args_missing) {
		r->args_state = RV_ARGS_UNREADABLE;
		r->args_missing = a->s->args_missing;
	}
	bpf_dynptr_write(&a->to, 0, r, len, 0);
	bpf_ringbuf_submit_dynptr(&a->to, emit_wake(w->st, ring, false, RV_RING_SIZE));
}

static __always_inline void exec_record(struct who *w, struct scratch *s, struct linux_binprm *bprm)
{
	struct rv_exec *r = (void *)s->record;
	struct args a = {};
	struct verdict v;
	__u32 len, state = 0;

	len = path_resolve(w, s, &bprm->file->f_path, true, (char *)(r + 1), &state);
	len = exec_fill(w, r, bprm, len, state, RV_HOOK_EXEC_DONE) & (4 * RV_PATH_MAX - 1);
	judge_policy(w, &v);
	judge_fill(&r->head, &v);
	r->head.seq = emit_number(w->st, RV_KIND_EXEC);
	a.s = s;
	s->args_missing = 0;
	a.from = bprm->p;
	a.len = bprm->exec - bprm->p;
	if (a.len > RV_INLINE_MAX) {
		exec_bulk(w, r, &a);
		if (r->args_state != RV_ARGS_BULK)
			r->args_state = RV_ARGS_LOST;
		if (r->args_state == RV_ARGS_LOST || r->args_missing)
			__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_ARGS], 1);
		r->head.len = len;
		emit_to(w->st, w->slot, false, r, len, RV_KIND_EXEC);
	} else {
		exec_inline(w, r, len, &a);
	}
	emit_checkpoint(w, s, &r->head);
}

SEC("lsm_cgroup/bprm_committed_creds")
int BPF_PROG(reeve_exec_done, struct linux_binprm *bprm)
{
	struct who w = {};
	struct scratch *s;
	struct rv_task *m;
	__u64 seq = 0;

	if (!who_here(&w))
		return RET_ALLOW;
	/* From here on the image is the container's own, and so are its acts. */
	w.helper = 0;
	if (who_recorded(&w, RV_KIND_EXEC)) {
		s = scratch_claim_long(w.st);
		if (s) {
			exec_record(&w, s, bprm);
			seq = ((struct rv_exec *)s->record)->head.seq;
			scratch_free(s);
		} else {
			emit_number(w.st, RV_KIND_EXEC);
			emit_lost(w.st, RV_KIND_EXEC);
		}
	}
	m = bpf_task_storage_get(&reeve_tasks, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m) {
		__sync_fetch_and_add(&w.st->counters.errors[RV_ERROR_STORAGE], 1);
		return RET_ALLOW;
	}
	m->generation = w.st->generation;
	m->slot = w.slot;
	m->exec_seq = seq;
	m->flags = RV_TASK_INSIDE | (m->flags & RV_TASK_INIT);
	return RET_ALLOW;
}
