/* SPDX-License-Identifier: Apache-2.0 */
/* See trim.h. */
#include "sidecar/node/trim.h"
#include <errno.h>
#include "sidecar/node/verify.h"

bool trim_is_due(struct store *s, struct life *l, uint64_t bound)
{
	uint64_t bytes;

	return !l->ended && !l->untrimmed && l->cuts.below[CLASS_ACTS] > 0 &&
	       store_chain_bytes(s, l, &bytes) == 0 && bytes > bound / TRIM_PART;
}

int trim_begin(struct trim *t, struct store *s, struct life *l, uint64_t bound)
{
	*t = (struct trim){.store = s, .life = l, .bound = bound};
	return verify_new(s, l, NULL, 0, &t->verify);
}

/* The table of cuts says which records need no proof any more; it is no part of the chain. */
static bool cuts_add_up(const struct trim *t)
{
	uint64_t sum;

	return store_cuts_sum(t->store, t->life, &sum) == 0 &&
	       sum == cuts_cut(&t->life->cuts) + cuts_dropped(&t->life->cuts);
}

static int follow(struct trim *t)
{
	int r = verify_step(t->verify);

	if (r != 0)
		return r;
	if (!verify_intact(t->verify) || !cuts_add_up(t)) {
		t->life->untrimmed = true;
		return -EBADMSG;
	}
	t->followed = true;
	return 1;
}

int trim_step(struct trim *t)
{
	const struct verify_head *head;
	uint64_t bytes;
	int r;

	if (!t->followed)
		return follow(t);
	head = verify_head(t->verify, t->next++);
	if (!head)
		return 0;
	r = store_trim(t->store, t->life, head->link, head->head);
	if (r != 1)
		return r;
	t->link = head->link;
	r = store_chain_bytes(t->store, t->life, &bytes);
	return r < 0 ? r : bytes > t->bound / TRIM_LEAST;
}

void trim_end(struct trim *t)
{
	verify_free(t->verify);
	*t = (struct trim){};
}
