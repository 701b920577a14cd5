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

struct intake {
	uint8_t *data; /* whole records, uncommitted */
	size_t len;
	size_t size;
	bool meta;	    /* the life's meta rows changed, too */
	struct seqs stored; /* newly, by the last commit */
};

void intake_release(struct intake *in);

/* Checks records and keeps a copy. -EBADMSG: not records (nothing was kept), -ENOMEM.
 * *ret_bulk: one of them has its arguments in the bulk ring. */
int intake_add(struct intake *in, const uint8_t *data, size_t len, bool *ret_bulk);

/* Writes everything kept in one transaction. On failure all of it is still kept. */
int intake_commit(struct intake *in, struct store *s, struct life *l);
