/* SPDX-License-Identifier: Apache-2.0 */
/* Subsets of the trie become states. A node is "active" when a text's bytes so far match the items
 * from the root down to it; a state is a set of active nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/policy/automaton_rows.h"
#include "sidecar/policy/automaton_trie.h"

#define MEMBERS_MAX (8u << 20) /* of all states together, 4 bytes each */
#define HIDERS_MAX 64	       /* of one state; what more would hide stays */

/* Bytes no set tells apart are one class. '/' is always its own: `*` tells it apart. */
static void make_classes(const struct builder *b, struct rows *rows)
{
	int class[256] = {0}, count = 2;

	class['/'] = 1;
	for (uint32_t i = 0; i < b->sets_n && count < 256; i++) {
		int renamed[2][256];

		memset(renamed, 0xff, sizeof(renamed));
		count = 0;
		for (unsigned byte = 0; byte < 256; byte++) {
			unsigned in = b->sets[i].bytes[byte / 8] >> byte % 8 & 1;
			int *to = &renamed[in][class[byte]];

			if (*to < 0)
				*to = count++;
			class[byte] = *to;
		}
	}
	for (unsigned byte = 0; byte < 256; byte++)
		rows->classes[byte] = (uint8_t) class[byte];
	rows->classes_n = (unsigned)count;
}

/* Numbers of the patterns that end in a node or below it, and all their bits. */
struct reach {
	uint32_t low, high, bits;
};

/* Subset construction: what is at hand while states are found. */
struct subsets {
	const struct builder *b;
	struct node *nodes;
	struct rows *rows;
	uint16_t (*of_set)[257]; /* per set: of how many classes it is, then which */
	uint32_t *members;	 /* of all states, one after the other */
	uint32_t members_n, members_size;
	uint32_t *first; /* per state: where its members begin; one more at the end */
	uint32_t first_size;
	uint32_t *table; /* hash -> state */
	uint32_t table_size;
	uint32_t *scratch; /* the set being made */
	uint32_t scratch_n, scratch_size;
	uint32_t stamp;
	uint32_t states_max;
	struct reach *reach; /* per node, NULL: nothing hides */
	struct bucket {
		uint32_t *nodes;
		uint32_t n, size;
	} buckets[256];
};

