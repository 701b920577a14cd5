/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exec: judged at the check, recorded whole once it is certain. The first exec of the container's
 * init arms the container, and that exec is already judged: even one of the runtime's own binary,
 * since /proc/self/exe inside a container is how a runtime gets tricked into running foreign code. */
#include "claim.bpf.h"

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
	struct rv_table *t;

	who_fill(&r->head, w, RV_KIND_ARMED, RV_HOOK_EXEC_CHECK);
	r->record = w->st->record;
	r->reserved = 0;
	r->policy_flags = 0;
	__builtin_memset(&r->policy_sha256, 0, sizeof(r->policy_sha256));
	__builtin_memset(&r->policy_name, 0, sizeof(r->policy_name));
	t = table_head(w);
	if (t) {
		r->head.policy_version = t->version;
		r->policy_flags = t->flags;
		__builtin_memcpy(&r->policy_sha256, t->sha256, sizeof(r->policy_sha256));
		__builtin_memcpy(&r->policy_name, t->name, sizeof(r->policy_name));
	}
	r->head.len = sizeof(*r);
	emit_to(w->st, w->slot, true, r, sizeof(*r), RV_KIND_ARMED);
}

/* How the program was reached that path names. */
static __always_inline __u32 exec_origin(struct linux_binprm *bprm)
{
	__u32 origin = bprm->fdpath ? RV_ORIGIN_FD : 0;
	struct file *file = bprm->file;

	if (path_anonymous(file->f_path.mnt, true))
		return origin | RV_ORIGIN_MEMFD;
	return path_deleted(file->f_path.dentry, true) ? origin | RV_ORIGIN_DELETED : origin;
}

/* The note of this exec's script, if it is one. */
static __always_inline struct script *script_of(struct linux_binprm *bprm)
{
	struct script *note =
		bpf_task_storage_get(&reeve_script, bpf_get_current_task_btf(), NULL, 0);

	return note && note->bprm == (__u64)bprm ? note : NULL;
}

static __always_inline void script_forget(void)
{
	bpf_task_storage_delete(&reeve_script, bpf_get_current_task_btf());
}

/* A file that begins with #! is here until its interpreter takes its place. The outermost stays:
 * only at an exec's first check are both names still one. */
static __always_inline void script_note(struct who *w, struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool first = bprm->interp == bprm->filename;
	struct script *note = bpf_task_storage_get(&reeve_script, task, NULL, 0);
	struct scratch *s;
	__u32 len;

	if (bprm->buf[0] != '#' || bprm->buf[1] != '!') {
		if (first && note)
			script_forget();
		return;
	}
	if (!first && note && note->bprm == (__u64)bprm)
		return;
	if (!note)
		note = bpf_task_storage_get(&reeve_script, task, NULL,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
	s = note ? scratch_claim(w->st) : NULL;
	if (!s) {
		__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_NOTE], 1);
		if (note)
			script_forget();
		return;
	}
	len = path_resolve(w, s, &bprm->file->f_path, true, s->record, &note->state);
	len &= RV_PATH_MAX - 1;
	bpf_probe_read_kernel(note->path, len, s->record);
	scratch_free(s);
	note->bprm = (__u64)bprm;
	note->len = len;
	note->origin = exec_origin(bprm);
	note->argc = bprm->argc;
	note->envc = bprm->envc;
	note->args_len = bprm->exec - bprm->p;
}

/* The note of a rule to audit this exec. */
static __always_inline struct audited *audited_of(struct linux_binprm *bprm)
{
	struct audited *note =
		bpf_task_storage_get(&reeve_audited, bpf_get_current_task_btf(), NULL, 0);

	return note && note->bprm == (__u64)bprm ? note : NULL;
}

static __always_inline void audited_forget(void)
{
	bpf_task_storage_delete(&reeve_audited, bpf_get_current_task_btf());
}

/* Of a script and its interpreter the first is told. */
static __always_inline void audited_note(struct who *w, struct linux_binprm *bprm,
					 const struct verdict *v)
{
	struct audited *note;

	if (bprm->interp != bprm->filename && audited_of(bprm))
		return;
	note = bpf_task_storage_get(&reeve_audited, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!note) {
		__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_NOTE], 1);
		return;
	}
	note->bprm = (__u64)bprm;
	note->rule = v->rule;
	note->version = v->version;
}

