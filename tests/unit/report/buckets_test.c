/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of time: nothing counted is dropped or put where it was not. */
#include <stdlib.h>
#include "bpf/abi.h"
#include "sidecar/common/event_table.h"
#include "sidecar/report/buckets.h"
#include "tests/unit/learn/made.h"
#include "tests/unit/tap.h"

#define MAX 240
#define S 1000000000ll

/* Adds n moments of base..base+range in any order, and looks at what comes out. */
static void try(int64_t base, int64_t range, unsigned n)
{
	int64_t begin, width, *at = calloc(n, sizeof(*at));
	struct bucket *view = NULL;
	struct buckets b;
	size_t view_n, wrong = 0;

	REQUIRE(at && buckets_init(&b) == 0);
	for (unsigned i = 0; i < n; i++) {
		at[i] = base + (int64_t)((double)made_below(1u << 30) / (1u << 30) * (double)range);
		buckets_add(&b, at[i], i % CLASS_COLUMNS, 1);
	}
	REQUIRE(buckets_view(&b, MAX, &view, &view_n, &begin, &width) == 0);
	CHECK(view_n > 0 && view_n <= MAX);
	CHECK_INT(begin % width, 0);
	for (unsigned i = 0; i < n; i++) {
		size_t in = (size_t)((at[i] - begin) / width);

		wrong += at[i] < begin || in >= view_n || view[in].n[i % CLASS_COLUMNS]-- == 0;
	}
	CHECK_INT(wrong, 0);
	for (size_t i = 0; i < view_n; i++)
		for (unsigned k = 0; k < CLASS_COLUMNS; k++)
			wrong += view[i].n[k];
	CHECK_INT(wrong, 0);
	free(view);
	free(at);
	buckets_release(&b);
}

TEST("buckets: every moment is in its span, whatever the order and however long the time")
{
	static const int64_t ranges[] = {0, 1, S / 1000, S, 61 * S, 3600 * S, 100000 * S, 86400 * 400 * S,
					 7000000000 * S};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		try(1795228980 * S + 123456789, ranges[i], 1);
		try(1795228980 * S + 123456789, ranges[i], 5000);
		try(0, ranges[i], 5000);
	}
}

TEST("buckets: a clock that is set back, and forth by decades")
{
	struct bucket *view = NULL;
	int64_t begin, width;
	struct buckets b;
	size_t n, sum = 0;

	REQUIRE(buckets_init(&b) == 0);
	for (unsigned i = 0; i < 3000; i++)
		buckets_add(&b, (i % 3 ? 2000000000 - (int64_t)i * 300000 : (int64_t)i * 1000) * S, 0, 1);
	REQUIRE(buckets_view(&b, MAX, &view, &n, &begin, &width) == 0);
	for (size_t i = 0; i < n; i++)
		sum += view[i].n[0];
	CHECK_INT(sum, 3000);
	free(view);
	buckets_release(&b);
}

TEST("buckets: nothing at all")
{
	struct bucket *view = NULL;
	int64_t begin, width;
	struct buckets b;
	size_t n = 7;

	REQUIRE(buckets_init(&b) == 0);
	buckets_add(&b, 5, CLASS_ACCOUNT, 1);
	REQUIRE(buckets_view(&b, MAX, &view, &n, &begin, &width) == 0);
	CHECK_INT(n, 0);
	free(view);
	buckets_release(&b);
}

TEST("buckets: every kind has a class, and reeve's own account is in none of them")
{
	unsigned account = 0;

	for (unsigned k = 1; k < RV_KIND_MAX && event_kind(k); k++) {
		enum report_class class = report_class_of(k);

		CHECK(class == CLASS_ACCOUNT || report_class_name(class)[0]);
		account += class == CLASS_ACCOUNT;
	}
	CHECK_INT(account, 6);
	CHECK_INT(report_class_of(RV_KIND_UNLINK), CLASS_FILE);
	CHECK_INT(report_class_of(RV_KIND_MODULE), CLASS_KERNEL);
	CHECK_INT(report_class_of(RV_KIND_CAPABILITY), CLASS_PRIVILEGE);
}
