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

int compile_list(struct compiler *c, const uint32_t *numbers, size_t n, uint32_t *ret)
{
	uint32_t rules[RV_LIST_MAX], rules_n = 0, all = words_access_all(c->subject);
	size_t at = 0;
	int r = 0;

	*ret = 0;
	for (unsigned p = 0; r == 0 && p < c->n; p++) {
		uint32_t taken = 0;

		for (; r == 0 && at < n && c->refs[numbers[at] - 1].index == p; at++) {
			const struct ref *ref = &c->refs[numbers[at] - 1];

			if (!(ref->rule->access & ~taken))
				continue;
			r = add(c, numbers[at], ref->at, rules, &rules_n);
			if (!ref->when && !ref->rule->protocol)
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
