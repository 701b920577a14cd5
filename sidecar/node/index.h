/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a record what can be asked for is. Every INDEX_PART consecutive numbers are a part; once its
 * numbers have had their time to come it has postings of each term (terms.h) in the table parts:
 *   parts(id INTEGER PRIMARY KEY, postings BLOB)
 * id: 16 * part + term; term INDEX_TIMES: the lowest and the highest wall_ns, 8 bytes each, and says that the part is
 * indexed. It holds nothing that is not in events and can be left out, or deleted: what is not indexed is
 * looked through. */
#pragma once
#include "sidecar/node/filter.h"
#include "sidecar/node/postings.h"
#include "sidecar/node/store.h"

#define INDEX_PART POSTINGS_SPAN

/* After a commit: indexes the next part when it can be; of an ended life the last one, too. A failure costs
 * that life its index until the node starts again, and is logged. */
void index_advance(struct store *s, struct life *l);
/* Before life.indexed is used: has it read. */
int index_know(struct store *s, struct life *l);
/* In a transaction that has stored number seq: an index that was made without it goes. Later records
 * may be by the executable it names, so theirs, too. */
int index_forget(struct life *l, uint64_t seq);

struct index_part {
	uint64_t number; /* of records: from number * INDEX_PART on */
	bool known;	 /* the rest is of that part */
	bool indexed;	 /* false as well where so many may fit that they are better read in a row */
	uint64_t bits[POSTINGS_WORDS]; /* records that may fit; no other does */
};

/* What f may want of the part that holds seq; indexes it first where that was left out and can be done, which
 * takes some milliseconds: true then. */
bool index_look(struct store *s, struct life *l, const struct filter *f, uint64_t seq,
		struct index_part *ret);
/* The first that may fit from seq on (down: the last up to it) in that part. False: none. */
bool index_next(const struct index_part *p, bool down, uint64_t seq, uint64_t *ret);
