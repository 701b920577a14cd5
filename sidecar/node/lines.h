/* SPDX-License-Identifier: Apache-2.0 */
/* From a stored record to its lines in the answer of `logs`: whether the question wants it, what
 * stands beside it elsewhere (the executable, long arguments, what its rule is called), in which
 * form it is written. Where the record is and which comes next is the business of logs.c and
 * logs_all.c. */
#pragma once
#include "sidecar/common/event_fields.h"
#include "sidecar/node/client.h"
#include "sidecar/node/exes.h"
#include "sidecar/node/filter.h"
#include "sidecar/node/names.h"
#include "sidecar/node/seqs.h"

#define LINES_LAST_MAX 1000000

/* What was found of one life beside its records; zeroed is empty. */
struct beside {
	struct exes exes;
	struct names names;
};
void beside_release(struct beside *b);

struct lines {
	bool follow, reverse;
	bool colour;   /* of text */
	uint64_t last; /* how many at most, 0 all */
	struct filter filter;
	struct event_fields fields; /* none: all of the record */
	struct json_out *out;
	uint64_t shown;
};

/* Reads what members of a question all of logs have, and writes what stands before the first line.
 * -errno with the reason in c->error. lines_release() also after a failure. */
int lines_start(struct client *c, const struct json *query, struct lines *ret);
void lines_release(struct lines *g);

/* By what the database has in columns: false, it need not be looked at. */
bool lines_may_want(const struct lines *g, const struct store_row *row);
/* A row of the client's present life: whether it is wanted, and its lines if so. b: that life's. */
bool lines_want(struct client *c, struct lines *g, struct beside *b, const struct store_row *row);
int lines_put(struct client *c, struct lines *g, struct beside *b, const struct store_row *row);
/* The same for a record by its number. */
int lines_put_number(struct client *c, struct lines *g, struct beside *b, uint64_t seq);
