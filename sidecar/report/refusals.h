/* SPDX-License-Identifier: Apache-2.0 */
/* What was refused, or would have been: each as a row of the page, the first and the last of many,
 * and all of them counted by rule and object. */
#pragma once
#include <stdio.h>
#include "acts.h"
#include "touched.h"
#include "whose.h"

struct refusals_row {
	char *line; /* JSON, as it came */
	size_t len;
	int64_t wall_ns;
};

struct refusals {
	struct touched groups; /* verdict, rule, reason, kind, object; divided by ACTS_PART */
	struct refusals_row *rows;
	size_t max;	  /* of rows at each end */
	size_t bytes_max; /* of those */
	size_t first_n, first_bytes;
	size_t last_at, last_n, last_bytes; /* a ring behind the first */
	bool first_full;
	uint64_t n;
	uint64_t up_to;	   /* records above that number came later than what the page is of */
	struct acts *acts; /* its clock */
};

/* -ENOMEM. */
int refusals_init(struct refusals *r, size_t max, size_t bytes_max, struct acts *acts);
void refusals_release(struct refusals *r);
/* A whole event as a line of JSON. -EPROTO, -ENOMEM. */
int refusals_add(void *refusals, const char *line, size_t len);
/* Row i of first_n + last_n, in order. */
/* Its cells: time, verdict, act, process, rule. The process is a link to #pINDEX of the tree. */
void refusals_put(FILE *f, const struct refusals_row *row, struct whose *whose);
const struct refusals_row *refusals_row(const struct refusals *r, size_t i);
