/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are taken away or not stored: which go first, that the ledger stays exact, that the
 * chain tells them, that space comes back, and what a failure in between leaves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/node/counters.h"
#include "sidecar/node/index.h"
#include "sidecar/node/intake.h"
#include "tests/unit/node/scene.h"
#include "tests/unit/tap.h"

static uint64_t cut(struct scene *s, const struct cut_order *o, unsigned pieces)
{
	uint64_t records, sum = 0;

	for (int r = 1; pieces > 0 && r == 1; pieces--) {
		r = store_cut_some(&s->store, s->life, o, &records);
		CHECK(r >= 0);
		sum += records;
	}
	return sum;
}

static uint64_t everything(struct scene *s, uint64_t keep)
{
	struct cut_order o = {
	    .why = "bytes", .keep = keep, .before_ns = INT64_MAX, .share = 1 << 30};

	return cut(s, &o, 10000);
}

TEST("cut: acts and changes before processes before evidence; record 0 and the last stay")
{
	_scene_ struct scene s;
	struct cut_order o = {
	    .why = "bytes", .keep = 500, .before_ns = INT64_MAX, .share = 1 << 30};
	uint64_t records;

	scene_begin(&s);
	scene_come(&s, 0, 9999, false);
	/* Acts and changes first, all of them. */
	while (s.life->cuts.below[CLASS_ACTS] < 9500)
		REQUIRE(store_cut_some(&s.store, s.life, &o, &records) == 1);
	CHECK_INT((long long)scene_rows(
		      &s, "events WHERE seq<9500 AND kind IN ('open','create','repeat') "
			  "AND verdict!='denied'"),
		  0);
	CHECK_INT((long long)scene_rows(&s, "events WHERE kind='exec'"), 200);
	CHECK_INT((long long)scene_rows(&s, "events WHERE verdict='denied'"), 100);
	CHECK_INT((long long)scene_rows(&s, "events WHERE seq>=9500"), 500);
	CHECK(scene_ledger(&s).exact);
	CHECK(scene_intact(&s));
	/* Then processes, then denials. */
	while (s.life->cuts.below[CLASS_PROCESSES] < 9500)
		REQUIRE(store_cut_some(&s.store, s.life, &o, &records) == 1);
	CHECK_INT((long long)scene_rows(&s, "events WHERE kind='exec' AND seq<9500"), 0);
	CHECK_INT((long long)scene_rows(&s, "events WHERE verdict='denied'"), 100);
	CHECK_INT((long long)s.life->cuts.denials, 0);
	(void)everything(&s, 500);
	CHECK_INT((long long)s.life->cuts.denials, 95);
	CHECK_INT((long long)scene_rows(&s, "events"), 501);
	CHECK_INT((long long)scene_rows(&s, "events WHERE seq=0"), 1);
	CHECK_INT((long long)s.life->cuts.kept[CLASS_PROCESSES], 0);
	CHECK_INT((long long)s.life->cuts.kept[CLASS_EVIDENCE], 0);
	CHECK_INT((long long)everything(&s, 500), 0);
	CHECK_INT((long long)scene_rows(&s, "cuts"), 10 + 1); /* ranges become one but for the lost */
	CHECK(scene_ledger(&s).exact);
	CHECK(scene_intact(&s));
}

TEST("cut: more processes than their share go before newer acts")
{
	_scene_ struct scene s;
	struct cut_order o = {.why = "bytes", .keep = 100, .before_ns = INT64_MAX, .share = 2000};

	scene_begin(&s);
	scene_come(&s, 0, 9999, false);
	for (unsigned i = 0; i < 100 && s.life->cuts.below[CLASS_ACTS] < 5000; i++)
		(void)cut(&s, &o, 1);
	CHECK(scene_rows(&s, "events WHERE kind='exec' AND seq<2000") == 0);
	CHECK(scene_rows(&s, "events WHERE kind='open' AND seq>6200") > 3000);
	CHECK(scene_ledger(&s).exact);
}

TEST("cut: by age, what is older and no more; processes and denials stay")
{
	_scene_ struct scene s;
	struct cut_order o = {.why = "age", .keep = 100, .before_ns = 3000 * SECOND};

	scene_begin(&s);
	scene_come(&s, 0, 4999, false);
	o.before_ns -= s.life->tai_offset_ns;
	CHECK(cut(&s, &o, 100) > 2000);
	CHECK_INT((long long)scene_rows(
		      &s, "events WHERE seq<2999 AND kind='open' AND verdict!='denied'"),
		  0);
	CHECK_INT((long long)scene_rows(&s, "events WHERE seq>=2999"), 1999);
	CHECK_INT((long long)scene_rows(&s, "events WHERE kind='exec'"), 100);
	CHECK_INT((long long)scene_rows(&s, "events WHERE verdict='denied'"), 50);
	CHECK_INT((long long)cut(&s, &o, 100), 0);
	CHECK(scene_ledger(&s).exact);
	CHECK(scene_intact(&s));
}

