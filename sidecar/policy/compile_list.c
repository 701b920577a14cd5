/* SPDX-License-Identifier: Apache-2.0 */
/* See compile.h. A list holds, policy by policy and in the order of the file, what can still decide
 * something about a thing. */
#include <errno.h>
#include "compile.h"
#include "words.h"

static int add(struct compiler *c, uint32_t number, uint32_t at, uint32_t rules[RV_LIST_MAX],
	       uint32_t *n)
{
	if (*n == RV_LIST_MAX)
		return compile_over(c, number,
				    "more than %d rules apply to one %s; use fewer that overlap",
				    RV_LIST_MAX, c->subject < RV_SUBJECT_TEXTS ? "name" : "thing");
	rules[(*n)++] = at;
	return 0;
}

static enum policy_action default_of(const struct compiler *c, unsigned p)
{
	return c->list[p]->defaults[c->subject].action;
}

/* Bits that some rule of that action may decide in policy p, of the rules from numbers[0] on, all p's. */
static uint32_t decided(const struct compiler *c, unsigned p, const uint32_t *numbers, size_t n,
			enum policy_action action)
{
	uint32_t taken = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		const struct ref *ref = &c->refs[numbers[i] - 1];

		if (ref->rule->action == action)
			bits |= ref->rule->access & ~taken;
		if (!compile_at_times(ref))
			taken |= ref->rule->access;
	}
	if (default_of(c, p) == action)
		bits |= words_access_all(c->subject) & ~taken;
	return bits;
}

/* Of a tenant's policy: allows that are no exceptions from what it denies itself can only be meant
 * against the node's. */
static void find_loosening(struct compiler *c, unsigned p, const uint32_t *numbers, size_t n,
			   uint32_t denied)
{
	for (size_t i = 0; i < n; i++) {
		const struct policy_rule *rule = c->refs[numbers[i] - 1].rule;
		uint32_t behind = decided(c, p, numbers + i + 1, n - i - 1, POLICY_DENY);

		if (rule->action == POLICY_ALLOW && (rule->access & denied & ~behind) &&
		    (!c->loosens || numbers[i] < c->loosens))
			c->loosens = numbers[i];
	}
}

static void look_for_loosening(struct compiler *c, const uint32_t *numbers, size_t n)
{
	size_t first[POLICY_LIST_MAX + 1];
	uint32_t denied = 0;
	size_t at = 0;

	for (unsigned p = 0; p < c->n; p++) {
		first[p] = at;
		while (at < n && c->refs[numbers[at] - 1].index == p)
			at++;
		if (!c->list[p]->tenants)
			denied |= decided(c, p, numbers + first[p], at - first[p], POLICY_DENY);
	}
	first[c->n] = at;
	for (unsigned p = 0; denied && p < c->n; p++)
		if (c->list[p]->tenants)
			find_loosening(c, p, numbers + first[p], first[p + 1] - first[p], denied);
}

int compile_list(struct compiler *c, const uint32_t *numbers, size_t n, uint32_t *ret)
{
	uint32_t rules[RV_LIST_MAX], rules_n = 0, all = words_access_all(c->subject);
	size_t at = 0;
	int r = 0;

	*ret = 0;
	if (c->tenants)
		look_for_loosening(c, numbers, n);
	for (unsigned p = 0; r == 0 && p < c->n; p++) {
		uint32_t taken = 0;

		for (; r == 0 && at < n && c->refs[numbers[at] - 1].index == p; at++) {
			const struct ref *ref = &c->refs[numbers[at] - 1];

			if (!(ref->rule->access & ~taken))
				continue;
			r = add(c, numbers[at], ref->at, rules, &rules_n);
			if (!compile_at_times(ref))
				taken |= ref->rule->access;
		}
		if (r == 0 && c->otherwise[p][c->subject] && taken != all)
			r = add(c, n ? numbers[n - 1] : 0, c->otherwise[p][c->subject], rules,
				&rules_n);
	}
	if (r == 0 && rules_n)
		r = table_list(&c->table, rules, rules_n, ret);
	if (r == -E2BIG && !*c->error)
		return compile_over(c, n ? numbers[n - 1] : 0, "the table is full");
	return r;
}
