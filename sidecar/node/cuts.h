/* SPDX-License-Identifier: Apache-2.0 */
/* What the node itself took away from a life's record, or did not store as the disk was full, in
 * numbers. Kept in the row `cuts` of meta; which records they were is in the table of that name. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sidecar/common/json.h"
#include "sidecar/node/classes.h"

#define CUTS_WHY_FULL "full" /* of what never was stored; any other word: it was, and taken away */

struct cuts {
	__u64 cut[RV_KIND_MAX];     /* records, by kind */
	__u64 dropped[RV_KIND_MAX]; /* never stored */
	uint64_t denials;	       /* of those cut */
	uint64_t args_dropped;	       /* argument blocks */
	__u64 repeats_cut[RV_MERGE_MAX]; /* repetitions that cut REPEAT records told of, by kind */
	__u64 repeats_dropped[RV_MERGE_MAX];
	/* Retention: numbers below it have been looked at for their class and those above; and what it
	 * left there, in bytes. */
	uint64_t below[CLASSES], kept[CLASSES];
};

uint64_t cuts_cut(const struct cuts *c);
uint64_t cuts_dropped(const struct cuts *c);
/* Whether there is anything to say. */
bool cuts_any(const struct cuts *c);
void cuts_to_json(const struct cuts *c, struct json_out *o);
void cuts_from_json(const struct json *j, struct cuts *ret);
