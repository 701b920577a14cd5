/* SPDX-License-Identifier: Apache-2.0 */
/* Checked access to a policy's JSON: every refusal names the place, what was found, what was
 * expected, and what to do. Private to sidecar/policy. */
#pragma once
#include <stddef.h>
#include "sidecar/common/json.h"

struct reader {
	const char *file;
	char *error;
	size_t error_size;
};

/* "FILE:LINE:COLUMN: message"; returns -EINVAL. */
int reader_fail(struct reader *r, const struct json *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "found WHAT, expected EXPECTED", WHAT said for people. Returns -EINVAL. */
int reader_expected(struct reader *r, const struct json *at, const char *expected);

/* Every key of the object must be in the NULL-ended list; names the nearest when one is not. */
int reader_keys(struct reader *r, const struct json *object, const char *const *known);

/* A member that must be there. */
int reader_member(struct reader *r, const struct json *object, const char *key, enum json_type type,
		  const char *expected, const struct json **ret);

/* Index of a string member in the NULL-ended list; absent: *ret is left alone. */
int reader_choice(struct reader *r, const struct json *object, const char *key,
		  const char *const *choices, const char *expected, unsigned *ret);
