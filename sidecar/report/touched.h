/* SPDX-License-Identifier: Apache-2.0 */
/* What was touched, each thing by a name with parts, and how often; in bounded memory. When there
 * are too many names, those with a common beginning are folded into it, the least telling first (by
 * rank), and go on being counted there. No act is dropped: the sum over all lines is that of what
 * was added. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOUCH_RANKS 4
#define TOUCHED_MAX 16384	     /* names */
#define TOUCHED_BYTES_MAX (8u << 20) /* of names */
#define TOUCHED_NOTED_MAX 65536	     /* acts whose repetitions are still known */

struct touch {
	char *key;
	uint32_t len;
	bool folded;	/* stands for names that begin so */
	uint8_t rank;	/* the higher, the longer it keeps its own line */
	uint32_t ways;	/* bits, the caller's */
	uint64_t names; /* at least so many different ones; 1 unless folded */
	uint64_t n, denied, would_deny;
	int64_t first_ns, last_ns;
};

struct touched {
	char separator;
	struct touch *of;
	size_t n, bytes;
	uint32_t *slots; /* index + 1, by hash */
	struct touched_note *notes;
	uint64_t unplaced; /* repetitions of acts that are not known any more */
	bool has_folds;
};

/* -ENOMEM. */
int touched_init(struct touched *t, char separator);
void touched_release(struct touched *t);

/* One act, or act->n of them: rank, ways, n, denied, would_deny, first_ns and last_ns count. seq:
 * what its repetitions will name, 0 none. -ENOMEM. */
int touched_add(struct touched *t, const char *key, size_t len, const struct touch *act,
		uint64_t seq);
/* The act of that number, so many times more, the last time at last_ns. */
void touched_repeat(struct touched *t, uint64_t seq, uint64_t count, int64_t last_ns);

/* Folds until there are at most max. */
void touched_fold(struct touched *t, size_t max);
/* The most telling first: by rank, then by number. Nothing can be added any more. */
void touched_sort(struct touched *t);
