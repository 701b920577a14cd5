/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons for qsort(3) and tsearch(3). */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* By bytes, the shorter of two that begin alike first. */
static inline int order_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int r = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return r ? r : order(a_len, b_len);
}
