/* SPDX-License-Identifier: Apache-2.0 */
/* One container's place in an answer about all of them: which of its records come next. A few rows
 * are held, their records copied, so that its database need not stay open. */
#pragma once
#include "sidecar/node/lines.h"

#define READING_ROWS 32		  /* held at a time */
#define READING_BYTES (64u << 10) /* and no more than that, but for one */

struct reading_row {
	struct store_row row;
	int64_t at; /* its time, or that of one before it that was later: in order */
};

struct reading {
	struct life *life;
	struct reading_held {
		struct beside beside;
		struct reading_row rows[READING_ROWS];
	} * held; /* NULL: nothing was read yet */
	unsigned row, rows_n;
	uint64_t next; /* number to read on from */
	uint64_t end;  /* the last number there was when asked */
	int64_t at;    /* of what was read last */
	bool down;     /* the newest first */
	bool over;     /* nothing is left to read, for now */
	bool waiting;  /* it is in the merge */
	struct seqs late;
};

struct reading *reading_new(struct life *l, bool down);
void reading_free(struct reading *s);
/* Forgets what is held. */
void reading_close(struct reading *s);
/* From the end on that there was when it began. */
void reading_turn(struct reading *s);

/* So that rows can be held. -ENOMEM. */
int reading_open(struct reading *s);
/* Reads on, when no row is held: some, or none and it is over, or none yet. */
int reading_fill(struct reading *s, struct store *store, const struct lines *wanted);
/* The next row's time, or what it will not be before. */
int64_t reading_at(const struct reading *s);
/* The next row; NULL: none is held. */
const struct store_row *reading_row(const struct reading *s);
/* Lets it go. */
void reading_pass(struct reading *s);
