/* SPDX-License-Identifier: Apache-2.0 */
/* A container's whole record, read from the node for those who reason about all of it. What fails
 * is told on stderr. */
#pragma once
#include "sidecar/common/event.h"

/* What the ledger says of a record, and what was found when it was read. */
struct record_state {
	bool ended;
	uint64_t last;	 /* number of the last record that was read */
	bool cut;	 /* the numbers behind it are still under way: the container runs */
	char fault[256]; /* why not all of it is there; "" */
};

/* since_ns: CLOCK_REALTIME. Calls each for every record in order of its number, those from before
 * with counted false, unless a repetition since then is told by their number. Numbers that are
 * under way end it. -errno, told. */
int record_read(const char *container, int64_t since_ns,
		int (*each)(void *arg, const struct event *e, bool counted), void *arg,
		struct record_state *ret);

/* "2026-11-21T12:00:00Z" (also with a fraction), or "90s", "10m", "2h", "3d" ago. False: told. */
bool record_since(const char *word, int64_t *ret_ns);
