// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who a process is: user and group ids, capabilities, prctl, seccomp. */

SEC("lsm/task_fix_setuid")
int BPF_PROG(reeve_setuid, struct cred *now, const struct cred *old)
{
	struct act a = {};
	struct rv_setuid *r;

	if (now->uid.val == old->uid.val && now->euid.val == old->euid.val &&
	    now->suid.val == old->suid.val && now->fsuid.val == old->fsuid.val)
		return 0;
	r = act_node(&a, RV_KIND_SETUID, RV_HOOK_SETUID, sizeof(*r));
	if (r) {
		r->old_id = old->uid.val;
		r->old_eid = old->euid.val;
		r->old_sid = old->suid.val;
		r->old_fsid = old->fsuid.val;
		r->new_id = now->uid.val;
		r->new_eid = now->euid.val;
		r->new_sid = now->suid.val;
		r->new_fsid = now->fsuid.val;
	}
	return act_end_node(&a);
}

SEC("lsm/task_fix_setgid")
int BPF_PROG(reeve_setgid, struct cred *now, const struct cred *old)
{
	struct act a = {};
	struct rv_setgid *r;

	if (now->gid.val == old->gid.val && now->egid.val == old->egid.val &&
	    now->sgid.val == old->sgid.val && now->fsgid.val == old->fsgid.val)
		return 0;
	r = act_node(&a, RV_KIND_SETGID, RV_HOOK_SETGID, sizeof(*r));
	if (r) {
		r->old_id = old->gid.val;
		r->old_eid = old->egid.val;
		r->old_sid = old->sgid.val;
		r->old_fsid = old->fsgid.val;
		r->new_id = now->gid.val;
		r->new_eid = now->egid.val;
		r->new_sid = now->sgid.val;
		r->new_fsid = now->fsgid.val;
	}
	return act_end_node(&a);
}

#define GROUPS_MAX (RV_PATH_MAX / 4 - 1) /* of a list, in a record; the kernel allows 65536 */

struct group_lists {
	__u64 before[RV_PATH_MAX / 8], after[RV_PATH_MAX / 8];
};

/* Global, as hash_block. */
__noinline int groups_equal(const struct group_lists *g)
{
	if (!g)
		return 0;
	for (__u32 i = 0; i < RV_PATH_MAX / 8; i++)
		if (g->before[i] != g->after[i])
			return 0;
	return 1;
}

/* The beginning of a list, zeroes behind it. Returns its bytes. */
static __always_inline __u32 groups_read(void *to, struct group_info *groups)
{
	__u32 n = groups->ngroups;

	if (n > GROUPS_MAX)
		n = GROUPS_MAX;
	n *= 4;
	asm volatile("" : "+r"(n)); /* 6.1 loses the range of a copy */
	n &= RV_PATH_MAX - 1;
	bpf_probe_read_kernel(to, RV_PATH_MAX, NULL); /* zeroes */
	bpf_probe_read_kernel(to, n, &groups->gid[0]);
	return n;
}

SEC("lsm/task_fix_setgroups")
int BPF_PROG(reeve_setgroups, struct cred *now, const struct cred *old)
{
	struct group_info *before = old->group_info, *after = now->group_info;
	__u32 old_len, new_len;
	struct rv_setgroups *r;
	struct act a = {};

	if (before == after || (!before->ngroups && !after->ngroups))
		return 0;
	r = act_node(&a, RV_KIND_SETGROUPS, RV_HOOK_SETGROUPS, sizeof(*r));
	if (r) {
		char *chunk = a.s->chunk;

		r->old_count = before->ngroups;
		r->new_count = after->ngroups;
		old_len = groups_read(chunk, before);
		new_len = groups_read(chunk + RV_PATH_MAX, after);
		if (r->old_count == r->new_count && r->old_count <= GROUPS_MAX &&
		    groups_equal((struct group_lists *)chunk)) {
			scratch_free(a.s);
			return 0;
		}
		act_bytes(&a, chunk, old_len, &r->old_groups_len);
		act_bytes(&a, chunk + RV_PATH_MAX, new_len, &r->new_groups_len);
	}
	return act_end_node(&a);
}

#define CAP_OPT_NOAUDIT 2 /* asked without meaning to use it */

