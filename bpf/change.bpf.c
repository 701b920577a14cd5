/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A change of the policy in force becomes a record, with a number of the container's own. Run by who
 * has put the table in (BPF_PROG_RUN), behind a grace period: nothing with a later number was decided
 * by the version before. What the record says is read from that table. */

static __always_inline void change_fill(struct rv_policy *r, const struct who *w)
{
	struct rv_table *t = table_head(w);

	if (!t)
		return;
	r->head.policy_version = t->version;
	r->policy_flags = t->flags;
	__builtin_memcpy(&r->policy_sha256, t->sha256, sizeof(r->policy_sha256));
	__builtin_memcpy(&r->policy_name, t->name, sizeof(r->policy_name));
}

SEC("syscall")
int reeve_policy(struct rv_change *c)
{
	struct who w = {.slot = c->slot};
	struct rv_policy r = {};

	w.st = state_of(c->slot, c->generation);
	if (!w.st)
		return -ESTALE;
	w.armed = w.st->counters.armed;
	who_fill(&r.head, &w, RV_KIND_POLICY, 0);
	change_fill(&r, &w);
	/* Whoever asked for it the last time was killed before it could note that this is done. */
	if (w.st->told_old == c->old_version && w.st->told_new == r.head.policy_version)
		return 0;
	r.old_version = c->old_version;
	r.head.len = sizeof(r);
	r.head.seq = emit_number(w.st, RV_KIND_POLICY);
	emit_to(w.st, w.slot, true, &r, sizeof(r), RV_KIND_POLICY);
	w.st->told_old = c->old_version;
	w.st->told_new = r.head.policy_version;
	return 0;
}
