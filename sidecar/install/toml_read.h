/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the TOML reader share: toml.c has the lines and keys, toml_value.c what
 * stands behind '='. */
#pragma once
#include <stdbool.h>
#include <string.h>
#include "toml.h"

struct toml_reader {
	const char *text;
	size_t len, at;
	struct toml *toml;
	char table[TOML_PATH_MAX]; /* the one we are in */
	bool loose;		   /* it is in an array of tables, where paths come again */
	size_t seen, line_start;   /* up to where the lines are counted */
	int line;
	char *error;
	size_t error_size;
};

static inline int toml_next(const struct toml_reader *r)
{
	return r->at < r->len ? (unsigned char)r->text[r->at] : -1;
}

static inline bool toml_follows(const struct toml_reader *r, const char *what)
{
	size_t len = strlen(what);

	return r->len - r->at >= len && memcmp(r->text + r->at, what, len) == 0;
}

/* Both return the error; the place is at, or where the reader is. */
int toml_fail(struct toml_reader *r, int error, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int toml_fail_found(struct toml_reader *r, const char *expected);
bool toml_at_newline(const struct toml_reader *r);
void toml_skip_blanks(struct toml_reader *r);
/* Blanks, comments and line ends. */
int toml_skip_lines(struct toml_reader *r);
/* a."b.c".d, put behind what path (TOML_PATH_MAX) holds. */
int toml_read_key(struct toml_reader *r, char *path);
/* The same, and '=' with the blanks behind it. */
int toml_read_name(struct toml_reader *r, char *path);
/* quote: one quote of either kind, or three. The caller frees it. */
int toml_read_string(struct toml_reader *r, const char *quote, char **ret);
int toml_read_value(struct toml_reader *r, unsigned depth, struct toml_item *ret);
