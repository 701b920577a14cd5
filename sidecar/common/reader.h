/* SPDX-License-Identifier: Apache-2.0 */
/* Checked access to the JSON that people write, a policy or the node's configuration: every refusal
 * names the place, what was found, what was expected, and what to do. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "json.h"

struct reader {
	const char *file;
	char *error;
	size_t error_size;
};

/* "FILE:LINE:COLUMN: message"; returns -EINVAL. */
int reader_fail(struct reader *r, const struct json *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int reader_fail_at(struct reader *r, int line, int column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "found WHAT, expected EXPECTED", WHAT said for people. Returns -EINVAL. */
int reader_expected(struct reader *r, const struct json *at, const char *expected);

/* Every key of the object must be in the NULL-ended list; names the nearest when one is not. */
int reader_keys(struct reader *r, const struct json *object, const char *const *known);

/* A member that must be there. */
int reader_member(struct reader *r, const struct json *object, const char *key, enum json_type type,
		  const char *expected, const struct json **ret);

/* Index of a string in the NULL-ended list; names the nearest when it is not there. */
int reader_word(struct reader *r, const struct json *word, const char *const *known, unsigned *ret);

/* The same of a member; absent: *ret is left alone. */
int reader_choice(struct reader *r, const struct json *object, const char *key,
		  const char *const *choices, unsigned *ret);

/* true or false; absent: *ret is left alone. */
int reader_bool(struct reader *r, const struct json *object, const char *key, bool *ret);

/* Calls one for a string, or for every string of an array that has some. Each sets one bit of
 * *mask, and none a second time. */
int reader_words(struct reader *r, const struct json *words,
		 int (*one)(struct reader *r, const struct json *word, const void *arg,
			    uint64_t *mask),
		 const void *arg, uint64_t *ret);