/* Puts a node and what needs no byte behind it into the set being made. */
static int put(struct subsets *s, uint32_t node)
{
	for (; node != NONE; node = s->nodes[node].stars) {
		struct node *n = &s->nodes[node];

		if (n->stamp == s->stamp)
			return 0;
		n->stamp = s->stamp;
		if (rows_grow(&s->scratch, s->scratch_n, &s->scratch_size, sizeof(uint32_t)) < 0)
			return -ENOMEM;
		s->scratch[s->scratch_n++] = node;
		if (n->star != NONE && put(s, n->star) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void begin_set(struct subsets *s)
{
	s->scratch_n = 0;
	s->stamp++;
}

/* A pattern that matches for good, and the lowest node that says so. */
struct hider {
	uint32_t number, node;
};

static uint32_t find_hiders(const struct subsets *s, struct hider hiders[HIDERS_MAX])
{
	const struct number *numbers = s->b->numbers;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->scratch_n; i++) {
		const struct node *node = &s->nodes[s->scratch[i]];

		if (node->type != GLOB_STARS)
			continue;
		for (uint32_t e = node->numbers; e != NONE; e = numbers[e].next) {
			uint32_t k = 0;

			while (k < n && hiders[k].number != numbers[e].number)
				k++;
			if (k == HIDERS_MAX)
				continue;
			if (k == n)
				hiders[n++] = (struct hider){numbers[e].number, NONE};
			if (s->scratch[i] < hiders[k].node)
				hiders[k].node = s->scratch[i];
		}
	}
	return n;
}

/* Takes out of the set being made what cannot decide anything any more. Otherwise rules with a
 * double star at both ends would have a state for every set of them that a path went through. */
static void leave_hidden(struct subsets *s)
{
	const struct automaton_rank *ranks = s->b->ranks;
	struct hider hiders[HIDERS_MAX];
	uint32_t hiders_n = find_hiders(s, hiders), kept = 0;

	for (uint32_t i = 0; hiders_n && i < s->scratch_n; i++) {
		const struct reach *reach = &s->reach[s->scratch[i]];
		uint32_t left = reach->bits;

		for (uint32_t k = 0; k < hiders_n; k++) {
			const struct automaton_rank *rank = &ranks[hiders[k].number];
			bool own = hiders[k].number == reach->high &&
				   hiders[k].number == reach->low &&
				   hiders[k].node != s->scratch[i];

			if (own || (rank->hides && hiders[k].number < reach->low &&
				    rank->group == ranks[reach->high].group))
				left &= ~rank->bits;
		}
		if (left)
			s->scratch[kept++] = s->scratch[i];
	}
	if (hiders_n)
		s->scratch_n = kept;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t hash_of(const uint32_t *members, uint32_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15ull;

	for (uint32_t i = 0; i < n; i++)
		h = (h ^ members[i]) * 0xff51afd7ed558ccdull, h ^= h >> 29;
	return h;
}

static int table_grow(struct subsets *s)
{
	uint32_t size = s->table_size ? s->table_size * 2 : 1024;
	uint32_t *table = malloc((size_t)size * sizeof(*table));

	if (!table)
		return -ENOMEM;
	memset(table, 0xff, (size_t)size * sizeof(*table));
	for (uint32_t i = 0; i < s->rows->n; i++) {
		uint32_t n = s->first[i + 1] - s->first[i];
		uint64_t h = hash_of(s->members + s->first[i], n);

		while (table[h & (size - 1)] != NONE)
			h++;
		table[h & (size - 1)] = i;
	}
	free(s->table);
	s->table = table;
	s->table_size = size;
	return 0;
}

/* The state of the set in scratch, made if it is new. */
static int end_set(struct subsets *s, uint32_t *ret)
{
	uint32_t n, i;
	uint64_t h;

	if (s->reach)
		leave_hidden(s);
	n = s->scratch_n;
	if (n > 1)
		qsort(s->scratch, n, sizeof(uint32_t), ascending);
	if (s->rows->n * 2 >= s->table_size && table_grow(s) < 0)
		return -ENOMEM;
	for (h = hash_of(s->scratch, n); (i = s->table[h & (s->table_size - 1)]) != NONE; h++) {
		if (s->first[i + 1] - s->first[i] == n &&
		    (n == 0 ||
		     memcmp(s->members + s->first[i], s->scratch, n * sizeof(uint32_t)) == 0)) {
			*ret = i;
			return 0;
		}
	}
	if (s->rows->n == s->states_max || n > MEMBERS_MAX - s->members_n)
		return -E2BIG;
	while (s->members_size < s->members_n + n)
		if (rows_grow(&s->members, s->members_size, &s->members_size, sizeof(uint32_t)) < 0)
			return -ENOMEM;
	if (rows_grow(&s->first, s->rows->n + 1, &s->first_size, sizeof(uint32_t)) < 0 ||
	    rows_add(s->rows) < 0)
		return -ENOMEM;
	if (n)
		memcpy(s->members + s->members_n, s->scratch, n * sizeof(uint32_t));
	i = s->rows->n - 1;
	s->first[i] = s->members_n;
	s->members_n += n;
	s->first[i + 1] = s->members_n;
	s->table[h & (s->table_size - 1)] = i;
	*ret = i;
	return 0;
}

/* Sorts the children of a state's nodes into the buckets of the classes they wait for. */
static int fill_buckets(struct subsets *s, const uint32_t *members, uint32_t n)
{
	for (unsigned k = 0; k < s->rows->classes_n; k++)
		s->buckets[k].n = 0;
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t c = s->nodes[members[i]].child; c != NONE; c = s->nodes[c].next) {
			const uint16_t *of = s->of_set[s->nodes[c].set];

			for (unsigned k = 0; k < of[0]; k++) {
				struct bucket *to = &s->buckets[of[k + 1]];

				if (rows_grow(&to->nodes, to->n, &to->size, sizeof(uint32_t)) < 0)
					return -ENOMEM;
				to->nodes[to->n++] = c;
			}
		}
	}
	return 0;
}

/* Where a class leads: what waited for it, and the stars that take it and stay. */
static int target(struct subsets *s, uint32_t state, const struct bucket *waited, bool slash,
		  uint32_t *ret)
{
	begin_set(s);
	for (uint32_t i = s->first[state]; i < s->first[state + 1]; i++) {
		uint32_t node = s->members[i];
		unsigned type = s->nodes[node].type;

		if ((type == GLOB_STARS || (type == GLOB_STAR && !slash)) && put(s, node) < 0)
			return -ENOMEM;
	}
	for (uint32_t i = 0; waited && i < waited->n; i++)
		if (put(s, waited->nodes[i]) < 0)
			return -ENOMEM;
	return end_set(s, ret);
}

/* Where more than half of the classes lead; fallback: nowhere is that. */
static uint32_t majority(const uint32_t *to, unsigned n, uint32_t fallback)
{
	uint32_t candidate = fallback;
	unsigned lead = 0, count = 0;

	for (unsigned k = 0; k < n; k++) {
		if (lead == 0)
			candidate = to[k];
		lead += to[k] == candidate ? 1 : -1;
	}
	for (unsigned k = 0; k < n; k++)
		count += to[k] == candidate;
	return count * 2 > n ? candidate : fallback;
}

static int make_row(struct subsets *s, uint32_t state)
{
	const unsigned classes_n = s->rows->classes_n, slash = s->rows->classes['/'];
	uint32_t other, to[256];
	int r =
	    fill_buckets(s, s->members + s->first[state], s->first[state + 1] - s->first[state]);

	if (r == 0)
		r = target(s, state, NULL, false, &other);
	for (unsigned k = 0; r == 0 && k < classes_n; k++) {
		to[k] = other;
		if (s->buckets[k].n || k == slash)
			r = target(s, state, &s->buckets[k], k == slash, &to[k]);
	}
	if (r < 0)
		return r;
	other = s->rows->other[state] = majority(to, classes_n, other);
	for (unsigned k = 0; r == 0 && k < classes_n; k++)
		if (to[k] != other)
			r = rows_except(s->rows, (uint8_t)k, to[k]);
	return r;
}

/* Numbers of the patterns that end in a state, ascending. */
static int numbers_of(struct subsets *s, uint32_t state)
{
	uint32_t kept = 0;

	s->scratch_n = 0;
	for (uint32_t i = s->first[state]; i < s->first[state + 1]; i++) {
		for (uint32_t e = s->nodes[s->members[i]].numbers; e != NONE;
		     e = s->b->numbers[e].next) {
			if (rows_grow(&s->scratch, s->scratch_n, &s->scratch_size,
				      sizeof(uint32_t)) < 0)
				return -ENOMEM;
			s->scratch[s->scratch_n++] = s->b->numbers[e].number;
		}
	}
	if (s->scratch_n > 1)
		qsort(s->scratch, s->scratch_n, sizeof(uint32_t), ascending);
	for (uint32_t i = 0; i < s->scratch_n; i++)
		if (kept == 0 || s->scratch[kept - 1] != s->scratch[i])
			s->scratch[kept++] = s->scratch[i];
	s->scratch_n = kept;
	return 0;
}

static int find_set_classes(struct subsets *s)
{
	s->of_set = calloc(s->b->sets_n + 1, sizeof(*s->of_set));
	if (!s->of_set)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->b->sets_n; i++) {
		uint16_t *of = s->of_set[i];

		for (unsigned k = 0; k < s->rows->classes_n; k++) {
			unsigned byte = s->rows->example[k];

			if (s->b->sets[i].bytes[byte / 8] >> byte % 8 & 1)
				of[++of[0]] = (uint16_t)k;
		}
	}
	return 0;
}

