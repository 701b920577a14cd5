/* SPDX-License-Identifier: Apache-2.0 */
/* A container's records, one after the other, into numbers: when, by whom, to what. Memory is
 * bounded whatever the container did. Pure. */
#pragma once
#include "buckets.h"
#include "sidecar/common/json_scan.h"
#include "touched.h"
#include "whose.h"

/* What acts_add takes a line of, in this order. */
#define ACTS_FIELDS                                                                                \
	"kind", "seq", "time", "boot_ns", "verdict", "process.pid", "path", "new_path", "script",  \
	    "access", "family", "type", "laddr", "lport", "faddr", "fport", "of_seq", "of_kind",   \
	    "count"

/* How a file was touched. X(NAME, rank, "word") */
#define ACTS_WAYS(X)                                                                               \
	X(READ, 0, "read")                                                                         \
	X(EXECUTED, 1, "executed")                                                                 \
	X(MAPPED, 1, "mapped executable")                                                          \
	X(DEVICE, 1, "device controlled")                                                          \
	X(WRITTEN, 2, "written")                                                                   \
	X(CREATED, 2, "created")                                                                   \
	X(REMOVED, 2, "removed")                                                                   \
	X(RENAMED, 2, "renamed")                                                                   \
	X(LINKED, 2, "linked")                                                                     \
	X(CHANGED, 2, "attributes changed")                                                        \
	X(MOUNTED, 2, "mounted")                                                                   \
	X(LOADED, 2, "loaded into the kernel")

enum acts_way {
#define ACTS_WAY_ENUM(NAME, rank, word) WAY_##NAME,
	ACTS_WAYS(ACTS_WAY_ENUM) WAY_COUNT
};
const char *acts_way_name(unsigned way);

#define ACTS_PART '\n' /* divides the parts of hosts' and refusals' names */

struct acts {
	struct whose *whose;
	struct buckets buckets;
	struct touched files; /* by path */
	struct touched hosts; /* what, protocol, network, address, port */
	uint64_t records, account, denied, would_deny, unreadable;
	uint64_t last_seq;
	char minute[16]; /* of the last time that was read, and when it began */
	int64_t minute_ns;
};

int acts_init(struct acts *a, struct whose *whose);
void acts_release(struct acts *a);
/* -EPROTO: not a line of those fields; -ENOMEM. */
int acts_add(void *acts, const char *line, size_t len);
/* Nanoseconds since 1970 of a JSON string as in "time"; 0 of what is none. */
int64_t acts_time(struct acts *a, struct json_piece time);