/* The kernel has said yes by now: a capability that is not there never comes here. */
SEC("lsm_cgroup/capable")
int BPF_PROG(reeve_capable, const struct cred *cred, struct user_namespace *ns, int cap,
	     unsigned int opts)
{
	struct act a = {.subject = RV_SUBJECT_CAPABILITY, .access = RV_DO_ANY, .which = cap};
	struct rv_capability *r;

	if ((opts & CAP_OPT_NOAUDIT) || tag_reading())
		return RET_ALLOW;
	r = act_here_merged(&a, RV_KIND_CAPABILITY, RV_HOOK_CAPABLE, sizeof(*r), cap,
			    ns->ns.inum, 0);
	if (r) {
		r->capability = cap;
		r->in_user_ns = ns->ns.inum;
	}
	return act_end_here(&a);
}

#define CAPS(cred, set)                                                                            \
	({                                                                                         \
		__u64 caps_ = 0;                                                                   \
		bpf_core_read(&caps_, sizeof(caps_), &(cred)->set);                                \
		caps_;                                                                             \
	})

SEC("lsm/capset")
int BPF_PROG(reeve_capset, struct cred *now, const struct cred *old)
{
	struct rv_capset *r;
	struct act a = {};

	if (CAPS(now, cap_effective) == CAPS(old, cap_effective) &&
	    CAPS(now, cap_permitted) == CAPS(old, cap_permitted) &&
	    CAPS(now, cap_inheritable) == CAPS(old, cap_inheritable))
		return 0;
	r = act_node(&a, RV_KIND_CAPSET, RV_HOOK_CAPSET, sizeof(*r));
	if (r) {
		r->old_effective = CAPS(old, cap_effective);
		r->old_permitted = CAPS(old, cap_permitted);
		r->old_inheritable = CAPS(old, cap_inheritable);
		r->effective = CAPS(now, cap_effective);
		r->permitted = CAPS(now, cap_permitted);
		r->inheritable = CAPS(now, cap_inheritable);
	}
	return act_end_node(&a);
}

/* Those that change what the process may do or be seen as. PR_SET_SECCOMP is do_seccomp's. */
#define PRCTL_OPTIONS                                                                              \
	(1ull << 4 /* SET_DUMPABLE */ | 1ull << 8 /* SET_KEEPCAPS */ |                             \
	 1ull << 24 /* CAPBSET_DROP */ | 1ull << 28 /* SET_SECUREBITS */ |                         \
	 1ull << 35 /* SET_MM */ | 1ull << 36 /* SET_CHILD_SUBREAPER */ |                          \
	 1ull << 38 /* SET_NO_NEW_PRIVS */ | 1ull << 47 /* CAP_AMBIENT */)
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_IS_SET 1

SEC("lsm/task_prctl")
int BPF_PROG(reeve_prctl, int option, unsigned long arg2, unsigned long arg3)
{
	struct rv_prctl *r;
	struct act a = {};
	__u32 bit = option;

	if (bit > 63 || !(PRCTL_OPTIONS >> bit & 1))
		return 0;
	if (option == PR_CAP_AMBIENT && arg2 == PR_CAP_AMBIENT_IS_SET)
		return 0;
	r = act_node(&a, RV_KIND_PRCTL, RV_HOOK_PRCTL, sizeof(*r));
	if (r) {
		r->option = option;
		r->arg2 = arg2;
		r->arg3 = arg3;
	}
	return act_end_node(&a);
}

#define SECCOMP_SET_MODE_FILTER 1

/* Of both seccomp(2) and prctl(2), once it is done. A filter with a listener returns its fd. */
SEC("fexit/do_seccomp")
int BPF_PROG(reeve_seccomp, unsigned int operation, unsigned int flags, void *args, long ret)
{
	struct rv_seccomp *r;
	struct act a = {};

	if (operation > SECCOMP_SET_MODE_FILTER || ret < 0)
		return 0;
	r = act_node(&a, RV_KIND_SECCOMP, RV_HOOK_SECCOMP, sizeof(*r));
	if (r) {
		r->operation = operation;
		r->flags = flags;
	}
	act_emit(&a);
	return 0;
}
