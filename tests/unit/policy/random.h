/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies and questions about them, from few letters, so that many rules hit. */
#pragma once
#include "tests/unit/policy/reference.h"

#define RANDOM_POLICIES 4
#define RANDOM_RULES 12
#define RANDOM_WHENS 3
#define RANDOM_TAGS 3

/* Not to be copied: it points into itself. */
struct random_policies {
	struct policy of[RANDOM_POLICIES];
	const struct policy *list[RANDOM_POLICIES];
	size_t n;
	struct policy_rule rules[RANDOM_POLICIES][RANDOM_RULES];
	struct policy_when whens[RANDOM_POLICIES][RANDOM_WHENS];
	struct policy_tag tags[RANDOM_POLICIES][RANDOM_TAGS];
	char globs[RANDOM_POLICIES][RANDOM_RULES][256];
};

/* 0..n-1; the same sequence in every run. */
unsigned random_below(unsigned n);
void random_glob(char out[static 256]);
void random_path(char out[static 64]);

/* n policies; plain: without conditions. */
void random_policies(struct random_policies *ret, size_t n, bool plain);
void random_question(struct question *ret);
/* What policy_decide() is asked for it. text: RV_ADDRESS_TEXT bytes that it may point to. */
struct policy_question random_asked(const struct policy_image *image, const struct question *q,
				    uint8_t text[static RV_ADDRESS_TEXT]);
