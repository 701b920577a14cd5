/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what happened when, in a bounded number of equal spans of time that widen as the time
 * between the first and the last grows. Nothing is dropped: what was counted stays counted. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* What a record tells of, for the timeline. X(NAME, "name") */
#define REPORT_CLASSES(X)                                                                          \
	X(PROCESS, "processes")                                                                    \
	X(FILE, "files")                                                                           \
	X(NETWORK, "network")                                                                      \
	X(PRIVILEGE, "privileges")                                                                 \
	X(MEMORY, "memory")                                                                        \
	X(KERNEL, "kernel")

enum report_class {
#define REPORT_CLASS_ENUM(NAME, name) CLASS_##NAME,
	REPORT_CLASSES(REPORT_CLASS_ENUM) CLASS_COUNT,
	/* Counted beside their class, in columns of their own. */
	CLASS_DENIED = CLASS_COUNT,
	CLASS_WOULD_DENY,
	CLASS_COLUMNS,
	CLASS_ACCOUNT = CLASS_COLUMNS /* reeve's own: in no column */
};

const char *report_class_name(unsigned class);
enum report_class report_class_of(unsigned kind);

#define BUCKETS_MAX 40960

struct bucket {
	uint32_t n[CLASS_COLUMNS];
};

struct buckets {
	struct bucket *of; /* BUCKETS_MAX */
	unsigned width;	   /* which of the widths */
	int64_t base_ns;   /* where the first begins */
	int64_t first_ns, last_ns;
	size_t used; /* up to here */
};

/* -ENOMEM. */
int buckets_init(struct buckets *b);
void buckets_release(struct buckets *b);
void buckets_add(struct buckets *b, int64_t wall_ns, unsigned class, uint32_t n);

/* At most max (above 100) of them for people: a round width, beginning at a multiple of it. *ret is
 * allocated; *ret_n is 0 when there is nothing. -ENOMEM. */
int buckets_view(const struct buckets *b, size_t max, struct bucket **ret, size_t *ret_n,
		 int64_t *ret_begin_ns, int64_t *ret_width_ns);
/* The least round width that is at least so much and a multiple of of_ns. */
int64_t buckets_round(int64_t least_ns, int64_t of_ns);