TEST("cut: the ledger of a life that has ended adds up by kind, and repetitions; and after a "
     "restart")
{
	_scene_ struct scene s;
	struct ledger l;
	char *text;

	scene_begin(&s);
	scene_come(&s, 0, 4998, false);
	scene_close(&s, 4999);
	CHECK(scene_ledger(&s).exact);
	CHECK(everything(&s, 100) > 4000);
	l = scene_ledger(&s);
	CHECK(l.exact);
	CHECK_INT((long long)l.missing, 5);
	CHECK_INT((long long)l.expected, 5000);
	CHECK(l.cuts.repeats_cut[counters_merge(RV_KIND_OPEN)] > 0);
	text = ledger_to_text(&l, "web");
	CHECK(strstr(text, " + ") && strstr(text, " cut)"));
	CHECK(strstr(text, "missing      50 to 50\n") != NULL);
	free(text);
	scene_restart(&s);
	l = scene_ledger(&s);
	CHECK(l.exact);
	CHECK(scene_intact(&s));
	/* One that is missing and was neither lost nor cut is found still. */
	CHECK_INT(store_begin(&s.store, s.life), 0);
	store_abort(&s.store, s.life);
	s.life->cuts.cut[RV_KIND_OPEN]--;
	s.life->cuts.cut[RV_KIND_CREATE]++;
	CHECK(!scene_ledger(&s).exact);
}

TEST("cut: what was cut and comes again is a duplicate; what comes late for the first time is "
     "stored")
{
	_scene_ struct scene s;
	uint64_t stored;
	uint8_t data[4096];
	struct intake in = {};
	bool bulk;

	scene_begin(&s);
	scene_come(&s, 0, 2999, false);
	(void)everything(&s, 100);
	scene_restart(&s);
	stored = scene_rows(&s, "events");
	scene_come(&s, 2000, 2999, true);
	CHECK_INT((long long)scene_rows(&s, "events"), (long long)stored);
	CHECK_INT((long long)s.life->duplicates, 999);
	CHECK(scene_ledger(&s).exact);
	/* 1050 was counted as lost; now it comes. */
	CHECK_INT(intake_add(&in, data, scene_put(&s, data, 1050, RV_KIND_OPEN), &bulk), 0);
	CHECK_INT(intake_commit(&in, &s.store, s.life), 0);
	CHECK_INT((long long)in.stored.n, 1);
	CHECK_INT((long long)scene_ledger(&s).missing, 2);
	intake_release(&in);
}

TEST("dropped: by class, counted by kind, exact, told in the chain; not twice when it comes again")
{
	_scene_ struct scene s;
	struct ledger l;

	scene_begin(&s);
	scene_come(&s, 0, 999, false);
	s.store.from_class = CLASS_CHANGES;
	scene_come(&s, 1000, 1999, false);
	s.store.from_class = CLASS_EVIDENCE;
	scene_come(&s, 2000, 2999, false);
	scene_come(&s, 1500, 2999, true);
	scene_restart(&s);
	scene_come(&s, 500, 2999, true);
	s.store.from_class = CLASS_ACTS;
	scene_come(&s, 500, 2999, true);
	scene_come(&s, 3000, 3998, false);
	scene_close(&s, 3999);
	CHECK_INT((long long)scene_rows(&s, "events WHERE verdict='denied'"), 40);
	CHECK_INT(
	    (long long)scene_rows(&s, "events WHERE kind='create' AND seq BETWEEN 1000 AND 1999"),
	    20);
	CHECK_INT(
	    (long long)scene_rows(&s, "events WHERE kind='exec' AND seq BETWEEN 1000 AND 1999"),
	    20);
	CHECK_INT(
	    (long long)scene_rows(&s, "events WHERE kind='exec' AND seq BETWEEN 2000 AND 2999"), 0);
	CHECK_INT((long long)scene_rows(&s,
					"events WHERE kind='open' AND verdict!='denied' AND seq "
					"BETWEEN 1000 AND 2999"),
		  0);
	l = scene_ledger(&s);
	CHECK(l.exact);
	CHECK_INT((long long)l.cuts.dropped[RV_KIND_EXEC], 20);
	CHECK_INT((long long)l.missing, 4);
	CHECK(scene_intact(&s));
	CHECK(everything(&s, 100) > 0);
	CHECK(scene_ledger(&s).exact);
	CHECK(scene_intact(&s));
}

