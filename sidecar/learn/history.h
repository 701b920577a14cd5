/* SPDX-License-Identifier: Apache-2.0 */
/* A container's record, read from its beginning, as questions to a policy: each act once, whatever
 * the number of records it left. Pure: the caller brings the records in order of their numbers. */
#pragma once
#include "asked.h"

struct history {
	/* head: of the record; its verdict says what became of the act. q: what was asked. Below 0
	 * ends. */
	int (*each)(void *arg, const struct rv_head *head, const struct asked *q);
	void *arg;
	/* the rest: zero, and read by whoever likes */
	bool armed;
	uint64_t recorded;		 /* kinds, a bit each; valid when armed */
	uint64_t notes;			 /* execs whose script's name could not be kept */
	uint64_t renamed;		 /* directories that got another name */
	uint64_t repeated;		 /* records of repetitions */
	uint64_t unknown;		 /* records of kinds this build does not know */
	uint64_t not_asked[RV_KIND_MAX]; /* records by kind that no policy is asked about */
	void *execs;			 /* processes that have opened a file to execute it */
};

/* counted: whether its questions are to be told; of records that are not it is kept what those
 * after them need. What each returned, -ENOMEM. */
int history_add(struct history *h, const struct event *e, bool counted);

/* Behind the last record. */
int history_end(struct history *h);
void history_release(struct history *h);
