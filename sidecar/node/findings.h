/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a chain and what it proves: kinds, ranges of numbers, and how they are said.
 * No database, no cryptography. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "sidecar/common/json.h"

#define FINDINGS_MAX 1024 /* ranges that are listed; the rest is counted */

/* What its numbers are of; its name; what people are told. */
#define FINDINGS(X)                                                                                \
	X(ALTERED, "record", "altered", "not as stored")                                           \
	X(MOVED, "record", "moved", "another record stands in its place")                          \
	X(REMOVED, "record", "removed", "stored, and gone")                                        \
	X(ADDED, "record", "added", "in no link of the chain: the node did not store it")          \
	X(AFTER_END, "record", "after-end", "stored after the container's closing record")         \
	X(ARGS_ALTERED, "record", "arguments-altered", "its arguments are not as stored")          \
	X(ARGS_REMOVED, "record", "arguments-removed", "its arguments were stored, and are gone")  \
	X(ARGS_ADDED, "record", "arguments-added", "its arguments are in no link of the chain")    \
	X(UNPROVEN, "record", "unproven", "its link is forged, or nothing genuine leads to it")    \
	X(UNCHAINED, "record", "unchained", "stored before there was a chain")                     \
	X(META, NULL, "meta-altered", "what the table meta says of the container is not as stored") \
	X(RULES, "version", "rules-altered", "the names of a policy's rules are not as stored")    \
	X(LINK_FORGED, "link", "link-forged", "not made by the holder of its key")                 \
	X(LINK_REMOVED, "link", "link-removed", "gone from the chain")                             \
	X(LINK_CUT, "link", "link-cut", "cut off: the seal knows of it")                           \
	X(BREAK, "link", "key-lost", "made with a new key, as the seal was not there or not its")  \
	X(SEAL_MISSING, NULL, "seal-missing",                                                      \
	  "the seal is gone or damaged: nothing says whether the end was cut off")                 \
	X(SEAL_DIFFERS, NULL, "seal-differs", "the seal is not of this chain")                     \
	X(ANCHOR_DIFFERS, "link", "anchor-differs", "not the one the anchor speaks of")            \
	X(ANCHOR_CUT, "link", "anchor-cut", "cut off: the anchor knows of it")                     \
	X(ANCHOR_TRIMMED, "link", "anchor-trimmed",                                                \
	  "gone as the node says itself: the anchor proves nothing, one of a later link is needed") \
	X(NOT_CHAINED, NULL, "not-chained", "there is no chain: an earlier version recorded it")

#define FINDING_ENUM(NAME, of, name, text) FINDING_##NAME,
enum finding_kind { FINDINGS(FINDING_ENUM) FINDING_KINDS };

struct finding {
	enum finding_kind kind;
	uint64_t from, to;
	uint64_t other; /* MOVED: the number of what stands there; LINK_CUT: the largest number */
};

struct findings {
	struct finding of[FINDINGS_MAX];
	size_t n;
	uint64_t more;	/* not listed */
	uint64_t total; /* numbers, or things without one */
};

/* Joins the last one of its kind where it can. */
void findings_add(struct findings *f, enum finding_kind kind, uint64_t from, uint64_t to,
		  uint64_t other);
void findings_to_json(const struct findings *f, struct json_out *o);
void findings_print(const struct findings *f, FILE *to);
