/* SPDX-License-Identifier: Apache-2.0 */
/* A container's policy as the kernel holds it, beside the text that is kept of it: for `show` and
 * `stats`. */
#pragma once
#include "sidecar/live/target.h"

struct policy_view_rule {
	uint64_t hits;
	unsigned action; /* RV_ACT_* */
	bool used;	 /* some table entry has that number */
};

struct policy_view {
	struct target target;
	struct rv_table *table;
	const char *size;     /* name of RV_TABLES */
	uint32_t bytes;	      /* of the whole value */
	uint32_t rules_n;     /* highest number */
	uint64_t default_hits;
	struct policy_view_rule *rules; /* rules_n + 1 of them, by number */
	struct kept kept;	     /* n 0: no text is there */
	struct list list;	     /* what that text says, n 0: nothing */
	char problem[POLICY_ERROR_MAX]; /* "": compiled again, the text is what the kernel holds */
};
#define POLICY_VIEW_NONE {.target = TARGET_NONE}

void policy_view_release(struct policy_view *v);
#define _view_ __attribute__((cleanup(policy_view_release)))

/* Logs. 1: the container has no policy. check: compile the text again and compare. */
int policy_view_open(const char *word, bool check, struct policy_view *v);

/* What people call it: {"id":..,"name":..}. */
void policy_view_container(const struct policy_view *v, struct json_out *o);
void policy_view_sha256(const struct policy_view *v, char ret[static 65]);
/* RFC 3339, or "unknown". */
void policy_view_since(const struct policy_view *v, char ret[static 64]);
/* Prints an object and a newline; the verb's exit status. */
int policy_view_print(struct json_out *o);