TEST("cut: large arguments weigh what they are, also of the last records, and denials stay")
{
	_scene_ struct scene s;
	struct cut_order o = {
	    .why = "bytes", .keep = 1000, .before_ns = INT64_MAX, .share = 256 << 10};
	static const char block[64 << 10];
	uint64_t used, unused, records;
	int r = 1;

	scene_begin(&s);
	scene_come(&s, 0, 4999, false);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	for (uint64_t seq = 3009; seq < 5000; seq += 50)
		CHECK_INT(store_put_args(s.life, seq, block, sizeof(block)), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	while (r == 1 && store_space(&s.store, s.life, &used, &unused) == 0 && used > 896 << 10) {
		r = store_cut_some(&s.store, s.life, &o, &records);
		CHECK(r >= 0);
	}
	CHECK(used <= 896 << 10);
	CHECK_INT((long long)scene_rows(&s, "events WHERE verdict='denied'"), 50);
	CHECK_INT((long long)scene_rows(&s, "events WHERE seq>4800"), 199); /* three eighths */
	CHECK_INT((long long)scene_rows(&s, "args WHERE seq<4700"), 0);
	CHECK(scene_ledger(&s).exact);
	CHECK(scene_intact(&s));
}

TEST("cut: a piece is some MiB, however large its records are, and no more goes than has to")
{
	_scene_ struct scene s;
	struct cut_order o = {
	    .why = "bytes", .keep = 100, .before_ns = INT64_MAX, .share = 1 << 30};
	static const char block[1 << 20];
	uint64_t used, after, unused, records, pieces = 0;
	int r = 1;

	scene_begin(&s);
	scene_come(&s, 0, 1999, false);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	for (uint64_t seq = 9; seq < 1900; seq += 50)
		CHECK_INT(store_put_args(s.life, seq, block, sizeof(block)), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	CHECK_INT(store_space(&s.store, s.life, &used, &unused), 0);
	CHECK(used > 38 << 20);
	for (; r == 1; pieces++, used = after) {
		r = store_cut_some(&s.store, s.life, &o, &records);
		CHECK(r >= 0);
		CHECK_INT(store_space(&s.store, s.life, &after, &unused), 0);
		CHECK(used - after <= 6 << 20);
	}
	CHECK(used < 1 << 20);
	CHECK(pieces >= 9);
	CHECK(scene_ledger(&s).exact);
	CHECK(scene_intact(&s));
}

TEST("cut: the index forgets it, arguments go with their exec, and an old row does not come back")
{
	_scene_ struct scene s;
	uint8_t *data;
	size_t len;

	scene_begin(&s);
	scene_come(&s, 0, 3 * INDEX_PART, false);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_put_args(s.life, 59, "a", 1), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	scene_close(&s, 3 * INDEX_PART + 1);
	index_advance(&s.store, s.life);
	index_advance(&s.store, s.life);
	CHECK(scene_rows(&s, "parts") > 0);
	(void)everything(&s, 100);
	CHECK_INT(store_get_args(&s.store, s.life, 59, &data, &len), -ENOENT);
	CHECK_INT((long long)scene_rows(&s, "parts WHERE id<32"), 0);
	CHECK(scene_intact(&s));
}

TEST("cut: space goes back to the file system")
{
	_scene_ struct scene s;
	uint64_t before, used, unused;

	scene_begin(&s);
	scene_come(&s, 0, 9999, false);
	CHECK_INT(store_fold(&s.store, s.life, true), 0);
	before = scene_file_size(&s);
	(void)everything(&s, 100);
	CHECK_INT(store_space(&s.store, s.life, &used, &unused), 0);
	CHECK(unused > before / 2);
	for (unsigned i = 0; i < 1000 && unused > 0; i++) {
		CHECK_INT(store_shrink(&s.store, s.life, 64 << 10), 0);
		CHECK_INT(store_space(&s.store, s.life, &used, &unused), 0);
	}
	CHECK_INT((long long)unused, 0);
	CHECK_INT(store_fold(&s.store, s.life, true), 0);
	CHECK(scene_file_size(&s) < before / 3);
	CHECK(scene_intact(&s));
	CHECK(scene_ledger(&s).exact);
}

/* One piece with the n-th allocation failing; then again, and all must be as if nothing had been.
 */
static bool cuts_whole(long n)
{
	_scene_ struct scene s;
	struct cut_order o = {
	    .why = "bytes", .keep = 100, .before_ns = INT64_MAX, .share = 1 << 30};
	uint64_t records;
	bool failed;
	int r;

	scene_begin(&s);
	scene_come(&s, 0, 999, false);
	tap_fail_malloc(n);
	r = store_cut_some(&s.store, s.life, &o, &records);
	failed = tap_malloc_failed();
	tap_fail_malloc(0);
	CHECK(r >= 0 || cuts_cut(&s.life->cuts) == 0);
	(void)everything(&s, 100);
	CHECK_INT((long long)scene_rows(&s, "events"), 101);
	CHECK(scene_ledger(&s).exact);
	scene_restart(&s);
	CHECK(scene_ledger(&s).exact);
	CHECK(scene_intact(&s));
	return !failed;
}

TEST("cut: an allocation that fails in a piece leaves all of it or nothing")
{
	long n = 1;

	while (!cuts_whole(n) && n < 2000)
		n += n < 40 ? 1 : 23;
	CHECK(n > 10 && n < 2000);
}
