/* SPDX-License-Identifier: Apache-2.0 */
/* What a store has taken in since the node started, of all its lives together: sums that only grow, for
 * metrics.c. A life that ends, or whose database is removed, takes nothing of them away. A restart of
 * the node begins them at 0. */
#pragma once
#include <stdint.h>
#include "bpf/abi.h"
#include "sidecar/node/cuts.h"

/* How long a transaction took, upper bounds in microseconds; the last bucket has none. */
#define COUNTS_COMMIT_BOUNDS(X) X(1000) X(4000) X(16000) X(64000) X(250000) X(1000000) X(4000000)
#define COUNTS_ONE_MORE(us) +1
enum { COUNTS_BUCKETS = COUNTS_COMMIT_BOUNDS(COUNTS_ONE_MORE) + 1 };

struct counts {
	uint64_t stored[RV_KIND_MAX]; /* records, by kind */
	uint64_t stored_bytes;	      /* of those records */
	uint64_t lost[RV_KIND_MAX];   /* what the kernel had no room for, told since */
	uint64_t merged, merged_lost; /* repetitions: counted instead of recorded; of those never told */
	uint64_t dropped[RV_KIND_MAX]; /* not stored, as the disk was full */
	uint64_t cut[RV_KIND_MAX];     /* single records taken away by retention */
	uint64_t errors[RV_ERROR_MAX];
	uint64_t denied, would_deny;
	uint64_t duplicates, refused;
	uint64_t commits[COUNTS_BUCKETS]; /* transactions, by how long they took */
	uint64_t commits_failed, commit_ns;
};

/* The kernel's counters of one life have come from before to now: adds the difference. */
void counts_advance(struct counts *c, const struct rv_counters *before, const struct rv_counters *now);
/* The same of what was cut and dropped. */
void counts_advance_cuts(struct counts *c, const struct cuts *before, const struct cuts *now);
/* A transaction was written, r as store_commit returns it, in that time. */
void counts_commit(struct counts *c, int r, uint64_t took_ns);