static void reach_number(struct reach *r, uint32_t low, uint32_t high, uint32_t bits)
{
	r->low = low < r->low ? low : r->low;
	r->high = high > r->high ? high : r->high;
	r->bits |= bits;
}

/* A node's children have higher numbers than it. */
static int find_reach(struct subsets *s)
{
	const struct builder *b = s->b;
	struct reach *of;

	if (!b->ranks)
		return 0;
	of = s->reach = malloc(b->nodes_n * sizeof(*of));
	if (!of)
		return -ENOMEM;
	for (uint32_t i = b->nodes_n; i-- > 0;) {
		const struct node *n = &b->nodes[i];

		of[i] = (struct reach){NONE, 0, 0};
		for (uint32_t e = n->numbers; e != NONE; e = b->numbers[e].next)
			reach_number(&of[i], b->numbers[e].number, b->numbers[e].number,
				     b->ranks[b->numbers[e].number].bits);
		for (uint32_t c = n->child; c != NONE; c = b->nodes[c].next)
			reach_number(&of[i], of[c].low, of[c].high, of[c].bits);
		if (n->star != NONE)
			reach_number(&of[i], of[n->star].low, of[n->star].high, of[n->star].bits);
		if (n->stars != NONE)
			reach_number(&of[i], of[n->stars].low, of[n->stars].high,
				     of[n->stars].bits);
	}
	return 0;
}

static void subsets_release(struct subsets *s)
{
	free(s->of_set);
	free(s->reach);
	free(s->members);
	free(s->first);
	free(s->table);
	free(s->scratch);
	for (unsigned k = 0; k < 256; k++)
		free(s->buckets[k].nodes);
}

static int find_states(struct subsets *s, uint32_t (*fold)(void *, const uint32_t *, size_t),
		       void *arg, uint32_t *ret_start)
{
	uint32_t dead;
	int r;

	begin_set(s);
	r = end_set(s, &dead); /* state 0: nothing active */
	begin_set(s);
	if (r == 0)
		r = put(s, 0);
	if (r == 0)
		r = end_set(s, ret_start);
	for (uint32_t state = 0; r == 0 && state < s->rows->n; state++) {
		s->rows->first[state] = s->rows->exceptions_n;
		r = make_row(s, state);
		if (r == 0)
			r = numbers_of(s, state);
		if (r == 0)
			s->rows->accept[state] =
			    s->scratch_n ? fold(arg, s->scratch, s->scratch_n) : 0;
		s->rows->first[state + 1] = s->rows->exceptions_n;
	}
	return r;
}

int builder_build(struct builder *b, uint32_t states_max,
		  uint32_t (*fold)(void *arg, const uint32_t *numbers, size_t n), void *arg,
		  struct automaton *ret)
{
	struct rows rows = {0};
	struct subsets s = {.b = b, .nodes = b->nodes, .rows = &rows, .states_max = states_max};
	uint32_t start = 0;
	int r;

	for (uint32_t i = 0; i < b->nodes_n; i++)
		b->nodes[i].stamp = 0;
	make_classes(b, &rows);
	rows_examples(&rows);
	r = find_set_classes(&s);
	if (r == 0)
		r = find_reach(&s);
	if (r == 0)
		r = find_states(&s, fold, arg, &start);
	subsets_release(&s);
	if (r == 0)
		r = rows_pack(&rows, start, ret);
	rows_release(&rows);
	return r;
}
