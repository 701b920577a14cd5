/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule's number in a record stands for: policy, line and reason, by the version that decided.
 * Kept in the container's database once taken there (rules-VERSION in its meta table); before that
 * they are in the files of live/kept.h. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "sidecar/common/event.h"
#include "sidecar/common/json.h"

struct client;
struct node;

#define NAMES_VERSIONS 4 /* remembered during one answer */

struct names {
	struct names_version {
		uint32_t version; /* 0: free */
		char *text;	  /* NULL: not known */
		char **lines;	  /* lines_n starts in it */
		size_t lines_n;
	} of[NAMES_VERSIONS];
	unsigned next;
	struct json *last; /* what the last answer points into */
};

void names_release(struct names *n);
/* Fills ret's policy, line and reason in for the record, where they are known. Valid until the next
 * call. */
void names_find(struct names *n, struct client *c, const struct event *e, struct event_context *ret);

/* Once a second: takes what is new into the databases, removes what belongs to the ended. */
void names_sweep(struct node *n);
