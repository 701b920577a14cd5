/* SPDX-License-Identifier: Apache-2.0 */
/* See toml.h. One pass; what it does not know is an error with its place. */
#include "toml.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "toml_read.h"

static void place(struct toml_reader *r, size_t at, int *ret_line, int *ret_column)
{
	if (at < r->line_start) { /* a string that does not end is told of where it begins */
		r->seen = r->line_start = 0;
		r->line = 0;
	}
	for (; r->seen < at; r->seen++)
		if (r->text[r->seen] == '\n') {
			r->line++;
			r->line_start = r->seen + 1;
		}
	*ret_line = r->line + 1;
	*ret_column = (int)(at - r->line_start) + 1;
}

int toml_fail(struct toml_reader *r, int error, size_t at, const char *fmt, ...)
{
	char what[200];
	int line, column;
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	place(r, at, &line, &column);
	if (r->error_size > 0)
		snprintf(r->error, r->error_size, "%d:%d: %s", line, column, what);
	return error;
}

int toml_fail_found(struct toml_reader *r, const char *expected)
{
	char found[8];

	if (r->at >= r->len)
		return toml_fail(r, -EINVAL, r->at, "found the end, expected %s", expected);
	if (r->text[r->at] == '\n')
		return toml_fail(r, -EINVAL, r->at, "found the end of the line, expected %s",
				 expected);
	utf8_escape(found, sizeof(found), r->text + r->at,
		    utf8_length(r->text + r->at, r->len - r->at));
	return toml_fail(r, -EINVAL, r->at, "found '%s', expected %s", found, expected);
}

void toml_skip_blanks(struct toml_reader *r)
{
	while (toml_next(r) == ' ' || toml_next(r) == '\t')
		r->at++;
}

bool toml_at_newline(const struct toml_reader *r)
{
	return toml_follows(r, "\n") || toml_follows(r, "\r\n");
}

static int skip_comment(struct toml_reader *r)
{
	if (toml_next(r) != '#')
		return 0;
	for (; r->at < r->len && !toml_at_newline(r); r->at++)
		if ((unsigned char)r->text[r->at] < 0x20 && r->text[r->at] != '\t')
			return toml_fail_found(r, "a comment without control characters");
	return 0;
}

/* Blanks, comments and line ends. */
int toml_skip_lines(struct toml_reader *r)
{
	for (;;) {
		int err;

		toml_skip_blanks(r);
		err = skip_comment(r);
		if (err < 0)
			return err;
		if (!toml_at_newline(r))
			return 0;
		r->at += toml_next(r) == '\r' ? 2 : 1;
	}
}

static int end_of_line(struct toml_reader *r)
{
	int err;

	toml_skip_blanks(r);
	err = skip_comment(r);
	if (err < 0)
		return err;
	return r->at >= r->len || toml_at_newline(r) ? 0
						     : toml_fail_found(r, "the end of the line");
}

/* --- keys --- */

static bool is_bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static int put_part(struct toml_reader *r, size_t from, const char *part, size_t len, char *path)
{
	size_t have = strlen(path);

	if (memchr(part, TOML_SEP[0], len))
		return toml_fail(r, -EINVAL, from, "found a key with a control character");
	if (have + len + 2 > TOML_PATH_MAX)
		return toml_fail(r, -E2BIG, from, "found a key of more than %d bytes",
				 TOML_PATH_MAX);
	if (have > 0)
		path[have++] = TOML_SEP[0];
	memcpy(path + have, part, len);
	path[have + len] = '\0';
	return 0;
}

/* a."b.c".d, put behind what path holds. */
int toml_read_key(struct toml_reader *r, char *path)
{
	for (;;) {
		size_t from;
		int err;

		toml_skip_blanks(r);
		from = r->at;
		if (toml_next(r) == '"' || toml_next(r) == '\'') {
			_free_ char *part = NULL;
			char quote[2] = {(char)toml_next(r), '\0'};

			err = toml_read_string(r, quote, &part);
			if (err == 0)
				err = put_part(r, from, part, strlen(part), path);
		} else {
			while (is_bare(toml_next(r)))
				r->at++;
			if (r->at == from)
				return toml_fail_found(r, "a key");
			err = put_part(r, from, r->text + from, r->at - from, path);
		}
		if (err < 0)
			return err;
		toml_skip_blanks(r);
		if (toml_next(r) != '.')
			return 0;
		r->at++;
	}
}

