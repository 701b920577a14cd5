/* SPDX-License-Identifier: Apache-2.0 */
/* See shadow.h. For globs the automaton knows every set of rules that some path matches; numbers
 * are compared as masks, and addresses each with each. */
#include "shadow.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "automaton.h"
#include "sidecar/common/util.h"

#define STATES_MAX (1u << 18) /* more than the kernel's biggest table holds */

struct shadow {
	const struct policy *p;
	struct verdict {
		bool live;
		uint32_t by; /* 1 + index of a rule that takes something from it, 0 none yet */
	} * of;		     /* per rule */
};

/* Whether what the earlier rule decides is decided for the later one's processes and files. */
static bool conditions_cover(const struct policy_rule *earlier, const struct policy_rule *rule)
{
	return (earlier->when == 0 || earlier->when == rule->when) &&
	       (earlier->tag == 0 || earlier->tag == rule->tag);
}

/* The first of them that takes something from the rule, if it is before the one known. */
static uint32_t first_taker(const struct policy_rule *rules, const uint32_t *numbers, size_t n,
			    const struct policy_rule *rule, uint32_t known)
{
	for (size_t i = 0; i < n; i++) {
		const struct policy_rule *earlier = &rules[numbers[i]];

		if (known && numbers[i] + 1 >= known)
			break;
		if (conditions_cover(earlier, rule) && (earlier->access & rule->access))
			return numbers[i] + 1;
	}
	return known;
}

/* Some text is matched by these rules and no others. */
static uint32_t see_matches(void *arg, const uint32_t *numbers, size_t n)
{
	struct shadow *s = arg;
	uint32_t taken[POLICY_WHEN_MAX + 1][POLICY_TAG_MAX + 1] = {0};

	for (size_t i = 0; i < n; i++) {
		const struct policy_rule *rule = &s->p->rules[numbers[i]];
		uint32_t before = taken[0][0] | taken[0][rule->tag] | taken[rule->when][0] |
				  taken[rule->when][rule->tag];
		uint32_t left = rule->access & ~before;
		struct verdict *v = &s->of[numbers[i]];

		if (left)
			v->live = true;
		else if (!v->by || numbers[0] + 1 < v->by)
			v->by = first_taker(s->p->rules, numbers, i, rule, v->by);
		taken[rule->when][rule->tag] |= rule->access;
	}
	return 1;
}

static int see_texts(struct shadow *s, enum policy_subject subject)
{
	struct builder *b = NULL;
	struct automaton a = {0};
	const char *why;
	size_t at;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->p->rules_n; i++) {
		const struct policy_rule *rule = &s->p->rules[i];
		const char *path = rule->path ? rule->path : "**";

		if (rule->subject != subject)
			continue;
		if (!b && !(b = builder_new()))
			return -ENOMEM;
		r = builder_add(b, path, strlen(path), (uint32_t)i, &at, &why);
	}
	if (b && r == 0)
		r = builder_build(b, STATES_MAX, see_matches, s, &a);
	automaton_release(&a);
	builder_free(b);
	return r;
}

static bool is_inside(const struct policy_rule *rule, const struct policy_rule *of)
{
	unsigned whole = of->prefix / 8, rest = of->prefix % 8;

	if ((of->protocol && of->protocol != rule->protocol) || of->port_min > rule->port_min ||
	    of->port_max < rule->port_max)
		return false;
	if (of->family == 0)
		return true;
	if (of->family != rule->family || of->prefix > rule->prefix)
		return false;
	return memcmp(of->addr, rule->addr, whole) == 0 &&
	       (rest == 0 || (of->addr[whole] ^ rule->addr[whole]) >> (8 - rest) == 0);
}

/* What a rule decides about, as a mask; of addresses, as far as the other one lies inside it. */
static uint64_t mask_of(const struct policy_rule *rule, const struct policy_rule *other)
{
	if (rule->subject == POLICY_NETWORK)
		return is_inside(other, rule) ? rule->access : 0;
	return rule->subject == POLICY_MEMORY ? rule->access : rule->which;
}

static void see_others(struct shadow *s)
{
	for (size_t i = 0; i < s->p->rules_n; i++) {
		const struct policy_rule *rule = &s->p->rules[i];
		struct verdict *v = &s->of[i];
		uint64_t left;

		if (rule->subject <= POLICY_UNIX)
			continue;
		left = mask_of(rule, rule);
		for (size_t k = 0; k < i && left; k++) {
			const struct policy_rule *earlier = &s->p->rules[k];
			uint64_t takes;

			if (earlier->subject != rule->subject || !conditions_cover(earlier, rule))
				continue;
			takes = mask_of(earlier, rule) & left;
			left &= ~takes;
			if (takes && !v->by)
				v->by = (uint32_t)k + 1;
		}
		v->live = left != 0;
	}
}

int policy_shadowed(const struct policy *p,
		    int (*each)(void *arg, const struct policy_rule *rule,
				const struct policy_rule *by),
		    void *arg)
{
	_free_ struct verdict *of = calloc(p->rules_n + 1, sizeof(*of));
	struct shadow s = {.p = p, .of = of};
	int r = of ? 0 : -ENOMEM;

	for (enum policy_subject subject = POLICY_EXEC; r == 0 && subject <= POLICY_UNIX; subject++)
		r = see_texts(&s, subject);
	if (r < 0)
		return r;
	see_others(&s);
	for (size_t i = 0; r >= 0 && i < p->rules_n; i++)
		if (!of[i].live && of[i].by)
			r = each(arg, &p->rules[i], &p->rules[of[i].by - 1]);
	return r < 0 ? r : 0;
}
