/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are too many: bounded, and not one act is missing from the sum. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/report/touched.h"
#include "tests/unit/tap.h"

static uint64_t sum(const struct touched *t, int rank)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += rank < 0 || t->of[i].rank == rank ? t->of[i].n : 0;
	return n;
}

static const struct touch *named(const struct touched *t, const char *key, bool folded)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->of[i].folded == folded && strcmp(t->of[i].key, key) == 0)
			return &t->of[i];
	return NULL;
}

static int add(struct touched *t, const char *key, unsigned rank, uint64_t seq)
{
	struct touch act = {.rank = (uint8_t)rank, .ways = 1u << rank, .n = 1, .denied = rank == 3,
			    .first_ns = (int64_t)seq, .last_ns = (int64_t)seq};

	return touched_add(t, key, strlen(key), &act, seq);
}

TEST("touched: acts on one name are one line, and repetitions are told of it")
{
	struct touched t;

	REQUIRE(touched_init(&t, '/') == 0);
	CHECK_INT(add(&t, "/a", 0, 5), 0);
	CHECK_INT(add(&t, "/a", 2, 6), 0);
	CHECK_INT(add(&t, "", 0, 7), 0);
	touched_repeat(&t, 5, 10, 99);
	touched_repeat(&t, 8, 3, 99);
	CHECK_INT(t.n, 2);
	REQUIRE(named(&t, "/a", false) != NULL);
	CHECK_INT(named(&t, "/a", false)->n, 12);
	CHECK_INT(named(&t, "/a", false)->ways, 5);
	CHECK_INT(named(&t, "/a", false)->rank, 2);
	CHECK_INT(named(&t, "/a", false)->first_ns, 5);
	CHECK_INT(named(&t, "/a", false)->last_ns, 99);
	CHECK_INT(t.unplaced, 3);
	touched_release(&t);
}

TEST("touched: folds reads first, into their directory; the rest keeps its name; what comes later is counted there")
{
	struct touched t;
	char key[64];

	REQUIRE(touched_init(&t, '/') == 0);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "/usr/lib/f%u", i);
		CHECK_INT(add(&t, key, 0, i + 1), 0);
	}
	CHECK_INT(add(&t, "/etc/passwd", 0, 200), 0);
	CHECK_INT(add(&t, "/etc/x", 2, 201), 0);
	CHECK_INT(add(&t, "/etc/shadow", 3, 202), 0);
	touched_fold(&t, 5);
	CHECK_INT(t.n, 4);
	REQUIRE(named(&t, "/usr/lib", true) != NULL);
	CHECK_INT(named(&t, "/usr/lib", true)->names, 100);
	touched_repeat(&t, 42, 7, 300);
	CHECK_INT(add(&t, "/usr/lib/f5", 0, 301), 0);
	CHECK_INT(add(&t, "/usr/lib/new", 0, 302), 0);
	CHECK_INT(add(&t, "/usr/lib/written", 2, 303), 0);
	CHECK_INT(named(&t, "/usr/lib", true)->n, 109);
	CHECK(named(&t, "/usr/lib/written", false) != NULL);
	CHECK(named(&t, "/etc/passwd", false) != NULL);
	touched_sort(&t);
	CHECK_STR(t.of[0].key, "/etc/shadow");
	CHECK_INT(sum(&t, -1), 113);
	touched_release(&t);
}

TEST("touched: a container that makes names up: bounded in lines and bytes, sums exact, what was denied apart")
{
	static char key[4096];
	struct touched t;
	uint64_t most = 0, bytes = 0;

	REQUIRE(touched_init(&t, '/') == 0);
	memset(key, 'x', sizeof(key) - 1);
	for (unsigned i = 0; i < 60000; i++) {
		/* deep ones, long ones, and ones without a separator */
		int len = snprintf(key, sizeof(key), "%s%u/%u/%u", i % 7 ? "/" : "", i % 911, i, i * 7);

		if (i % 3 == 0)
			for (; len < 200; len += 2)
				memcpy(key + len, "/y", 3);
		if (i % 50 == 0) {
			memset(key + len, 'z', 3900 - (size_t)len);
			key[3900] = '\0';
		}
		CHECK_INT(add(&t, key, i % 10 == 0 ? 3 : i % 2, i + 1), 0);
		most = t.n > most ? t.n : most;
		bytes = t.bytes > bytes ? t.bytes : bytes;
	}
	CHECK(most <= TOUCHED_MAX);
	CHECK(bytes <= TOUCHED_BYTES_MAX + 4096);
	CHECK_INT(sum(&t, -1), 60000);
	touched_fold(&t, 50);
	CHECK(t.n <= 50);
	CHECK_INT(sum(&t, -1), 60000);
	CHECK_INT(sum(&t, 3), 6000);
	touched_release(&t);
}

TEST("touched: to the top, and no further")
{
	struct touched t;

	REQUIRE(touched_init(&t, '\n') == 0);
	CHECK_INT(add(&t, "a\nb\nc", 0, 1), 0);
	CHECK_INT(add(&t, "a\nd", 1, 2), 0);
	CHECK_INT(add(&t, "e", 0, 3), 0);
	touched_fold(&t, 0);
	CHECK_INT(t.n, 2); /* one of each rank */
	CHECK_INT(t.of[0].len + t.of[1].len, 0);
	CHECK_INT(sum(&t, -1), 3);
	CHECK_INT(add(&t, "anything", 0, 4), 0);
	CHECK_INT(t.n, 2);
	touched_release(&t);
}

static bool once(void)
{
	struct touched t;
	int r = touched_init(&t, '/');

	if (r == 0)
		r = add(&t, "/a", 0, 1);
	touched_release(&t);
	return r == 0;
}

TEST("touched: without memory it says so")
{
	tap_each_malloc(once);
}
