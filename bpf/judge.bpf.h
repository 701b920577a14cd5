/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Second step: container -> policy -> verdict. The only place that knows what an lsm_cgroup
 * program must return: inverted against lsm/ (0 or -errno), 1 goes on and 0 refuses, with the errno
 * set apart.
 * bpf_set_retval(0) would lift another program's refusal and is never called. */
#pragma once
#include "table.bpf.h"

#define RET_ALLOW 1
#define RET_DENY 0

static __always_inline void judge_say(struct verdict *v)
{
	v->verdict = RV_VERDICT_ALLOWED;
	if (v->action == 1 + RV_ACT_WOULD_DENY) {
		v->verdict = RV_VERDICT_WOULD_DENY;
		v->error = 0;
	} else if (v->action == 1 + RV_ACT_DENY) {
		v->verdict = RV_VERDICT_DENIED;
	} else {
		v->error = 0;
	}
}

/* By number: memory, capabilities, kernel. which: the capability, the kind. Of a subject with texts
 * it is the look that tells whether a text is asked for: judge_asked. */
static __always_inline void judge(const struct who *w, struct verdict *v, __u32 subject,
				  __u32 access, __u32 which)
{
	__builtin_memset(v, 0, sizeof(*v));
	v->subject = subject;
	v->access = access;
	v->which = which;
	if (w->mark && w->mark->generation == w->st->generation) {
		v->when = w->mark->when;
		v->when_set = w->mark->when_set;
	}
	if (w->st->policy)
		table_number(w, v);
	judge_say(v);
}

/* After judge(): must the text be found, is there a word about it? */
static __always_inline bool judge_asked(const struct verdict *v)
{
	return v->asked & v->access;
}

static __always_inline void judge_refuse(struct verdict *v, __s32 error)
{
	bool enforce = v->flags & RV_POLICY_ENFORCE;

	v->action = 1 + (enforce ? RV_ACT_DENY : RV_ACT_WOULD_DENY);
	v->verdict = enforce ? RV_VERDICT_DENIED : RV_VERDICT_WOULD_DENY;
	v->error = enforce ? error : 0;
	v->rule = 0;
}

/* text: RV_PATH_MAX readable bytes. A second text of one act (a rename's new name) makes the verdict
 * stricter, never milder; of equally strict ones the first is told. */
static __always_inline void judge_text(const struct who *w, struct verdict *v, const void *text,
				       __u32 len)
{
	__u32 verdict = v->verdict, rule = v->rule, version = v->version, action = v->action;
	__s32 error = v->error;

	v->len = len;
	table_text(w, v, text);
	judge_say(v);
	if (action > 1 + RV_ACT_ALLOW && action >= v->action) {
		v->action = action;
		v->verdict = verdict;
		v->rule = rule;
		v->version = version;
		v->error = error;
	}
}

static __always_inline void judge_path(const struct who *w, struct verdict *v, const void *path,
				       __u32 len, __u32 path_state)
{
	if (!judge_asked(v))
		return;
	if (path_state != RV_PATH_OK && path_state != RV_PATH_DELETED &&
	    path_state != RV_PATH_ANON) {
		if ((v->flags & RV_POLICY_UNRESOLVABLE_DENY) && v->verdict != RV_VERDICT_DENIED)
			judge_refuse(v, EACCES);
		return;
	}
	judge_text(w, v, path, len);
}

/* After judge_path of an act by which rules about tags may be asked: where one was that had to know
 * the file's tag, and nobody could tell it. */
static __always_inline void judge_tag_missed(struct verdict *v)
{
	if (v->tag_state == RV_TAG_MISSED && (v->flags & RV_POLICY_UNRESOLVABLE_DENY) &&
	    v->verdict != RV_VERDICT_DENIED)
		judge_refuse(v, EACCES);
}

/* Is a record wanted that the profile does not ask for? */
static __always_inline bool judge_records(const struct verdict *v)
{
	return v->verdict >= RV_VERDICT_DENIED || v->action == 1 + RV_ACT_AUDIT;
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
