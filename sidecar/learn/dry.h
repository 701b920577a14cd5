/* SPDX-License-Identifier: Apache-2.0 */
/* A dry run: what policies would have said of what a container did. Pure; decides by
 * policy_decide(), over the table the kernel would have. */
#pragma once
#include "history.h"
#include "sidecar/policy/policy.h"

#define DRY_ENTRIES_MAX 262144 /* different answers that are told */

/* An act that policies have a word about: each once, with how often. */
struct dry_entry {
	unsigned kind, subject;
	uint32_t access, which;
	uint8_t protocol;
	bool untold;	 /* on_unresolvable has said it */
	unsigned action; /* RV_ACT_AUDIT, _WOULD_DENY, _DENY */
	int error;
	uint32_t rule; /* as policy_answer */
	int policy;
	uint64_t count; /* acts, the repeated ones with them */
	uint64_t first; /* number of the first record */
	size_t len;
	char text[];
};

struct dry_counts {
	uint64_t asked; /* questions of acts that went on, without repetitions */
	uint64_t audited, would_deny, denied; /* acts, with them */
	uint64_t refused_then;		      /* acts that were refused at the time ... */
	uint64_t refused_now;		      /* ... of which these would be again */
	uint64_t unknown[RV_KIND_MAX];	      /* acts by kind whose question is not known */
};

struct dry;
/* The image is kept, not owned. */
struct dry *dry_new(const struct policy_image *image);
void dry_free(struct dry *d);

/* A history's each; arg: struct dry. -E2BIG, -ENOMEM. */
int dry_add(void *arg, const struct rv_head *head, const struct asked *q);

/* Every record, before history_add has it: images and repetitions. counted as there. */
int dry_see(struct dry *d, const struct event *e, bool counted);

struct dry_counts dry_counts(const struct dry *d);

/* Calls each for every entry: strictest first, then in order of what they are. */
int dry_each(const struct dry *d, int (*each)(void *arg, const struct dry_entry *e), void *arg);

/* Kinds that were not recorded and that the policies refuse or may: recorded is a history's. */
uint64_t dry_blind(const struct policy_image *image, uint64_t recorded);
