/* SPDX-License-Identifier: Apache-2.0 */
/* Second half of automaton.h: states that no path can tell apart become one (Moore's refinement, by
 * hashes, and proved row by row at the end), then all rows share one table, each shifted to where
 * its exceptions find free places. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/policy/automaton_rows.h"

#define FREE UINT32_MAX
#define STEP (UINT32_MAX - 1) /* taken, by no entry */
#define EXCEPTIONS_MAX (4u << 20) /* before merging, 8 bytes each; a large table holds 2u << 20 */
/* Entries behind the end in which a longer row looks for holes; short ones fill them later. */
#define WINDOW 4096

void rows_examples(struct rows *rows)
{
	for (unsigned byte = 256; byte-- > 0;)
		rows->example[rows->classes[byte]] = (uint8_t)byte;
}

int rows_add(struct rows *rows)
{
	uint32_t size = rows->size ? rows->size * 2 : 256;
	uint32_t *other, *accept, *first;

	if (rows->n + 1 >= rows->size) {
		other = reallocarray(rows->other, size, sizeof(*other));
		if (other)
			rows->other = other;
		accept = reallocarray(rows->accept, size, sizeof(*accept));
		if (accept)
			rows->accept = accept;
		first = reallocarray(rows->first, size + 1, sizeof(*first));
		if (first)
			rows->first = first;
		if (!other || !accept || !first)
			return -ENOMEM;
		rows->size = size;
	}
	rows->other[rows->n] = rows->accept[rows->n] = 0;
	rows->n++;
	return 0;
}

int rows_except(struct rows *rows, uint8_t class, uint32_t to)
{
	if (rows->exceptions_n == EXCEPTIONS_MAX)
		return -E2BIG;
	if (rows_grow(&rows->exceptions, rows->exceptions_n, &rows->exceptions_size,
		      sizeof(*rows->exceptions)) < 0)
		return -ENOMEM;
	rows->exceptions[rows->exceptions_n++] = (struct exception){class, to};
	return 0;
}

void rows_release(struct rows *rows)
{
	free(rows->other);
	free(rows->accept);
	free(rows->first);
	free(rows->exceptions);
}

static uint64_t mix(uint64_t n)
{
	n = (n + 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
	n = (n ^ n >> 27) * 0x94d049bb133111ebull;
	return (n ^ n >> 31) | 1;
}

/* A row as a function from class to block, whatever its default is: a sum over all classes. */
static uint64_t row_hash(const struct rows *rows, uint32_t s, const uint32_t *block, uint64_t all)
{
	uint64_t excepted = 0, sum = 0;

	for (uint32_t i = rows->first[s]; i < rows->first[s + 1]; i++) {
		uint64_t class = mix(rows->exceptions[i].class);

		excepted += class;
		sum += class * mix(block[rows->exceptions[i].to] + 1000003ull);
	}
	return sum + (all - excepted) * mix(block[rows->other[s]] + 1000003ull);
}

struct slot {
	uint64_t row;
	uint32_t before, block;
};

/* One round: states of one block stay together if their rows lead to the same blocks. The number of
 * blocks, -ENOMEM. */
static int64_t refine(const struct rows *rows, const uint32_t *before, uint32_t *after,
		      struct slot *table, uint32_t size)
{
	uint32_t blocks = 0;
	uint64_t all = 0;

	for (unsigned k = 0; k < rows->classes_n; k++)
		all += mix(k);
	memset(table, 0xff, size * sizeof(*table));
	for (uint32_t s = 0; s < rows->n; s++) {
		uint64_t row = row_hash(rows, s, before, all);
		uint64_t h = mix(row ^ mix(before[s]));

		while (
		    table[h & (size - 1)].block != FREE &&
		    (table[h & (size - 1)].row != row || table[h & (size - 1)].before != before[s]))
			h++;
		if (table[h & (size - 1)].block == FREE)
			table[h & (size - 1)] = (struct slot){row, before[s], blocks++};
		after[s] = table[h & (size - 1)].block;
	}
	return blocks;
}

static uint32_t to_of(const struct rows *rows, uint32_t s, unsigned class)
{
	for (uint32_t i = rows->first[s]; i < rows->first[s + 1]; i++)
		if (rows->exceptions[i].class == class)
			return rows->exceptions[i].to;
	return rows->other[s];
}

/* Hashes said these are equal; here it is looked at. */
static bool blocks_hold(const struct rows *rows, const uint32_t *block, const uint32_t *leader)
{
	for (uint32_t s = 0; s < rows->n; s++) {
		uint32_t l = leader[block[s]];

		if (rows->accept[s] != rows->accept[l])
			return false;
		for (unsigned k = 0; s != l && k < rows->classes_n; k++)
			if (block[to_of(rows, s, k)] != block[to_of(rows, l, k)])
				return false;
	}
	return true;
}

/* block: per state which one; leader: per block its first state. Block 0 holds the dead state. */
static int find_blocks(const struct rows *rows, uint32_t *block, uint32_t *leader, uint32_t *ret_n)
{
	uint32_t size = 1024;
	_free_ uint32_t *next = calloc(rows->n, sizeof(*next));
	_free_ struct slot *table = NULL;
	int64_t n = 0, before = -1;

	while (size < rows->n * 2)
		size *= 2;
	table = malloc(size * sizeof(*table));
	if (!next || !table)
		return -ENOMEM;
	memcpy(block, rows->accept, rows->n * sizeof(*block));
	while (n != before) {
		before = n;
		n = refine(rows, block, next, table, size);
		memcpy(block, next, rows->n * sizeof(*block));
	}
	for (uint32_t s = rows->n; s-- > 0;)
		leader[block[s]] = s;
	if (!blocks_hold(rows, block, leader)) { /* a collision: every state for itself */
		n = rows->n;
		for (uint32_t s = 0; s < rows->n; s++)
			block[s] = leader[s] = s;
	}
	*ret_n = (uint32_t)n;
	return 0;
}

/* Where most classes of a state lead. */
static uint32_t most_common(const struct rows *rows, uint32_t s, const uint32_t *block)
{
	unsigned rest = rows->classes_n - (rows->first[s + 1] - rows->first[s]), best = rest;
	uint32_t other = block[rows->other[s]];

	for (uint32_t i = rows->first[s]; i < rows->first[s + 1] && best <= rows->classes_n / 2;
	     i++) {
		uint32_t to = block[rows->exceptions[i].to];
		unsigned count = to == block[rows->other[s]] ? rest : 0;

		for (uint32_t k = rows->first[s]; k < rows->first[s + 1]; k++)
			count += block[rows->exceptions[k].to] == to;
		if (count > best) {
			best = count;
			other = to;
		}
	}
	return other;
}

struct row {
	uint32_t block, n;
};

static int longest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->block < y->block ? -1 : x->block > y->block;
}

