/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that only grow, whatever is told; buckets. */
#include <errno.h>
#include "sidecar/node/counts.h"
#include "tests/unit/tap.h"

TEST("counts: a life's counters add what they grew by, and never take away")
{
	struct rv_counters zero = {}, a = {}, b = {};
	struct counts c = {};

	a.lost[RV_KIND_OPEN] = 5;
	a.merged[0] = 7;
	a.errors[RV_ERROR_PATH] = 2;
	counts_advance(&c, &zero, &a);
	b = a;
	b.lost[RV_KIND_OPEN] = 8;
	b.lost[RV_KIND_EXEC] = 1;
	b.merged_lost[1] = 3;
	counts_advance(&c, &a, &b);
	CHECK_INT(c.lost[RV_KIND_OPEN], 8);
	CHECK_INT(c.lost[RV_KIND_EXEC], 1);
	CHECK_INT(c.merged, 7);
	CHECK_INT(c.merged_lost, 3);
	CHECK_INT(c.errors[RV_ERROR_PATH], 2);
	counts_advance(&c, &b, &zero); /* a lie, or another life's */
	CHECK_INT(c.lost[RV_KIND_OPEN], 8);
	CHECK_INT(c.merged, 7);
}

TEST("counts: a transaction falls into the first bucket that is not below its time")
{
	struct counts c = {};

	counts_commit(&c, 0, 0);
	counts_commit(&c, 0, 1000000);
	counts_commit(&c, 0, 1000001);
	counts_commit(&c, 0, 4000000000ull);
	counts_commit(&c, 0, 4000000001ull);
	counts_commit(&c, -ENOSPC, 99);
	CHECK_INT(c.commits[0], 2);
	CHECK_INT(c.commits[1], 1);
	CHECK_INT(c.commits[COUNTS_BUCKETS - 2], 1);
	CHECK_INT(c.commits[COUNTS_BUCKETS - 1], 1);
	CHECK_INT(c.commits_failed, 1);
	CHECK_INT(c.commit_ns, 8002000002ll);
}
