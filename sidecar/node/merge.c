/* SPDX-License-Identifier: Apache-2.0 */
/* See merge.h. */
#include "sidecar/node/merge.h"
#include <errno.h>
#include <stdlib.h>

static bool before(const struct merge *m, size_t a, size_t b)
{
	const struct merge_item *x = &m->of[a], *y = &m->of[b];

	if (x->at != y->at)
		return m->reverse ? x->at > y->at : x->at < y->at;
	return x->index < y->index;
}

static void swap(struct merge *m, size_t a, size_t b)
{
	struct merge_item item = m->of[a];

	m->of[a] = m->of[b];
	m->of[b] = item;
}

int merge_add(struct merge *m, struct merge_item item)
{
	if (m->n == m->size) {
		size_t size = m->size ? m->size * 2 : 64;
		struct merge_item *grown = realloc(m->of, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		m->of = grown;
		m->size = size;
	}
	m->of[m->n] = item;
	for (size_t at = m->n++; at > 0 && before(m, at, (at - 1) / 2); at = (at - 1) / 2)
		swap(m, at, (at - 1) / 2);
	return 0;
}

static void sink(struct merge *m)
{
	for (size_t at = 0, first;; at = first) {
		first = at;
		for (size_t child = 2 * at + 1; child < m->n && child <= 2 * at + 2; child++)
			if (before(m, child, first))
				first = child;
		if (first == at)
			return;
		swap(m, at, first);
	}
}

void merge_move(struct merge *m, int64_t at)
{
	m->of[0].at = at;
	sink(m);
}

void merge_remove(struct merge *m)
{
	m->of[0] = m->of[--m->n];
	sink(m);
}

void merge_release(struct merge *m)
{
	free(m->of);
	*m = (struct merge){};
}
