/* SPDX-License-Identifier: Apache-2.0 */
/* See compile.h. When a subject's patterns need too much, the first one that does is looked for by
 * building fewer and fewer of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "compile.h"
#include "sidecar/common/util.h"

#define SEARCH_STATES (4u * COMPILE_STATES_MAX) /* built while it is looked for: seconds */
#define SEARCH_FIRST 64				/* patterns */

/* Patterns of one subject, by number. */
struct patterns {
	unsigned subject;
	uint32_t *numbers;
	uint32_t n;
};

static uint32_t fold(void *arg, const uint32_t *numbers, size_t n)
{
	struct compiler *c = arg;
	uint32_t list = 0;

	if (!c->failed)
		c->failed = compile_list(c, numbers, n, &list);
	return list;
}

/* Numbers are of conditions, not of rules: the list is a mask of them. */
static bool is_masks(unsigned subject)
{
	return subject == RV_SUBJECT_WHEN || subject == RV_SUBJECT_TAG;
}

static uint32_t fold_masks(void *arg, const uint32_t *numbers, size_t n)
{
	struct compiler *c = arg;
	uint32_t bits = 0, list = 0;

	for (size_t i = 0; i < n; i++)
		bits |= 1u << (numbers[i] - 1);
	if (bits && !c->failed)
		c->failed = table_list(&c->table, &bits, 1, &list);
	return list;
}

static int find_patterns(const struct compiler *c, unsigned subject, struct patterns *ret)
{
	uint32_t all = subject == RV_SUBJECT_WHEN  ? c->whens_n
		       : subject == RV_SUBJECT_TAG ? c->tags_n
						   : c->refs_n;

	*ret = (struct patterns){.subject = subject,
				 .numbers = calloc(all + 1, sizeof(*ret->numbers))};
	if (!ret->numbers)
		return -ENOMEM;
	for (uint32_t i = 0; i < all; i++)
		if (is_masks(subject) || c->refs[i].rule->subject == (enum policy_subject)subject)
			ret->numbers[ret->n++] = i + 1;
	return 0;
}

static int add_pattern(const struct compiler *c, unsigned subject, struct builder *b,
		       uint32_t number)
{
	const struct policy_rule *rule;
	const char *why, *path;
	size_t at;

	if (is_masks(subject)) {
		path = subject == RV_SUBJECT_TAG ? c->tags[number - 1].tag->glob
						 : c->whens[number - 1].when->exec;
		return builder_add(b, path, strlen(path), number, &at, &why);
	}
	rule = c->refs[number - 1].rule;
	if (subject == RV_SUBJECT_NETWORK)
		return address_add(b, rule, number);
	path = rule->path ? rule->path : "**";
	return builder_add(b, path, strlen(path), number, &at, &why);
}

static int build(struct compiler *c, struct builder *b, unsigned subject, uint32_t *ret_states)
{
	bool masks = is_masks(subject);
	struct automaton a = {0};
	int r;

	if (!masks)
		builder_ranks(b, c->ranks);
	r = builder_build(b, COMPILE_STATES_MAX, masks ? fold_masks : fold, c, &a);
	*ret_states = r == 0 ? a.states_before : COMPILE_STATES_MAX;
	if (r == 0 && c->failed)
		r = c->failed;
	if (r == 0)
		r = table_automaton(&c->table, subject, &a);
	automaton_release(&a);
	return r;
}

/* The first n patterns; states: how many were found, at most COMPILE_STATES_MAX. */
static int build_first(struct compiler *c, const struct patterns *p, uint32_t n,
		       uint32_t *ret_states)
{
	struct builder *b = n ? builder_new() : NULL;
	int r = n && !b ? -ENOMEM : 0;

	*ret_states = 0;
	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = add_pattern(c, p->subject, b, p->numbers[i]);
	if (r == 0 && n)
		r = build(c, b, p->subject, ret_states);
	builder_free(b);
	return r;
}

static int line_of(const struct compiler *c, const struct patterns *p, uint32_t number)
{
	return p->subject == RV_SUBJECT_WHEN  ? c->whens[number - 1].when->line
	       : p->subject == RV_SUBJECT_TAG ? c->tags[number - 1].tag->line
					      : c->refs[number - 1].rule->line;
}

/* good patterns fit, bad do not; states and bytes: of the good ones. */
static int tell(struct compiler *c, const struct patterns *p, uint32_t good, uint32_t bad,
		uint32_t states, uint32_t bytes)
{
	const char *what = good + 1 == bad ? "" : " or one before it";
	bool tag = p->subject == RV_SUBJECT_TAG;
	uint32_t number = p->numbers[bad - 1];
	char fits[128] = "";

	if (good)
		snprintf(fits, sizeof(fits), " (up to line %d it needs %u states, %u bytes)",
			 line_of(c, p, p->numbers[good - 1]), states, bytes);
	if (!is_masks(p->subject))
		return compile_over(c, number,
				    "with it%s the table goes over %u states or %u bytes%s; use "
				    "fewer \"**\" inside of paths",
				    what, COMPILE_STATES_MAX, TABLE_DATA_MAX, fits);
	snprintf(c->error, c->error_size,
		 "policy %s, \"%s\" in line %d: with it%s the table goes over %u states or %u "
		 "bytes%s; use fewer \"**\" inside of %s",
		 (tag ? c->tags[number - 1].policy : c->whens[number - 1].policy)->name,
		 tag ? "tag" : "when", line_of(c, p, number), what, COMPILE_STATES_MAX,
		 TABLE_DATA_MAX, fits, tag ? "tags" : "paths");
	return -E2BIG;
}

/* Which of them is the first that goes over: what fits is found by doubling, as it costs little,
 * then the rest is halved. Not for what a tenant had a say in, who would have everybody wait. */
static int find_first_over(struct compiler *c, const struct patterns *p, uint32_t mark)
{
	uint32_t good = 0, bad = p->n, work = 0, states = 0, bytes = 0;

	while (bad - good > 1 && work < SEARCH_STATES) {
		uint32_t next = good ? good * 2 : SEARCH_FIRST, found;
		int r;

		if (next >= bad)
			next = good + (bad - good) / 2;
		table_rewind(&c->table, mark);
		r = build_first(c, p, next, &found);
		if (r && (r != -E2BIG || *c->error))
			return r;
		work += found;
		if (r) {
			bad = next;
			continue;
		}
		good = next;
		states = found;
		bytes = c->table.used;
	}
	return tell(c, p, good, bad, states, bytes);
}

int compile_texts(struct compiler *c, unsigned subject)
{
	struct patterns p;
	uint32_t states, mark;
	int r = find_patterns(c, subject, &p);

	c->subject = subject;
	if (r == 0 && !is_masks(subject))
		r = compile_list(c, NULL, 0, &c->table.head.otherwise[subject]);
	mark = c->table.used;
	if (r == 0)
		r = build_first(c, &p, p.n, &states);
	if (r == -E2BIG && !*c->error)
		r = c->unsure ? tell(c, &p, 0, p.n, 0, 0) : find_first_over(c, &p, mark);
	free(p.numbers);
	return r;
}