/* The part of an exec record that check and commit share. Returns the length up to the args. */
static __always_inline __u32 exec_fill(const struct who *w, struct rv_exec *r,
				       struct linux_binprm *bprm, __u32 path_len, __u32 path_state,
				       __u32 hook)
{
	struct inode *inode = bprm->file->f_inode;
	char *strings = (char *)(r + 1);
	struct script *script;
	__u32 len;
	long n;

	who_fill(&r->head, w, RV_KIND_EXEC, hook);
	INODE_FILL(r, inode);
	r->argc = bprm->argc;
	r->envc = bprm->envc;
	r->args_len = bprm->exec - bprm->p;
	r->args_hash = 0;
	r->args_missing = 0;
	r->args_state = RV_ARGS_LOST;
	r->args_stored = 0;
	r->origin = exec_origin(bprm);
	r->tag_source = 0;
	r->script_len = 0;
	r->script_state = RV_PATH_OK;
	r->tag_len = 0;
	path_len &= RV_PATH_MAX - 1;
	r->path_len = path_len;
	r->path_state = path_state;
	n = bpf_probe_read_kernel_str(strings + path_len, RV_PATH_MAX, bprm->filename);
	n = n > 0 ? n - 1 : 0;
	n &= RV_PATH_MAX - 1;
	r->filename_len = n;
	len = path_len + n;
	script = script_of(bprm);
	if (script) {
		n = script->len & (RV_PATH_MAX - 1);
		bpf_probe_read_kernel(strings + (len & (2 * RV_PATH_MAX - 1)), n, script->path);
		r->script_len = n;
		r->script_state = script->state;
		r->origin |= script->origin;
		len += n;
		if (hook == RV_HOOK_EXEC_CHECK) { /* what the caller gave is what can be read */
			r->argc = script->argc;
			r->envc = script->envc;
			r->args_len = script->args_len;
		}
	}
	return sizeof(*r) + len;
}

/* The last string, behind the others that end at len. */
static __always_inline __u32 exec_tag(struct rv_exec *r, struct file *file, __u32 len)
{
	len &= 4 * RV_PATH_MAX - 1;
	r->tag_len = tag_put(file, true, (char *)r + len, &r->tag_source);
	return len + r->tag_len;
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

static __always_inline void args_copy(struct args *a, bool claimed)
{
	a->s->args_missing = 0;
	if (claimed)
		claim_copy(a);
	else
		bpf_loop((a->len + SLICE - 1) / SLICE, args_slice, a, 0);
}

/* The block into the node-wide ring; its length and hash stay in the container's own. Without room
 * there args_state stays LOST. */
static __always_inline void exec_bulk(struct who *w, struct rv_exec *r, struct args *a,
				      bool claimed)
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
		if (!emit_gave_up(w->st, &reeve_bulk, RV_BULK_SIZE, head.len))
			return;
		if (bpf_ringbuf_reserve_dynptr(&reeve_bulk, head.len, 0, &a->to)) {
			bpf_ringbuf_discard_dynptr(&a->to, 0);
			return;
		}
	}
	head.bulk_total = __sync_fetch_and_add(&w->st->bulk_total, a->len) + a->len;
	bpf_dynptr_write(&a->to, 0, &head, sizeof(head), 0);
	args_copy(a, claimed);
	bpf_ringbuf_submit_dynptr(&a->to, BPF_RB_FORCE_WAKEUP);
	/* args_missing says how much of it could not be read */
	r->args_state = claimed ? RV_ARGS_CLAIMED_BULK : RV_ARGS_BULK;
	r->args_hash = a->s->args_hash;
	r->args_missing = a->s->args_missing;
}

/* Record and block in one piece into the container's own ring, a small denial's into the lane.
 * False: no room. */
