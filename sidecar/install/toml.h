/* SPDX-License-Identifier: Apache-2.0 */
/* TOML 1.0 as far as an installer needs it: which tables and keys a file has, where they stand, and
 * the values that are strings, integers or arrays of strings. It never writes: what it reads stays
 * as it is. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define TOML_ITEMS_MAX 4096
#define TOML_DEPTH_MAX 32
#define TOML_PATH_MAX 1024 /* bytes of all parts of a key */
#define TOML_SEP "\037"	   /* between the parts of a path; no key may have it */

enum toml_kind { TOML_TABLE, TOML_TABLES, TOML_VALUE }; /* [a], [[a]], a = 1 */
enum toml_type { TOML_OTHER, TOML_STRING, TOML_INTEGER, TOML_STRINGS, TOML_INLINE };

struct toml_item {
	enum toml_kind kind;
	enum toml_type type;
	char *path; /* a value's begins with its table's */
	int line, column;
	char *string;
	int64_t number;
	char **strings;
	size_t strings_n;
	size_t from, to; /* a value's text */
};

struct toml {
	struct toml_item *items;
	size_t n;
};

/* On failure error is "LINE:COLUMN: what was found, what was expected". -EINVAL, -E2BIG, -EILSEQ,
 * -ENOMEM. The caller releases it. */
int toml_parse(const char *text, size_t len, struct toml *ret, char *error, size_t error_size);
void toml_release(struct toml *t);
#define _toml_ __attribute__((cleanup(toml_release)))

const struct toml_item *toml_find(const struct toml *t, const char *path);
/* The first item at or below the table of that path. */
const struct toml_item *toml_below(const struct toml *t, const char *path);
