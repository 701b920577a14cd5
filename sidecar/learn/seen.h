/* SPDX-License-Identifier: Apache-2.0 */
/* Acts that were seen, and the rules that are made for them. Private to learn*.c. */
#pragma once
#include "learn.h"
#include "widen.h"

/* One act, however often it was seen. */
struct seen {
	unsigned subject;
	uint32_t access, which; /* access: with what the same call would have asked otherwise */
	uint8_t protocol;
	uint8_t kind; /* of its first record, for people */
	bool untold;
	bool omitted;
	uint64_t records;
	size_t len;
	char text[];
};

struct learned {
	unsigned subject;
	uint32_t access, which;
	const char *path; /* exec, file, unix */
	int family;	  /* network */
	uint8_t addr[16], prefix, protocol;
	uint16_t port_min, port_max;
	bool wider;	       /* than what was seen */
	const struct seen *as; /* one that it was made from */
	uint64_t records;
};

struct learn {
	void *acts;	   /* tree of struct seen */
	struct seen **all; /* in order, once learn_policy has begun */
	size_t n;
	struct learn_counts counts;
	uint64_t refused_seq, refused_ns; /* the last record of an act that was refused */
	struct learned *rules;
	size_t rules_n, rules_size;
	struct widen *globs;
};

/* Orders two of them. */
int seen_compare(const void *a, const void *b);

/* Appends a rule, zero but for that; NULL without memory. */
struct learned *learned_new(struct learn *l, const struct seen *as);
int learned_network(struct learn *l);

/* Text of the policy; rules that have been counted say so. */
int learned_write(const struct learn *l, const struct learn_options *o, char **ret,
		  size_t *ret_len);
