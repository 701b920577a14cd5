/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel asked the policy when a record was made: bpf/ once more, from the record's side.
 * Pure: a record in, questions out. */
#pragma once
#include <stdbool.h>
#include "bpf/abi.h"
#include "sidecar/common/event.h"

#define ASKED_MAX 2 /* questions of one record */

struct asked {
	unsigned subject; /* RV_SUBJECT_* */
	uint32_t access;  /* RV_DO_*, at once */
	uint32_t also;	  /* what the same call would have asked had the file been there, or not */
	uint32_t which;	  /* capability or kind */
	uint8_t protocol; /* network */
	uint32_t tag_state; /* RV_TAG_* */
	bool tag_unrecorded; /* the kernel knew the tag, and the record does not */
	const char *tag;  /* RV_TAG_KNOWN: of tag_len bytes, 0: none */
	size_t tag_len;
	bool untold;	  /* the name cannot be told: on_unresolvable decides */
	const char *text; /* into the event, or into name */
	size_t len;
	char name[128]; /* a unix socket's, an address */
};

/* The questions of a record of an act that was the container's own; 0: none. What an open for an
 * exec asks depends on records that follow: asked_execs. ret points into e and into itself: not to
 * be copied. */
unsigned asked_of(const struct event *e, struct asked ret[static ASKED_MAX]);

/* A record of something the container was asked about: not of its set-up, nor reeve's own account.
 */
bool asked_is_act(const struct event *e);

/* What a question is about, for people: a path as it is, "10.0.0.1:443/tcp", the name of a
 * capability or kind; of memory nothing. Returns the bytes put, without a NUL. */
#define ASKED_OBJECT_MAX RV_PATH_MAX
size_t asked_object(unsigned subject, uint32_t which, uint8_t protocol, const char *text,
		    size_t len, char ret[static ASKED_OBJECT_MAX]);

/* Kinds of records that must have been made for a subject's questions to be known. */
uint64_t asked_kinds(unsigned subject);
