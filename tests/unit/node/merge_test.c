/* SPDX-License-Identifier: Apache-2.0 */
/* Several sequences taken as one. */
#include "sidecar/common/util.h"
#include "sidecar/node/merge.h"
#include "tests/unit/tap.h"

/* Takes three sequences to their ends and says in which order. */
static void take_all(bool reverse, const int (*times)[4], char *ret)
{
	struct merge m = {.reverse = reverse};
	size_t at[3] = {};

	for (size_t i = 0; i < 3; i++)
		REQUIRE(merge_add(&m, (struct merge_item){times[i][0], i}) == 0);
	while (m.n > 0) {
		size_t i = m.of[0].index;

		*ret++ = (char)('a' + i);
		at[i]++;
		if (at[i] == 4 || times[i][at[i]] == 0)
			merge_remove(&m);
		else
			merge_move(&m, times[i][at[i]]);
	}
	*ret = '\0';
	merge_release(&m);
}

TEST("merge: by time, equals by their order, either way")
{
	static const int up[3][4] = {{1, 4, 7, 8}, {2, 4, 9}, {3, 4, 5, 6}};
	static const int down[3][4] = {{8, 7, 4, 1}, {9, 4, 2}, {6, 5, 4, 3}};
	char order[16];

	take_all(false, up, order);
	CHECK_STR(order, "abcabcccaab");
	take_all(true, down, order);
	CHECK_STR(order, "baaccabccba");
}

TEST("merge: many")
{
	struct merge m = {};
	int64_t before = 0;

	for (unsigned i = 0; i < 500; i++)
		REQUIRE(merge_add(&m, (struct merge_item){(i * 7919) % 500 + 1, i}) == 0);
	for (unsigned n = 0; m.n > 0; n++) {
		CHECK(m.of[0].at >= before);
		before = m.of[0].at;
		if (before > 2000)
			merge_remove(&m);
		else
			merge_move(&m, before + (n * 31) % 97);
	}
	merge_release(&m);
}