int toml_read_name(struct toml_reader *r, char *path)
{
	int err = toml_read_key(r, path);

	if (err < 0)
		return err;
	if (toml_next(r) != '=')
		return toml_fail_found(r, "'='");
	r->at++;
	toml_skip_blanks(r);
	return 0;
}

/* --- the file --- */

static int add(struct toml_reader *r, enum toml_kind kind, const char *path, size_t at,
	       struct toml_item **ret)
{
	struct toml *t = r->toml;
	const struct toml_item *same = toml_find(t, path);
	struct toml_item *more;

	if (same && !r->loose && (kind != TOML_TABLES || same->kind != TOML_TABLES))
		return toml_fail(r, -EINVAL, at, "found what line %d has already", same->line);
	if (t->n == TOML_ITEMS_MAX)
		return toml_fail(r, -E2BIG, at, "found more than %d tables and keys",
				 TOML_ITEMS_MAX);
	more = realloc(t->items, (t->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->items = more;
	more[t->n] = (struct toml_item){.kind = kind, .path = strdup(path)};
	if (!more[t->n].path)
		return -ENOMEM;
	place(r, at, &more[t->n].line, &more[t->n].column);
	*ret = &more[t->n++];
	return 0;
}

/* Whether path is in an array of tables. */
static bool in_tables(const struct toml *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++) {
		size_t len = strlen(t->items[i].path);

		if (t->items[i].kind == TOML_TABLES && strncmp(path, t->items[i].path, len) == 0 &&
		    (path[len] == TOML_SEP[0] || path[len] == '\0'))
			return true;
	}
	return false;
}

static int read_header(struct toml_reader *r)
{
	bool many = toml_follows(r, "[[");
	struct toml_item *item;
	size_t from = r->at;
	int err;

	r->at += many ? 2 : 1;
	r->table[0] = '\0';
	err = toml_read_key(r, r->table);
	if (err < 0)
		return err;
	if (!toml_follows(r, many ? "]]" : "]"))
		return toml_fail_found(r, many ? "']]'" : "']'");
	r->at += many ? 2 : 1;
	r->loose = in_tables(r->toml, r->table) && !many;
	err = add(r, many ? TOML_TABLES : TOML_TABLE, r->table, from, &item);
	r->loose = r->loose || many;
	return err < 0 ? err : end_of_line(r);
}

static int read_member(struct toml_reader *r)
{
	char path[TOML_PATH_MAX];
	struct toml_item *item;
	size_t from = r->at;
	int err;

	strcpy(path, r->table);
	err = toml_read_name(r, path);
	if (err < 0)
		return err;
	err = add(r, TOML_VALUE, path, from, &item);
	if (err < 0)
		return err;
	item->from = r->at;
	err = toml_read_value(r, 0, item);
	item->to = r->at;
	return err < 0 ? err : end_of_line(r);
}

int toml_parse(const char *text, size_t len, struct toml *ret, char *error, size_t error_size)
{
	struct toml toml = {0};
	struct toml_reader r = {
	    .text = text, .len = len, .toml = &toml, .error = error, .error_size = error_size};
	size_t bad = utf8_check(text, len);
	int err = 0;

	if (bad < len || memchr(text, '\0', len)) {
		const char *nul = memchr(text, '\0', len);

		err = toml_fail(&r, -EILSEQ, bad < len ? bad : (size_t)(nul - text),
				"found bytes that are no text, expected UTF-8");
	}
	while (err == 0) {
		err = toml_skip_lines(&r);
		if (err < 0 || r.at >= len)
			break;
		err = toml_next(&r) == '[' ? read_header(&r) : read_member(&r);
	}
	if (err == -ENOMEM && error_size > 0)
		snprintf(error, error_size, "1:1: out of memory");
	if (err < 0)
		toml_release(&toml);
	else
		*ret = toml;
	return err;
}

void toml_release(struct toml *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct toml_item *item = &t->items[i];

		for (size_t k = 0; k < item->strings_n; k++)
			free(item->strings[k]);
		free(item->strings);
		free(item->string);
		free(item->path);
	}
	free(t->items);
	*t = (struct toml){0};
}

const struct toml_item *toml_find(const struct toml *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i].path, path) == 0)
			return &t->items[i];
	return NULL;
}

const struct toml_item *toml_below(const struct toml *t, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < t->n; i++)
		if (strncmp(t->items[i].path, path, len) == 0 &&
		    (t->items[i].path[len] == TOML_SEP[0] || t->items[i].path[len] == '\0'))
			return &t->items[i];
	return NULL;
}