static __always_inline bool exec_inline(struct who *w, struct rv_exec *r, __u32 len, struct args *a,
					bool claimed)
{
	__u32 slot = w->slot, size = RV_RING_SIZE;
	void *ring;

	if (claimed && len + a->len <= RV_LANE_SIZE / 4) {
		size = RV_LANE_SIZE;
		ring = bpf_map_lookup_elem(&reeve_lanes, &slot);
	} else {
		ring = bpf_map_lookup_elem(&reeve_rings, &slot);
	}
	if (!ring)
		return false;
	if (bpf_ringbuf_reserve_dynptr(ring, len + a->len, 0, &a->to)) {
		bpf_ringbuf_discard_dynptr(&a->to, 0);
		if (!emit_gave_up(w->st, ring, size, len + a->len))
			return false;
		if (bpf_ringbuf_reserve_dynptr(ring, len + a->len, 0, &a->to)) {
			bpf_ringbuf_discard_dynptr(&a->to, 0);
			return false;
		}
	}
	r->head.len = len + a->len;
	r->args_stored = a->len;
	a->offset = len;
	args_copy(a, claimed);
	r->args_missing = a->s->args_missing;
	r->args_state = claimed		  ? RV_ARGS_CLAIMED
			: r->args_missing ? RV_ARGS_UNREADABLE
					  : RV_ARGS_WHOLE;
	bpf_dynptr_write(&a->to, 0, r, len, 0);
	bpf_ringbuf_submit_dynptr(&a->to, emit_wake(w->st, ring, claimed, size));
	return true;
}

/* The record that exec_fill and judge_fill made, with its block. len: up to the block. An exec's
 * record goes with its block; a denial's goes without rather than not at all. */
static __always_inline bool exec_emit(struct who *w, struct scratch *s, __u32 len, struct args *a,
				      bool claimed)
{
	struct rv_exec *r = (void *)s->record;
	bool stored = true;

	r->head.seq = emit_number(w->st, RV_KIND_EXEC);
	r->head.len = len;
	a->s = s;
	if (a->len > RV_INLINE_MAX)
		exec_bulk(w, r, a, claimed);
	else
		stored = exec_inline(w, r, len, a, claimed);
	if (a->len > RV_INLINE_MAX || (claimed && !stored))
		stored = emit_to(w->st, w->slot, claimed, r, len, RV_KIND_EXEC);
	else if (!stored)
		emit_lost(w->st, RV_KIND_EXEC);
	if (r->args_state == RV_ARGS_LOST || r->args_missing)
		__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_ARGS], 1);
	emit_checkpoint(w, s, &r->head);
	return stored;
}

/* What s->record begins with is the path. The copying is done in a buffer of its own kind. */
static __always_inline bool exec_denied(struct who *w, struct scratch *s, struct linux_binprm *bprm,
					const struct verdict *v, __u32 path_len, __u32 path_state)
{
	struct rv_exec *r = (void *)s->record;
	struct args a = {};
	struct scratch *l;
	bool stored;
	__u32 len;

	len = exec_fill(w, r, bprm, path_len, path_state, RV_HOOK_EXEC_CHECK);
	len = exec_tag(r, bprm->file, len) & (4 * RV_PATH_MAX - 1);
	judge_fill(&r->head, v);
	script_forget();
	l = scratch_claim_long(w->st);
	if (!l) {
		__sync_fetch_and_add(&w->st->counters.errors[RV_ERROR_ARGS], 1);
		return emit(w, s, &r->head, len, RV_KIND_EXEC);
	}
	bpf_probe_read_kernel(l->record, len, s->record);
	r = (void *)l->record;
	claim_begin(&l->claim, r);
	a.len = r->args_len;
	stored = exec_emit(w, l, len, &a, true);
	scratch_free(l);
	return stored;
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
	judge(&w, &v, RV_SUBJECT_EXEC, RV_DO_EXEC, 0);
	/* Until armed only init's exec counts; everything else is the runtime setting up. */
	if (!w.armed && !(w.helper && (w.mark->flags & RV_TASK_INIT))) {
		script_note(&w, bprm);
		return RET_ALLOW;
	}
	armed_now = !w.armed && arm(&w);
	/* After arming, which is when the container's root is known. */
	script_note(&w, bprm);
	if (bprm->interp == bprm->filename && audited_of(bprm)) /* of an exec that failed */
		audited_forget();
	if (!armed_now && !judge_asked(&v))
		return RET_ALLOW;
	s = scratch_claim(w.st);
	if (!s) {
		if (armed_now)
			emit_lost(w.st, RV_KIND_ARMED);
		return judge_asked(&v) ? unseen(&w, &v, RV_KIND_EXEC, NULL) : RET_ALLOW;
	}
	if (armed_now)
		arm_record(&w, s);
	if (judge_asked(&v)) {
		r = (void *)s->record;
		len = path_resolve(&w, s, &bprm->file->f_path, true, (char *)(r + 1), &state);
		tag_ask(&w, &v, s, bprm->file, true);
		judge_path(&w, &v, r + 1, len, state);
		judge_alias(&w, &v, s, bprm->file->f_inode);
		judge_tag_missed(&v);
		if (v.verdict >= RV_VERDICT_DENIED)
			recorded = exec_denied(&w, s, bprm, &v, len, state);
		else if (judge_records(&v))
			audited_note(&w, bprm, &v);
	}
	scratch_free(s);
	return judge_return(&v, recorded);
}

