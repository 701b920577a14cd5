/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the language as NULL-ended lists, for reading and for messages. Private to
 * sidecar/policy; what others need of them is in policy.h. */
#pragma once
#include "policy.h"

/* By number. */
extern const char *const words_actions[];

/* One after the other, and what each is. */
extern const char *const words_subjects[];
extern const enum policy_subject words_subject_of[];

/* What is done to an object of that subject: the word of bit 1 << index. */
const char *const *words_access(enum policy_subject subject);

/* All of those bits. */
uint32_t words_access_all(enum policy_subject subject);

/* The errno of a deny that names none. */
int words_error(enum policy_subject subject);
