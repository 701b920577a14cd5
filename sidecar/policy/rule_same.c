/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that say "the same object, the same access, the same processes" twice: sorted, so that a
 * policy of the greatest size takes no longer to check than to read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "rule.h"
#include "sidecar/common/util.h"

#define ORDER(x, y)                                                                                \
	do {                                                                                       \
		if ((x) != (y))                                                                    \
			return (x) < (y) ? -1 : 1;                                                 \
	} while (0)

/* 0: what they match is written the same. */
static int compare(const struct policy_rule *a, const struct policy_rule *b)
{
	ORDER(a->subject, b->subject);
	ORDER(a->access, b->access);
	ORDER(a->when, b->when);
	ORDER(a->tag, b->tag);
	ORDER(a->which, b->which);
	ORDER(a->family, b->family);
	ORDER(a->prefix, b->prefix);
	ORDER(a->protocol, b->protocol);
	ORDER(a->port_min, b->port_min);
	ORDER(a->port_max, b->port_max);
	ORDER(!a->path, !b->path);
	if (a->path)
		return strcmp(a->path, b->path);
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Equal ones in the order of the file. */
static int in_order(const void *a, const void *b)
{
	const struct policy_rule *x = *(struct policy_rule *const *)a;
	const struct policy_rule *y = *(struct policy_rule *const *)b;
	int order = compare(x, y);

	if (order == 0)
		ORDER(x, y);
	return order;
}

int rule_find_same(struct reader *r, const struct policy *p)
{
	_free_ const struct policy_rule **sorted = calloc(p->rules_n + 1, sizeof(*sorted));
	const struct policy_rule *first = NULL, *second = NULL;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < p->rules_n; i++)
		sorted[i] = &p->rules[i];
	qsort(sorted, p->rules_n, sizeof(*sorted), in_order);
	for (size_t i = 1; i < p->rules_n; i++) {
		if (compare(sorted[i - 1], sorted[i]) != 0 || (second && second < sorted[i]))
			continue;
		first = sorted[i - 1];
		second = sorted[i];
	}
	if (!second)
		return 0;
	if (first->action == second->action)
		return reader_fail_at(r, second->line, second->column,
				      "found rule %zu a second time, expected it once; "
				      "it is in line %d",
				      (size_t)(first - p->rules) + 1, first->line);
	return reader_fail_at(r, second->line, second->column,
			      "found a rule that contradicts rule %zu in line %d, expected one of "
			      "them; only the first would decide",
			      (size_t)(first - p->rules) + 1, first->line);
}
