/* SPDX-License-Identifier: Apache-2.0 */
/* See counts.h. */
#include "sidecar/node/counts.h"

/* A life's counters only grow; a state that says otherwise adds nothing. */
static uint64_t more(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

void counts_advance(struct counts *c, const struct rv_counters *before, const struct rv_counters *now)
{
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		c->lost[k] += more(before->lost[k], now->lost[k]);
	for (unsigned i = 0; i < RV_MERGE_MAX; i++) {
		c->merged += more(before->merged[i], now->merged[i]);
		c->merged_lost += more(before->merged_lost[i], now->merged_lost[i]);
	}
	for (unsigned e = 0; e < RV_ERROR_MAX; e++)
		c->errors[e] += more(before->errors[e], now->errors[e]);
}

void counts_advance_cuts(struct counts *c, const struct cuts *before, const struct cuts *now)
{
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		c->dropped[k] += more(before->dropped[k], now->dropped[k]);
		c->cut[k] += more(before->cut[k], now->cut[k]);
	}
}

void counts_commit(struct counts *c, int r, uint64_t took_ns)
{
#define BOUND(us) us,
	static const uint64_t bounds_us[] = {COUNTS_COMMIT_BOUNDS(BOUND)};
#undef BOUND
	unsigned i = 0;

	if (r < 0) {
		c->commits_failed++;
		return;
	}
	while (i < COUNTS_BUCKETS - 1 && took_ns > bounds_us[i] * 1000)
		i++;
	c->commits[i]++;
	c->commit_ns += took_ns;
}
