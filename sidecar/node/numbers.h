/* SPDX-License-Identifier: Apache-2.0 */
/* A set of record numbers, kept as ranges: those of a container are almost one, and come almost in
 * order. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a record of 1 GiB, its bound by default, as many stay that have nothing beside them: 32 MiB. */
#define NUMBERS_RANGES_MAX (1u << 21)

struct numbers_range {
	uint64_t from, to; /* both in it */
};
struct numbers {
	struct numbers_range *of; /* ascending, never touching */
	size_t n, size;
	struct numbers_range *memory; /* of is in it, or at its beginning; who only reads needs none */
};

/* -E2BIG: they are scattered over more than NUMBERS_RANGES_MAX ranges. */
int numbers_add(struct numbers *s, uint64_t number);
/* Adds a range behind all there are. The same errors; -EINVAL: it is not behind them. */
int numbers_add_range(struct numbers *s, uint64_t from, uint64_t to);
bool numbers_have(const struct numbers *s, uint64_t number);
/* Takes a range out, both ends of it included; from the beginning at no cost. The same errors. */
int numbers_remove(struct numbers *s, uint64_t from, uint64_t to);
/* How many ranges taking that out would move. */
size_t numbers_behind(const struct numbers *s, uint64_t from);
/* Empties it. */
void numbers_release(struct numbers *s);
