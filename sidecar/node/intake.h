/* SPDX-License-Identifier: Apache-2.0 */
/* From an agent's bytes to rows: records are collected here until they are worth a commit, and
 * stay here until one has succeeded. No socket. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "sidecar/node/seqs.h"
#include "sidecar/node/store.h"

#define INTAKE_COMMIT_BYTES (256u << 10) /* commit at once when that much has come */
#define INTAKE_COMMIT_MS 20		 /* else that long after the first record */
#define INTAKE_SEQ_MAX (1ull << 62)	 /* a larger number is no number of ours */

/* A record that came and is not to be stored: what counting it takes. */
struct dropped {
	uint64_t seq;
	uint64_t repeats; /* of REPEAT */
	uint16_t kind, of_kind;
	uint32_t reserved;
};

struct intake {
	uint8_t *data; /* whole records, uncommitted */
	size_t len;
	size_t size;
	struct dropped *dropped; /* likewise */
	size_t dropped_n, dropped_size;
	bool meta;	    /* the life's meta rows changed, too */
	struct seqs stored; /* newly, by the last commit */
};

void intake_release(struct intake *in);

/* Checks records and keeps a copy. -EBADMSG: not records (nothing was kept), -ENOMEM.
 * *ret_bulk: one of them has its arguments in the bulk ring. */
int intake_add(struct intake *in, const uint8_t *data, size_t len, bool *ret_bulk);

/* One more that is dropped. -EBADMSG: it is none. */
int intake_drop(struct intake *in, const struct dropped *d);
/* What is kept, copied; but of records of classes before that one what counting them takes. */
int intake_split(const struct intake *in, uint64_t generation, enum record_class from_class,
		 struct intake *ret);

/* Writes everything kept in one transaction. On failure all of it is still kept. */
int intake_commit(struct intake *in, struct store *s, struct life *l);