struct packer {
	struct automaton *a;
	uint32_t size;
	uint32_t *free; /* per entry: itself if it is free, else one behind it to look at */
	uint32_t free_size;
	struct exception row[256];
	unsigned row_n;
};

static int room(struct packer *p, uint32_t n)
{
	while (p->size < n) {
		uint32_t before = p->size;

		if (rows_grow(&p->a->entries, p->size, &p->size, sizeof(*p->a->entries)) < 0)
			return -ENOMEM;
		while (p->free_size <= p->size)
			if (rows_grow(&p->free, p->free_size, &p->free_size, sizeof(*p->free)) < 0)
				return -ENOMEM;
		for (uint32_t i = before; i < p->size; i++)
			p->a->entries[i] = (struct automaton_entry){FREE, 0};
		for (uint32_t i = before; i <= p->size; i++)
			p->free[i] = i;
	}
	return 0;
}

static uint32_t next_free(struct packer *p, uint32_t at)
{
	while (p->free[at] != at)
		at = p->free[at] = p->free[p->free[at]];
	return at;
}

static bool fits(const struct packer *p, uint32_t base)
{
	if (p->a->entries[base - 1].check != FREE)
		return false;
	for (unsigned i = 0; i < p->row_n; i++)
		if (p->a->entries[base + p->row[i].class].check != FREE)
			return false;
	return true;
}

static int place(struct packer *p, uint32_t block)
{
	struct automaton *a = p->a;
	uint32_t at = 0, base;

	if (p->row_n > 0 && a->entries_n > WINDOW)
		at = a->entries_n - WINDOW;
	for (;; at++) {
		at = next_free(p, at);
		base = at + 1;
		if (room(p, base + a->classes_n) < 0)
			return -ENOMEM;
		if (fits(p, base))
			break;
	}
	a->entries[base - 1].check = STEP;
	p->free[base - 1] = base;
	for (unsigned i = 0; i < p->row_n; i++) {
		at = base + p->row[i].class;
		a->entries[at] = (struct automaton_entry){block, p->row[i].to};
		p->free[at] = at + 1;
	}
	a->states[block].base = base;
	if (base + a->classes_n > a->entries_n)
		a->entries_n = base + a->classes_n;
	return 0;
}

/* The row of a block in terms of blocks, its default the most common target. */
static void make_row(struct packer *p, const struct rows *rows, uint32_t s, const uint32_t *block)
{
	uint32_t other = most_common(rows, s, block);

	p->row_n = 0;
	p->a->states[block[s]].other = other;
	for (unsigned k = 0; k < rows->classes_n; k++) {
		uint32_t to = block[to_of(rows, s, k)];

		if (to != other)
			p->row[p->row_n++] = (struct exception){(uint8_t)k, to};
	}
}

static int pack(struct packer *p, const struct rows *rows, const uint32_t *block,
		const uint32_t *leader)
{
	struct automaton *a = p->a;
	_free_ struct row *order = calloc(a->states_n, sizeof(*order));
	int r = order ? room(p, a->classes_n) : -ENOMEM;

	if (r < 0)
		return r;
	a->entries_n = a->classes_n;
	for (uint32_t i = 0; i < a->states_n; i++) {
		make_row(p, rows, leader[i], block);
		order[i] = (struct row){i, p->row_n};
		a->accept[i] = rows->accept[leader[i]];
	}
	qsort(order, a->states_n, sizeof(*order), longest_first);
	for (uint32_t i = 0; r == 0 && i < a->states_n; i++) {
		if (order[i].block == 0)
			continue;
		make_row(p, rows, leader[order[i].block], block);
		r = place(p, order[i].block);
	}
	return r;
}

int rows_pack(struct rows *rows, uint32_t start, struct automaton *ret)
{
	struct automaton a = {.classes_n = rows->classes_n, .states_before = rows->n};
	struct packer p = {.a = &a};
	_free_ uint32_t *block = calloc(rows->n, sizeof(*block));
	_free_ uint32_t *leader = calloc(rows->n, sizeof(*leader));
	int r = block && leader ? find_blocks(rows, block, leader, &a.states_n) : -ENOMEM;

	if (r < 0)
		return r;
	memcpy(a.classes, rows->classes, sizeof(a.classes));
	a.start = block[start];
	a.states = calloc(a.states_n, sizeof(*a.states));
	a.accept = calloc(a.states_n, sizeof(*a.accept));
	r = a.states && a.accept ? pack(&p, rows, block, leader) : -ENOMEM;
	free(p.free);
	if (r < 0)
		automaton_release(&a);
	else
		*ret = a;
	return r;
}
