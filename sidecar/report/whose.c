/* SPDX-License-Identifier: Apache-2.0 */
/* See whose.h. */
#include "whose.h"
#include <errno.h>
#include <stdlib.h>

static int by_pid(const void *a, const void *b, void *arg)
{
	const struct process_tree *t = arg;
	const struct process *x = &t->of[*(const size_t *)a], *y = &t->of[*(const size_t *)b];

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->begin_ns < y->begin_ns ? -1 : x->begin_ns > y->begin_ns;
}

int whose_init(struct whose *w, const struct process_tree *tree)
{
	*w = (struct whose){.tree = tree,
			    .order = calloc(tree->n + 1, sizeof(*w->order)),
			    .of = calloc(tree->n + 1, sizeof(*w->of))};
	if (!w->order || !w->of) {
		whose_release(w);
		return -ENOMEM;
	}
	for (size_t i = 0; i < tree->n; i++)
		w->order[i] = i;
	qsort_r(w->order, tree->n, sizeof(*w->order), by_pid, (void *)tree);
	return 0;
}

void whose_release(struct whose *w)
{
	free(w->order);
	free(w->of);
	*w = (struct whose){};
}

struct whose_process *whose_find(struct whose *w, uint32_t pid, uint64_t boot_ns)
{
	size_t low = 0, high = w->tree->n;

	/* The last one of that number that had begun. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct process *p = &w->tree->of[w->order[middle]];

		if (p->pid < pid || (p->pid == pid && p->begin_ns <= boot_ns))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || w->tree->of[w->order[low - 1]].pid != pid)
		return NULL;
	return &w->of[w->order[low - 1]];
}
