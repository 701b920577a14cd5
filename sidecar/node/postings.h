/* SPDX-License-Identifier: Apache-2.0 */
/* Which of POSTINGS_SPAN consecutive records have which values of one term, packed. Pure.
 *
 * Packed: the values in order, each as
 *   1 byte   how many bytes it shares with the one before
 *   1 byte   how many follow here; together POSTINGS_VALUE_MAX + 1: the value is cut there
 *   bytes    these
 *   2 bytes  how many records have it, the lower first; with the highest bit set a bit for each record
 *            follows, in POSTINGS_SPAN / 8 bytes, else as many distances, each from the record before
 *            (the first from -1): below 128 in 1 byte; from there on in 2, the first of which has the
 *            distance's lower 7 bits and its highest bit set
 * Every POSTINGS_STRIDEth value, from the first on, shares nothing. Behind all of them is where those
 * begin, 4 bytes each, and how many they are, 4 bytes: all numbers with the lowest byte first. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSTINGS_SPAN 4096
#define POSTINGS_WORDS (POSTINGS_SPAN / 64)
#define POSTINGS_STRIDE 64
#define POSTINGS_VALUE_MAX 254 /* bytes of a value that are told apart */

struct postings;

/* NULL: no memory. */
struct postings *postings_new(void);
void postings_free(struct postings *p);
/* Record at has that value. at must not go down. -ENOMEM. */
int postings_add(struct postings *p, unsigned at, const uint8_t *value, size_t len);
/* -ENOMEM. The caller frees. */
int postings_pack(struct postings *p, uint8_t **ret, size_t *ret_len);

struct postings_wanted {
	bool (*fits)(void *arg, const uint8_t *value, size_t len);
	void *arg;
	const char *prefix; /* no value fits that does not begin so */
	size_t prefix_len;
};
/* Sets the bits of the records that have a value that fits, and of those whose value is cut, as far as it
 * has the prefix. -EBADMSG. */
int postings_find(const uint8_t *packed, size_t len, const struct postings_wanted *wanted,
		  uint64_t bits[static POSTINGS_WORDS]);
