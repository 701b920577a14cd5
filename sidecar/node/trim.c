/* SPDX-License-Identifier: Apache-2.0 */
/* See trim.h. */
#include "sidecar/node/trim.h"
#include <errno.h>
#include "sidecar/common/util.h"
#include "sidecar/node/verify.h"

#define PIECE_LINKS 256 /* or so many entries: a transaction */
#define PIECE_ENTRIES 2048

bool trim_is_due(struct store *s, struct life *l, uint64_t bound)
{
	uint64_t bytes;

	if (l->untrimmed_ns && util_now_ns() - l->untrimmed_ns < TRIM_AGAIN_S * 1000000000ull)
		return false;
	return !l->ended && l->cuts.below[CLASS_ACTS] > 0 && store_chain_bytes(s, l, &bytes) == 0 &&
	       bytes > bound / TRIM_PART;
}

int trim_begin(struct trim *t, struct store *s, struct life *l, uint64_t bound)
{
	int r;

	*t = (struct trim){.store = s, .life = l, .bound = bound};
	r = verify_new(s, l, NULL, 0, &t->verify);
	if (r == 0)
		verify_to_trim(t->verify, PIECE_LINKS, PIECE_ENTRIES);
	return r;
}

static int step(struct trim *t)
{
	struct verify_head gone;
	uint64_t bytes;
	int r;

	if (!t->followed) {
		r = verify_step(t->verify);
		if (r == 0 && !verify_may_trim(t->verify))
			return -EBADMSG;
		t->followed = r == 0;
		return r < 0 ? r : 1;
	}
	r = store_trim(t->store, t->life, t->verify, t->next);
	if (r != 1)
		return r;
	if (verify_head(t->verify, ++t->next, &gone))
		t->link = gone.link;
	r = store_chain_bytes(t->store, t->life, &bytes);
	return r < 0 ? r : bytes > t->bound / TRIM_LEAST;
}

void trim_later(struct trim *t)
{
	t->life->untrimmed_ns = util_now_ns();
}

int trim_step(struct trim *t)
{
	int r = step(t);

	if (r < 0)
		trim_later(t);
	return r;
}

void trim_end(struct trim *t)
{
	verify_free(t->verify);
	*t = (struct trim){};
}
