/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Second step: container -> policy -> verdict. The only place that knows what an lsm_cgroup
 * program must return: inverted against lsm/ (0 or -errno), 1 goes on and 0 refuses, with the errno
 * set apart.
 * bpf_set_retval(0) would lift another program's refusal and is never called. */
#pragma once
#include "who.bpf.h"

#define RET_ALLOW 1
#define RET_DENY 0

struct verdict {
	__u32 verdict; /* RV_VERDICT_* */
	__s32 error;
	__u32 rule;
	__u32 version;
	__u32 flags; /* RV_POLICY_* */
};

static __always_inline struct rv_policy *judge_policy(const struct who *w, struct verdict *v)
{
	__u32 index = w->st->policy;
	struct rv_policy *p;

	v->verdict = RV_VERDICT_ALLOWED;
	v->error = 0;
	v->rule = 0;
	v->version = 0;
	v->flags = 0;
	if (!index)
		return NULL;
	p = bpf_map_lookup_elem(&reeve_policies, &index);
	if (!p || !p->version)
		return NULL;
	v->version = p->version;
	v->flags = p->flags;
	return p;
}

static __always_inline void judge_refuse(struct verdict *v, __s32 error, __u32 rule)
{
	v->verdict = v->flags & RV_POLICY_ENFORCE ? RV_VERDICT_DENIED : RV_VERDICT_WOULD_DENY;
	v->error = v->flags & RV_POLICY_ENFORCE ? error : 0;
	v->rule = rule;
}

/* path: NUL-terminated, at least RV_RULE_PATH_MAX readable bytes. subject: RV_SUBJECT_*. */
static __always_inline void judge_path(const struct who *w, struct scratch *s, __u32 subject,
				       const char *path, __u32 path_state, struct verdict *v)
{
	__u32 wanted = subject == RV_SUBJECT_FILE ? RV_POLICY_FILE : RV_POLICY_EXEC;
	struct rv_rule *rule;

	if (!judge_policy(w, v) || !(v->flags & wanted))
		return;
	if (path_state == RV_PATH_OUTSIDE || path_state == RV_PATH_TOO_LONG ||
	    path_state == RV_PATH_RACED) {
		if (v->flags & RV_POLICY_UNRESOLVABLE_DENY)
			judge_refuse(v, EACCES, 0);
		return;
	}
	s->key.prefixlen = (sizeof(s->key) - sizeof(s->key.prefixlen)) * 8;
	s->key.policy = w->st->policy;
	s->key.subject = subject;
	/* Bytes of an older key stay behind the NUL: no rule has a NUL but at its end. A longer path is
	 * cut where it is, without a NUL that would make it equal to an exact rule. */
	if (bpf_probe_read_kernel_str(s->key.path, sizeof(s->key.path), path) == sizeof(s->key.path))
		s->key.path[sizeof(s->key.path) - 1] = path[sizeof(s->key.path) - 1];
	rule = bpf_map_lookup_elem(&reeve_path, &s->key);
	if (rule)
		judge_refuse(v, rule->error, rule->number);
}

static __always_inline void judge_address(const struct who *w, const struct rv_addr_key *key,
					  struct verdict *v)
{
	struct rv_rule *rule;

	if (!judge_policy(w, v) || !(v->flags & RV_POLICY_NETWORK))
		return;
	rule = bpf_map_lookup_elem(&reeve_addr, key);
	if (rule)
		judge_refuse(v, rule->error, rule->number);
}

static __always_inline void judge_fill(struct rv_head *h, const struct verdict *v)
{
	h->verdict = v->verdict;
	h->error = v->error;
	h->rule = v->rule;
	h->policy_version = v->version;
}

/* The errno an act is refused with, 0: it goes on. recorded: false when its record was wanted and
 * found no room. */
static __always_inline __u32 judge_error(const struct verdict *v, bool recorded)
{
	__u32 error = v->error;

	if (v->verdict == RV_VERDICT_DENIED)
		return error < 1 || error > 4095 ? EACCES : error;
	return !recorded && (v->flags & RV_POLICY_UNRECORDED_DENY) ? EACCES : 0;
}

/* What a cgroup-scoped program returns. */
static __always_inline int judge_return(const struct verdict *v, bool recorded)
{
	__u32 error = judge_error(v, recorded);

	if (!error)
		return RET_ALLOW;
	bpf_set_retval(-(int)error);
	return RET_DENY;
}
