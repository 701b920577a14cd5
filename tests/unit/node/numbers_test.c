/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in any order become ranges. */
#include <stdint.h>
#include "sidecar/node/numbers.h"
#include "tests/unit/tap.h"

TEST("numbers that come out of order join to one range")
{
	static const uint64_t order[] = {0, 1, 5, 3, 4, 2, 9, 7, 8, 6, 6, 0};
	struct numbers s = {};

	for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++)
		CHECK_INT(numbers_add(&s, order[i]), 0);
	CHECK_INT((long long)s.n, 1);
	CHECK_INT((long long)s.of[0].to, 9);
	numbers_release(&s);
}

TEST("a set of numbers has those that were added, and no others")
{
	struct numbers s = {};

	/* 7 n mod 1000: each once, far apart; the even ones alone */
	for (uint64_t n = 0; n < 1000; n++)
		if (n * 7 % 1000 % 2 == 0)
			CHECK_INT(numbers_add(&s, n * 7 % 1000), 0);
	CHECK_INT(numbers_add(&s, UINT64_MAX), 0);
	CHECK_INT((long long)s.n, 501);
	for (uint64_t n = 0; n < 1000; n++)
		CHECK_INT(numbers_have(&s, n), n % 2 == 0);
	CHECK(numbers_have(&s, UINT64_MAX));
	CHECK(!numbers_have(&s, UINT64_MAX - 1));
	CHECK_INT(numbers_add(&s, UINT64_MAX - 1), 0);
	CHECK_INT((long long)s.n, 501);
	numbers_release(&s);
}

TEST("ranges are taken out of a set of numbers, whatever they cut through")
{
	/* Every range against every set of 10 numbers that is one pattern or its reverse. */
	for (unsigned pattern = 0; pattern < 1024; pattern += 7)
		for (uint64_t from = 0; from < 10; from++)
			for (uint64_t to = from; to < 12; to++) {
				struct numbers s = {};
				bool good = true;

				for (uint64_t n = 0; n < 10; n++)
					if (pattern >> n & 1)
						good &= numbers_add(&s, n) == 0;
				good &= numbers_remove(&s, from, to) == 0;
				for (uint64_t n = 0; n < 12; n++)
					good &=
					    numbers_have(&s, n) ==
					    ((n < 10 && pattern >> n & 1) && (n < from || n > to));
				if (!good)
					CHECK_INT(pattern, -1);
				numbers_release(&s);
			}
}

TEST("a set of numbers that loses its first ones as it gets more keeps to its memory")
{
	struct numbers s = {};

	for (uint64_t n = 0; n < 100000; n++) {
		REQUIRE(numbers_add(&s, 2 * n) == 0);
		if (n < 100)
			continue;
		if (n % 2)
			CHECK_INT((long long)numbers_behind(&s, 2 * (n - 100)), 0);
		REQUIRE(numbers_remove(&s, 2 * (n - 100), 2 * (n - 100)) == 0);
		CHECK_INT((long long)s.n, 100);
		CHECK(!numbers_have(&s, 2 * (n - 100)) && numbers_have(&s, 2 * (n - 99)));
		CHECK(numbers_have(&s, 2 * n) && !numbers_have(&s, 2 * n + 1));
	}
	CHECK((size_t)(s.of - s.memory) + s.size <= 512);
	CHECK_INT((long long)numbers_behind(&s, 2 * 99950), 50);
	numbers_release(&s);
}

static bool adds(void)
{
	struct numbers s = {};
	bool good = true;

	for (uint64_t n = 0; n < 400 && good; n += 2)
		good = numbers_add(&s, n) == 0;
	numbers_release(&s);
	return good;
}

TEST("a set of numbers without memory says so")
{
	tap_each_malloc(adds);
}
