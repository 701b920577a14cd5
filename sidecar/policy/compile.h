/* SPDX-License-Identifier: Apache-2.0 */
/* A table being compiled: shared by compile*.c. Private to sidecar/policy. */
#pragma once
#include "automaton.h"
#include "policy.h"
#include "table.h"

/* Of one subject before merging; a large table holds fewer. */
#ifndef COMPILE_STATES_MAX
#define COMPILE_STATES_MAX (3u << 18)
#endif

struct ref {
	const struct policy_rule *rule;
	const struct policy *policy;
	uint32_t at;	/* of its rv_rule */
	uint32_t when;	/* bit, 0 always */
	uint32_t tag;	/* bit, 0 any file */
	unsigned index; /* of its policy */
};

struct when_ref {
	const struct policy_when *when;
	const struct policy *policy;
};

struct tag_ref {
	const struct policy_tag *tag;
	const struct policy *policy;
};

struct compiler {
	const struct policy *const *list;
	size_t n;
	struct ref *refs; /* all rules, by number - 1 */
	uint32_t refs_n;
	struct automaton_rank *ranks; /* by number */
	struct table table;
	uint32_t otherwise[POLICY_LIST_MAX][RV_SUBJECT_MAX]; /* a default's rv_rule, 0 allow */
	struct when_ref whens[POLICY_WHEN_MAX];
	uint32_t whens_n;
	struct tag_ref tags[POLICY_TAG_MAX];
	uint32_t tags_n;
	unsigned subject; /* whose lists are made */
	int failed;	  /* in a fold */
	bool tenants;	  /* some policy is a tenant's */
	bool unsure;	  /* some is there because of what a tenant said */
	uint32_t loosens; /* see policy_image */
	char *error;
	size_t error_size;
};

/* -E2BIG, with the rule (number; 0 none) and why in error. */
int compile_over(struct compiler *c, uint32_t number, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A rule that holds only at times takes nothing from those behind it. */
static inline bool compile_at_times(const struct ref *ref)
{
	return ref->when || ref->tag || ref->rule->protocol;
}

/* The list of the rules of these numbers, ascending, and the defaults behind each policy's. Those
 * that come too late to decide anything are left out. 0: nothing says a word. -E2BIG is told. */
int compile_list(struct compiler *c, const uint32_t *numbers, size_t n, uint32_t *ret);

/* The automaton of a subject with texts; RV_SUBJECT_WHEN: of all executables of "when", RV_SUBJECT_TAG:
 * of all "tag". */
int compile_texts(struct compiler *c, unsigned subject);
