/* SPDX-License-Identifier: Apache-2.0 */
/* What a question wants of the records it asks for. Members of the question, all of which must hold:
 *   "since", "until"      wall-clock nanoseconds; until is not itself included
 *   "kinds", "verdicts"   arrays of names
 *   "path", "exec", "tag" globs, as in policies: any path of the record, the acting executable (of an
 *                         exec what is executed, too), the security tag
 *   "pid", "uid", "rule"  numbers; a pid as the host or as the container has it
 *   "address", "port"     "10.0.0.0/8", 443: the same address of the record has both
 * Pure: it reads no record itself. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sidecar/common/cidr.h"
#include "sidecar/common/event.h"
#include "sidecar/common/json.h"
#include "sidecar/node/terms.h"
#include "sidecar/policy/automaton.h"

#define FILTER_PREFIX_MAX 200

struct filter_glob {
	bool set;
	struct automaton a;
	char prefix[FILTER_PREFIX_MAX]; /* what fits begins so */
	size_t prefix_len;
};

struct filter {
	bool any; /* false: it wants everything */
	int64_t since_ns, until_ns;
	uint64_t kinds;	   /* a bit per RV_KIND_*; 0 every one */
	uint32_t verdicts; /* a bit per RV_VERDICT_*; 0 every one */
	int64_t pid, uid, rule, port; /* -1: any */
	struct filter_glob path, exec, tag;
	struct cidr address; /* family 0: any */
};

/* -EINVAL, -E2BIG with what was found and expected in error. filter_release() also after a failure. */
int filter_read(const struct json *query, struct filter *ret, char *error, size_t error_size);
void filter_release(struct filter *f);

/* By what the database has in columns: false, it need not be decoded. */
bool filter_fits_row(const struct filter *f, unsigned kind, int64_t wall_ns);
/* The rest. exe: of the acting process, NULL unknown. */
bool filter_fits(const struct filter *f, const struct event *e, const char *exe, size_t exe_len);
/* The same, term by term: TERM_BITs of which a record must have a value that fits each. */
uint32_t filter_terms(const struct filter *f);
bool filter_fits_term(const struct filter *f, enum term t, const uint8_t *value, size_t len);
/* No value of that term fits that does not begin so; may be empty. */
const char *filter_prefix(const struct filter *f, enum term t, size_t *ret_len);
