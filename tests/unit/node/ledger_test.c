/* SPDX-License-Identifier: Apache-2.0 */
/* When a record adds up. */
#include <stdlib.h>
#include <string.h>
#include "sidecar/node/counters.h"
#include "sidecar/node/ledger.h"
#include "tests/unit/tap.h"

/* 0 armed, 1..last-1 opens but those in a hole, last the closing record. */
static struct ledger walk(uint64_t last, uint64_t hole_from, uint64_t hole_to, bool armed)
{
	struct ledger l = {.settled = UINT64_MAX};

	for (uint64_t seq = armed ? 0 : 1; seq < last; seq++)
		if (seq < hole_from || seq > hole_to)
			ledger_add(&l, seq, seq ? RV_KIND_OPEN : RV_KIND_ARMED);
	ledger_add(&l, last, RV_KIND_CLOSE);
	return l;
}

static struct rv_counters count(uint64_t last, uint64_t lost, bool armed)
{
	struct rv_counters c = {.issued = last - 1, .armed = armed};

	c.taken[RV_KIND_ARMED] = armed;
	c.taken[RV_KIND_OPEN] = last - 1;
	c.taken[RV_KIND_CLOSE] = 1;
	c.lost[RV_KIND_OPEN] = lost;
	return c;
}

TEST("whole, and exact")
{
	struct ledger l = walk(10, 99, 99, true);
	struct rv_counters c = count(10, 0, true);

	ledger_finish(&l, &c, true);
	CHECK(l.exact);
	CHECK_INT((long long)l.expected, 11);
	CHECK_INT((long long)l.stored, 11);
	CHECK_INT((long long)l.gap_count, 0);
}

TEST("a hole the counters know of is exact, any other is not")
{
	for (uint64_t lost = 0; lost < 6; lost++) {
		struct ledger l = walk(10, 4, 6, true);
		struct rv_counters c = count(10, lost, true);

		ledger_finish(&l, &c, true);
		CHECK_INT(l.exact, lost == 3);
		CHECK_INT((long long)l.missing, 3);
		CHECK_INT((long long)l.gaps[0].from, 4);
		CHECK_INT((long long)l.gaps[0].to, 6);
	}
}

TEST("the right sum of the wrong kinds is not exact")
{
	struct ledger l = walk(10, 4, 6, true);
	struct rv_counters c = count(10, 3, true);

	c.lost[RV_KIND_OPEN] = 2;
	c.lost[RV_KIND_EXEC] = 1;
	ledger_finish(&l, &c, true);
	CHECK_INT((long long)l.unexplained, 0);
	CHECK(!l.exact);
}

TEST("never armed: number 0 was never given")
{
	struct ledger l = walk(5, 99, 99, false);
	struct rv_counters c = count(5, 0, false);

	ledger_finish(&l, &c, true);
	CHECK(l.exact);
	CHECK(!l.armed);
	CHECK_INT((long long)l.expected, 5);
}

TEST("number 0 given and not stored is missing")
{
	struct ledger l = walk(5, 99, 99, false);
	struct rv_counters c = count(5, 0, true);

	ledger_finish(&l, &c, true);
	CHECK(!l.exact);
	CHECK_INT((long long)l.missing, 1);
}

TEST("an end without the closing record is not exact")
{
	struct ledger l = {.settled = UINT64_MAX};
	struct rv_counters c = {.issued = 4};

	c.taken[RV_KIND_OPEN] = 4;
	ledger_add(&l, 1, RV_KIND_OPEN);
	ledger_add(&l, 2, RV_KIND_OPEN);
	ledger_finish(&l, &c, true);
	CHECK(!l.exact);
	CHECK_INT((long long)l.missing, 2);
	CHECK_INT((long long)l.gaps[0].from, 3);
	CHECK_INT((long long)l.gaps[0].to, 4);
}

TEST("while it runs: up to a settled checkpoint")
{
	for (unsigned settled = 0; settled < 2; settled++) {
		struct ledger l = {.settled = settled ? 10 : 3};
		struct rv_counters c = {.issued = 20};

		ledger_add(&l, 1, RV_KIND_OPEN);
		ledger_add(&l, 4, RV_KIND_CHECKPOINT);
		ledger_add(&l, 20, RV_KIND_OPEN);
		ledger_finish(&l, &c, false);
		CHECK_INT(l.exact, !settled);
		CHECK_INT((long long)l.unexplained, settled ? 2 : 0);
	}
}

/* 0 armed, 1 open, 2 repeat of 5, 3 checkpoint, 4 repeat of 7, 5 closing. */
static struct ledger repeats(bool ended)
{
	struct ledger l = {.settled = UINT64_MAX};

	ledger_add(&l, 0, RV_KIND_ARMED);
	ledger_add(&l, 1, RV_KIND_OPEN);
	ledger_repeat(&l, RV_KIND_OPEN, 5);
	ledger_add(&l, 2, RV_KIND_REPEAT);
	ledger_add(&l, 3, RV_KIND_CHECKPOINT);
	ledger_repeat(&l, RV_KIND_OPEN, 7);
	ledger_add(&l, 4, RV_KIND_REPEAT);
	if (ended)
		ledger_add(&l, 5, RV_KIND_CLOSE);
	return l;
}

static struct rv_counters count_repeats(uint64_t merged, uint64_t lost)
{
	struct rv_counters c = {.issued = 4, .armed = 1};

	c.taken[RV_KIND_ARMED] = c.taken[RV_KIND_OPEN] = c.taken[RV_KIND_CHECKPOINT] = 1;
	c.taken[RV_KIND_REPEAT] = 2;
	c.taken[RV_KIND_CLOSE] = 1;
	c.merged[counters_merge(RV_KIND_OPEN)] = merged;
	c.merged_lost[counters_merge(RV_KIND_OPEN)] = lost;
	return c;
}