static __always_inline void exec_record(struct who *w, struct scratch *s, struct linux_binprm *bprm,
					const struct audited *audited)
{
	struct rv_exec *r = (void *)s->record;
	struct args a = {};
	struct verdict v;
	__u32 len, state = 0;

	len = path_resolve(w, s, &bprm->file->f_path, true, (char *)(r + 1), &state);
	len = exec_fill(w, r, bprm, len, state, RV_HOOK_EXEC_DONE);
	len = exec_tag(r, bprm->file, len) & (4 * RV_PATH_MAX - 1);
	judge(w, &v, RV_SUBJECT_EXEC, RV_DO_EXEC, 0);
	if (audited) {
		v.rule = audited->rule;
		v.version = audited->version;
	}
	judge_fill(&r->head, &v);
	a.from = bprm->p;
	a.len = bprm->exec - bprm->p;
	exec_emit(w, s, len, &a, false);
}

/* Which "when" of the policy hold for the new image: those its path matches, and those the process
 * has from the image before and keeps. */
static __always_inline __u32 exec_when(struct who *w, struct linux_binprm *bprm, __u32 *ret_set)
{
	struct scratch *s;
	struct verdict v;
	__u32 state = 0, before;

	judge(w, &v, RV_SUBJECT_WHEN, 1, 0);
	*ret_set = v.when_set;
	if (!judge_asked(&v))
		return 0;
	before = v.when & v.children;
	s = scratch_claim(w->st);
	if (!s)
		return before;
	v.len = path_resolve(w, s, &bprm->file->f_path, true, s->record, &state);
	table_text(w, &v, (struct text *)s->record);
	scratch_free(s);
	return v.when | before;
}

SEC("lsm_cgroup/bprm_committed_creds")
int BPF_PROG(reeve_exec_done, struct linux_binprm *bprm)
{
	struct who w = {};
	struct scratch *s;
	struct audited *audited;
	struct rv_task *m;
	__u64 seq = 0;
	__u32 when, when_set;

	if (!who_here(&w))
		return RET_ALLOW;
	/* From here on the image is the container's own, and so are its acts. */
	w.helper = 0;
	audited = audited_of(bprm);
	if (audited || who_recorded(&w, RV_KIND_EXEC)) {
		s = scratch_claim_long(w.st);
		if (s) {
			exec_record(&w, s, bprm, audited);
			seq = ((struct rv_exec *)s->record)->head.seq;
			scratch_free(s);
			script_forget();
		} else {
			emit_number(w.st, RV_KIND_EXEC);
			emit_lost(w.st, RV_KIND_EXEC);
		}
	}
	if (audited)
		audited_forget();
	m = bpf_task_storage_get(&reeve_tasks, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m) {
		__sync_fetch_and_add(&w.st->counters.errors[RV_ERROR_STORAGE], 1);
		return RET_ALLOW;
	}
	when = exec_when(&w, bprm, &when_set);
	m->generation = w.st->generation;
	m->slot = w.slot;
	m->when = when;
	m->when_set = when_set;
	m->exec_seq = seq;
	m->flags = RV_TASK_INSIDE | (m->flags & RV_TASK_INIT);
	return RET_ALLOW;
}
