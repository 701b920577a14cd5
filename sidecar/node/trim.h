/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a running container's chain within its part of the bound: follows the whole of it first (verify.h), so that
 * nothing that somebody has changed is said again as if it were genuine; then the oldest links go, in
 * pieces. The chain says so itself; what it said of records that are still there it says again. */
#pragma once
#include "sidecar/node/store.h"

#define TRIM_PART 8   /* one part of so many is the chain's; with more it is trimmed */
#define TRIM_LEAST 16 /* down to one part of so many */
#define TRIM_AGAIN_S 3600    /* after it could not be */

struct verify;

struct trim {
	struct store *store;
	struct life *life;
	struct verify *verify; /* NULL: none is under way */
	bool followed;
	size_t next; /* piece */
	uint64_t bound;
	uint64_t link; /* the last one that has gone; 0 none */
};

/* Whether the chain is more than its part of so many bytes, and some of it may go. */
bool trim_is_due(struct store *s, struct life *l, uint64_t bound);
int trim_begin(struct trim *t, struct store *s, struct life *l, uint64_t bound);
/* A few milliseconds' work. 1: there is more, 0: that was all. -EBADMSG: the record is not as it was stored. After that
 * and every other error it is not due for a while. */
int trim_step(struct trim *t);
/* It is not due for a while. */
void trim_later(struct trim *t);
void trim_end(struct trim *t);