TEST("repetitions, ended: counted = told + lost, to the last one")
{
	for (uint64_t merged = 10; merged < 17; merged++) {
		for (uint64_t lost = 0; lost < 3; lost++) {
			struct ledger l = repeats(true);
			struct rv_counters c = count_repeats(merged, lost);
			uint64_t off = merged > 12 + lost ? merged - 12 - lost : 12 + lost - merged;

			ledger_finish(&l, &c, true);
			CHECK_INT(l.exact, off == 0);
			CHECK_INT((long long)l.unexplained_repeats, (long long)off);
			CHECK_INT((long long)l.unexplained, 0);
			CHECK_INT((long long)l.pending[counters_merge(RV_KIND_OPEN)], 0);
		}
	}
}

TEST("repetitions, running: what is not told yet is pending, what was told must have been counted")
{
	for (uint64_t merged = 3; merged < 16; merged++) {
		struct ledger l = repeats(false);
		struct rv_counters c = count_repeats(merged, 0);

		ledger_finish(&l, &c, false);
		CHECK_INT(l.exact, merged >= 5);
		CHECK_INT((long long)l.pending[counters_merge(RV_KIND_OPEN)],
			  merged > 12 ? (long long)merged - 12 : 0);
	}
}

TEST("repetitions of another kind do not make up for it")
{
	struct ledger l = repeats(true);
	struct rv_counters c = count_repeats(12, 0);

	c.merged[counters_merge(RV_KIND_OPEN)] = 11;
	c.merged[counters_merge(RV_KIND_MMAP)] = 1;
	ledger_finish(&l, &c, true);
	CHECK_INT((long long)l.unexplained_repeats, 2);
	CHECK(!l.exact);
	l = repeats(true);
	ledger_repeat(&l, RV_KIND_EXEC, 1);
	c = count_repeats(12, 0);
	ledger_finish(&l, &c, true);
	CHECK_INT((long long)l.unexplained_repeats, 1);
	CHECK(!l.exact);
}

TEST("counters of repetitions come back from the meta table")
{
	struct rv_counters c = {}, back;
	struct json *j __attribute__((cleanup(json_free_p))) = NULL;
	struct json_out *o = json_out_new();
	const char *text;
	size_t len;

	c.merged[counters_merge(RV_KIND_OPEN)] = 12;
	c.merged[counters_merge(RV_KIND_SIGNAL)] = 1ull << 40;
	c.merged_lost[counters_merge(RV_KIND_MMAP)] = 3;
	c.lost[RV_KIND_REPEAT] = 4;
	counters_to_json(&c, o);
	REQUIRE(json_out_text(o, &text, &len) == 0);
	REQUIRE(json_parse(text, len, false, &j, NULL, 0) == 0);
	counters_from_json(j, &back);
	CHECK(memcmp(&c, &back, sizeof(c)) == 0);
	json_out_free(o);
}

TEST("more gaps than are listed are counted")
{
	struct ledger l = {.settled = UINT64_MAX};
	struct rv_counters c = {};
	char *text;

	for (uint64_t seq = 2; seq <= 2 * (LEDGER_GAPS_MAX + 1); seq += 2)
		ledger_add(&l, seq, RV_KIND_OPEN);
	ledger_finish(&l, &c, true);
	CHECK_INT((long long)l.gap_count, LEDGER_GAPS_MAX + 1);
	text = ledger_to_text(&l, "x");
	REQUIRE(text != NULL);
	CHECK(strstr(text, "65 ranges in all") != NULL);
	free(text);
}

TEST("nothing at all")
{
	struct ledger l = {.settled = UINT64_MAX};
	struct rv_counters c = {};
	struct json_out *o = json_out_new();
	const char *text;
	size_t len;

	ledger_finish(&l, &c, false);
	CHECK(l.exact);
	ledger_to_json(&l, "x", o);
	CHECK_INT(json_out_text(o, &text, &len), 0);
	CHECK(strstr(text, "\"first\":null") != NULL);
	json_out_free(o);
}

/* Ten ranges of two, between them what was lost; told in as many pieces as one likes. */
TEST("what is gone is told piece by piece, with no record in between")
{
	for (unsigned piece = 1; piece <= 10; piece++) {
		struct ledger l = {.settled = UINT64_MAX};
		struct rv_counters c = {.issued = 31, .armed = 1};

		l.cuts.cut[RV_KIND_OPEN] = 20;
		c.taken[RV_KIND_ARMED] = c.taken[RV_KIND_CLOSE] = 1;
		c.taken[RV_KIND_OPEN] = 31;
		c.lost[RV_KIND_OPEN] = 10;
		ledger_add(&l, 0, RV_KIND_ARMED);
		for (uint64_t at = 0; at < 10; at += piece) {
			struct numbers gone = {};

			for (uint64_t i = at; i < at + piece && i < 10; i++)
				CHECK_INT(numbers_add_range(&gone, 3 * i + 1, 3 * i + 2), 0);
			ledger_gone(&l, &gone);
			ledger_pass(&l, gone.of[gone.n - 1].to);
			ledger_gone(&l, NULL);
			numbers_release(&gone);
		}
		ledger_add(&l, 31, RV_KIND_OPEN);
		ledger_add(&l, 32, RV_KIND_CLOSE);
		ledger_finish(&l, &c, true);
		CHECK(l.exact);
		CHECK_INT((long long)l.missing, 10);
		CHECK_INT((long long)l.gone_n, 20);
		CHECK_INT((long long)l.expected, 33);
	}
}
