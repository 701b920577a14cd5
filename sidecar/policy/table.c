/* SPDX-License-Identifier: Apache-2.0 */
/* See table.h. */
#include "table.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"

void table_release(struct table *t)
{
	free(t->data);
	free(t->lists);
	*t = (struct table){0};
}

int table_room(struct table *t, uint32_t n, uint32_t align, uint32_t *ret)
{
	uint32_t at = (t->used + align - 1) / align * align, size = t->size ? t->size : 4096;
	uint8_t *data;

	if (n > TABLE_DATA_MAX || at > TABLE_DATA_MAX - n)
		return -E2BIG;
	while (size < at + n)
		size *= 2;
	if (size > t->size) {
		data = realloc(t->data, size);
		if (!data)
			return -ENOMEM;
		memset(data + t->size, 0, size - t->size);
		t->data = data;
		t->size = size;
	}
	t->used = at + n;
	*ret = at;
	return 0;
}

void table_rewind(struct table *t, uint32_t used)
{
	memset(t->data + used, 0, t->used - used);
	t->used = used;
	if (t->lists)
		memset(t->lists, 0, t->lists_size * sizeof(*t->lists));
	t->lists_n = 0;
}

static uint32_t list_hash(const uint32_t *list, uint32_t n)
{
	uint32_t h = n * 0x9e3779b1u;

	for (uint32_t i = 0; i < n; i++)
		h = (h ^ list[i]) * 0x85ebca6bu, h ^= h >> 15;
	return h;
}

static const uint32_t *list_at(const struct table *t, uint32_t at)
{
	return (const uint32_t *)(t->data + at);
}

static int lists_grow(struct table *t)
{
	uint32_t size = t->lists_size ? t->lists_size * 2 : 64;
	uint32_t *lists = calloc(size, sizeof(*lists));

	if (!lists)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->lists_size; i++) {
		const uint32_t *list = list_at(t, t->lists[i]);
		uint32_t h;

		if (!t->lists[i])
			continue;
		for (h = list_hash(list + 1, list[0]); lists[h & (size - 1)]; h++)
			;
		lists[h & (size - 1)] = t->lists[i];
	}
	free(t->lists);
	t->lists = lists;
	t->lists_size = size;
	return 0;
}

int table_list(struct table *t, const uint32_t *rules, uint32_t n, uint32_t *ret)
{
	uint32_t h, at;
	int r;

	if (t->lists_n * 2 >= t->lists_size) {
		r = lists_grow(t);
		if (r)
			return r;
	}
	for (h = list_hash(rules, n); (at = t->lists[h & (t->lists_size - 1)]) != 0; h++) {
		const uint32_t *list = list_at(t, at);

		if (list[0] == n && memcmp(list + 1, rules, n * sizeof(*rules)) == 0) {
			*ret = at;
			return 0;
		}
	}
	r = table_room(t, (n + 1) * sizeof(uint32_t), sizeof(uint32_t), &at);
	if (r)
		return r;
	memcpy(t->data + at, &n, sizeof(n));
	memcpy(t->data + at + sizeof(n), rules, n * sizeof(*rules));
	t->lists[h & (t->lists_size - 1)] = at;
	t->lists_n++;
	*ret = at;
	return 0;
}

int table_begin(struct table *t)
{
	struct rv_step dead = {.other = RV_DEAD};
	uint32_t at;
	int r = table_room(t, RV_DEAD + 256 * sizeof(struct rv_entry), 1, &at);

	if (r)
		return r;
	/* Whatever the byte, it leads nowhere: no entry there is its. */
	memset(t->data + at, 0xff, RV_DEAD + 256 * sizeof(struct rv_entry));
	memcpy(t->data + at, &dead, sizeof(dead));
	for (unsigned subject = 0; subject < RV_SUBJECT_TEXTS; subject++)
		t->head.start[subject] = RV_DEAD;
	return 0;
}

/* An automaton's dead state is the table's. */
static uint32_t state_at(const struct automaton *a, uint32_t cells, uint32_t n)
{
	return n ? cells + a->states[n].base * (uint32_t)sizeof(struct rv_entry) : RV_DEAD;
}

int table_automaton(struct table *t, unsigned subject, const struct automaton *a)
{
	struct rv_entry *entries;
	uint32_t cells;
	/* Aligned: none lies in two cache lines. */
	int r = table_room(t, a->entries_n * sizeof(*entries), sizeof(*entries), &cells);

	if (r)
		return r;
	entries = (struct rv_entry *)(t->data + cells);
	for (uint32_t i = 0; i < a->entries_n; i++) {
		/* A place of nobody's: no state has that offset. */
		entries[i] = (struct rv_entry){.check = UINT32_MAX};
		if (a->entries[i].check < a->states_n)
			entries[i] = (struct rv_entry){state_at(a, cells, a->entries[i].check),
						       state_at(a, cells, a->entries[i].next)};
	}
	for (uint32_t i = 1; i < a->states_n; i++)
		((struct rv_step *)entries)[a->states[i].base - 1] =
		    (struct rv_step){.list = a->accept[i],
				     .other = state_at(a, cells, a->states[i].other)};
	memcpy(t->head.classes[subject], a->classes, sizeof(a->classes));
	t->head.start[subject] = state_at(a, cells, a->start);
	t->head.states_n += a->states_n;
	t->head.entries_n += a->entries_n;
	return 0;
}
