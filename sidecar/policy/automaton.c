/* SPDX-License-Identifier: Apache-2.0 */
/* See automaton.h. Here: the trie. Its subsets become states in automaton_states.c, which are
 * merged and packed in automaton_pack.c. */
#include "sidecar/policy/automaton.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/policy/automaton_rows.h"
#include "sidecar/policy/automaton_trie.h"

#define NODES_MAX (2u << 20) /* of 32 bytes */

int rows_grow(void *array, uint32_t n, uint32_t *size, size_t each)
{
	void **at = array;
	uint32_t more = *size ? *size * 2 : 64;
	void *grown;

	if (n < *size)
		return 0;
	grown = reallocarray(*at, more, each);
	if (!grown)
		return -ENOMEM;
	*at = grown;
	*size = more;
	return 0;
}

static int node_new(struct builder *b, unsigned type, uint32_t set, uint32_t *ret)
{
	if (b->nodes_n == NODES_MAX)
		return -E2BIG;
	if (rows_grow(&b->nodes, b->nodes_n, &b->nodes_size, sizeof(*b->nodes)) < 0)
		return -ENOMEM;
	*ret = b->nodes_n++;
	b->nodes[*ret] = (struct node){.set = set,
				       .child = NONE,
				       .next = NONE,
				       .star = NONE,
				       .stars = NONE,
				       .numbers = NONE,
				       .type = (uint8_t)type};
	return 0;
}

struct builder *builder_new(void)
{
	struct builder *b = calloc(1, sizeof(*b));
	uint32_t root;

	if (b && node_new(b, GLOB_SET, NONE, &root) == 0)
		return b;
	builder_free(b);
	return NULL;
}

void builder_free(struct builder *b)
{
	if (!b)
		return;
	free(b->nodes);
	free(b->numbers);
	free(b->sets);
	free(b->set_table);
	free(b);
}

static uint32_t set_hash(const uint8_t bytes[32])
{
	uint64_t h = 0;

	for (unsigned i = 0; i < 32; i++)
		h = (h ^ bytes[i]) * 0xff51afd7ed558ccdull, h ^= h >> 29;
	return (uint32_t)h;
}

static int sets_grow(struct builder *b)
{
	uint32_t size = b->set_table_size ? b->set_table_size * 2 : 64;
	uint32_t *table = malloc(size * sizeof(*table));

	if (!table)
		return -ENOMEM;
	memset(table, 0xff, size * sizeof(*table));
	for (uint32_t i = 0; i < b->sets_n; i++) {
		uint32_t h = set_hash(b->sets[i].bytes);

		while (table[h & (size - 1)] != NONE)
			h++;
		table[h & (size - 1)] = i;
	}
	free(b->set_table);
	b->set_table = table;
	b->set_table_size = size;
	return 0;
}

static int set_of(struct builder *b, const uint8_t bytes[32], uint32_t *ret)
{
	uint32_t h = set_hash(bytes), i;

	if (b->sets_n * 2 >= b->set_table_size && sets_grow(b) < 0)
		return -ENOMEM;
	for (; (i = b->set_table[h & (b->set_table_size - 1)]) != NONE; h++) {
		if (memcmp(b->sets[i].bytes, bytes, 32) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (rows_grow(&b->sets, b->sets_n, &b->sets_size, sizeof(*b->sets)) < 0)
		return -ENOMEM;
	memcpy(b->sets[b->sets_n].bytes, bytes, 32);
	b->set_table[h & (b->set_table_size - 1)] = b->sets_n;
	*ret = b->sets_n++;
	return 0;
}

/* The child of at for an item, made if it is new. */
static int descend(struct builder *b, uint32_t *at, const struct glob_item *item)
{
	struct node *n = &b->nodes[*at];
	uint32_t set = NONE, child;
	int r;

	if (item->type == GLOB_STAR || item->type == GLOB_STARS) {
		child = item->type == GLOB_STAR ? n->star : n->stars;
		r = child == NONE ? node_new(b, item->type, NONE, &child) : 0;
		if (r < 0)
			return r;
		n = &b->nodes[*at]; /* it may have moved */
		*(item->type == GLOB_STAR ? &n->star : &n->stars) = child;
		*at = child;
		return 0;
	}
	r = set_of(b, item->set, &set);
	if (r < 0)
		return r;
	for (child = n->child; child != NONE; child = b->nodes[child].next) {
		if (b->nodes[child].set == set) {
			*at = child;
			return 0;
		}
	}
	r = node_new(b, GLOB_SET, set, &child);
	if (r < 0)
		return r;
	n = &b->nodes[*at];
	b->nodes[child].next = n->child;
	n->child = child;
	*at = child;
	return 0;
}

static int add_line(void *arg, const struct glob_item *items, size_t n)
{
	struct builder *b = arg;
	uint32_t at = 0;

	for (size_t i = 0; i < n; i++) {
		int r = descend(b, &at, &items[i]);

		if (r < 0)
			return r;
	}
	if (rows_grow(&b->numbers, b->numbers_n, &b->numbers_size, sizeof(*b->numbers)) < 0)
		return -ENOMEM;
	b->numbers[b->numbers_n] = (struct number){b->adding, b->nodes[at].numbers};
	b->nodes[at].numbers = b->numbers_n++;
	return 0;
}

int builder_add_line(struct builder *b, const struct glob_item *items, size_t n, uint32_t number)
{
	b->adding = number;
	return add_line(b, items, n);
}

int builder_add(struct builder *b, const char *glob, size_t len, uint32_t number, size_t *ret_at,
		const char **ret_why)
{
	b->adding = number;
	return glob_parse(glob, len, add_line, b, ret_at, ret_why);
}

void builder_ranks(struct builder *b, const struct automaton_rank *ranks)
{
	b->ranks = ranks;
}

void automaton_release(struct automaton *a)
{
	free(a->states);
	free(a->entries);
	free(a->accept);
	*a = (struct automaton){0};
}

uint32_t automaton_match(const struct automaton *a, const char *path, size_t len)
{
	uint32_t s = a->start;

	for (size_t i = 0; i < len && s; i++) {
		const struct automaton_entry *e =
		    &a->entries[a->states[s].base + a->classes[(unsigned char)path[i]]];

		s = e->check == s ? e->next : a->states[s].other;
	}
	return a->accept[s];
}
