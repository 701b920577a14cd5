/* SPDX-License-Identifier: Apache-2.0 */
/* See toml.h: values. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "sidecar/common/util.h"
#include "toml_read.h"

/* --- strings --- */

struct bytes {
	char *at;
	size_t len;
};

static int put_rune(struct toml_reader *r, size_t from, unsigned long rune, struct bytes *b)
{
	if (rune == 0 || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		return toml_fail(r, -EINVAL, from, "found an escape that is no character");
	if (rune < 0x80) {
		b->at[b->len++] = (char)rune;
	} else if (rune < 0x800) {
		b->at[b->len++] = (char)(0xc0 | rune >> 6);
		b->at[b->len++] = (char)(0x80 | (rune & 0x3f));
	} else if (rune < 0x10000) {
		b->at[b->len++] = (char)(0xe0 | rune >> 12);
		b->at[b->len++] = (char)(0x80 | (rune >> 6 & 0x3f));
		b->at[b->len++] = (char)(0x80 | (rune & 0x3f));
	} else {
		b->at[b->len++] = (char)(0xf0 | rune >> 18);
		b->at[b->len++] = (char)(0x80 | (rune >> 12 & 0x3f));
		b->at[b->len++] = (char)(0x80 | (rune >> 6 & 0x3f));
		b->at[b->len++] = (char)(0x80 | (rune & 0x3f));
	}
	return 0;
}

/* Behind the backslash. What it stands for is never longer than how it is written. */
static int read_escape(struct toml_reader *r, bool lines, struct bytes *b)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	size_t start = r->at - 1;
	int c = toml_next(r);
	const char *known = c > 0 ? strchr(from, c) : NULL;

	if (known && *known) {
		b->at[b->len++] = to[known - from];
		r->at++;
		return 0;
	}
	if (c == 'u' || c == 'U') {
		char digits[9] = "";
		size_t n = c == 'u' ? 4 : 8;

		r->at++;
		if (r->len - r->at < n)
			return toml_fail(r, -EINVAL, start, "found the end, expected %zu digits",
					 n);
		memcpy(digits, r->text + r->at, n);
		if (strspn(digits, "0123456789abcdefABCDEF") != n)
			return toml_fail(r, -EINVAL, start,
					 "expected %zu hexadecimal digits behind \\%c", n, c);
		r->at += n;
		return put_rune(r, start, strtoul(digits, NULL, 16), b);
	}
	if (lines) { /* the end of the line and what is blank behind it */
		size_t was = r->at;

		toml_skip_blanks(r);
		if (toml_at_newline(r)) {
			while (toml_next(r) == ' ' || toml_next(r) == '\t' || toml_at_newline(r))
				r->at += toml_follows(r, "\r\n") ? 2 : 1;
			return 0;
		}
		r->at = was;
	}
	return toml_fail(
	    r, -EINVAL, start,
	    "found an unknown escape, expected one of \\b \\t \\n \\f \\r \\\" \\\\ \\u");
}

/* quote: "\"", "'", or three of them. */
static int read_quoted(struct toml_reader *r, const char *quote, struct bytes *b)
{
	size_t start = r->at, n = strlen(quote);
	bool lines = n == 3;

	r->at += n;
	if (lines && toml_at_newline(r))
		r->at += toml_next(r) == '\r' ? 2 : 1;
	while (!toml_follows(r, quote)) {
		int c = toml_next(r), err;

		if (c < 0 || (!lines && toml_at_newline(r)))
			return toml_fail(r, -EINVAL, start, "found a string that does not end");
		if (c == '\\' && quote[0] == '"') {
			r->at++;
			err = read_escape(r, lines, b);
			if (err < 0)
				return err;
			continue;
		}
		if ((c < 0x20 && c != '\t' && !(lines && toml_at_newline(r))) || c == 0x7f)
			return toml_fail_found(r, "a string without control characters");
		b->at[b->len++] = (char)c;
		r->at++;
	}
	/* Up to two more quotes belong to the string. */
	for (int more = 0;
	     lines && more < 2 && r->len - r->at > n && r->text[r->at + n] == quote[0]; more++)
		b->at[b->len++] = r->text[r->at++];
	r->at += n;
	return 0;
}

static const char *quote_at(const struct toml_reader *r)
{
	static const char *const quotes[] = {"\"\"\"", "'''", "\"", "'"};

	for (size_t i = 0; i < ARRAY_SIZE(quotes); i++)
		if (toml_follows(r, quotes[i]))
			return quotes[i];
	return NULL;
}

int toml_read_string(struct toml_reader *r, const char *quote, char **ret)
{
	struct bytes b = {.at = malloc(r->len - r->at + 1)};
	int err;

	if (!b.at)
		return -ENOMEM;
	err = read_quoted(r, quote, &b);
	if (err < 0) {
		free(b.at);
		return err;
	}
	b.at[b.len] = '\0';
	*ret = realloc(b.at, b.len + 1);
	if (!*ret)
		free(b.at);
	return *ret ? 0 : -ENOMEM;
}

/* --- values --- */

static int read_array(struct toml_reader *r, unsigned depth, struct toml_item *ret)
{
	bool all_strings = true;

	r->at++;
	for (;;) {
		struct toml_item one = {0};
		char **more;
		int err = toml_skip_lines(r);

		if (err < 0)
			return err;
		if (toml_next(r) == ']')
			break;
		err = toml_read_value(r, depth + 1, &one);
		for (size_t i = 0; i < one.strings_n; i++)
			free(one.strings[i]);
		free(one.strings);
		if (err == 0 && one.type == TOML_STRING) {
			more = realloc(ret->strings, (ret->strings_n + 1) * sizeof(*more));
			if (!more) {
				free(one.string);
				return -ENOMEM;
			}
			ret->strings = more;
			ret->strings[ret->strings_n++] = one.string;
		} else {
			free(one.string);
			all_strings = false;
		}
		if (err == 0)
			err = toml_skip_lines(r);
		if (err < 0)
			return err;
		if (toml_next(r) == ',')
			r->at++;
		else if (toml_next(r) != ']')
			return toml_fail_found(r, "',' or ']'");
	}
	r->at++;
	ret->type = all_strings ? TOML_STRINGS : TOML_OTHER;
	return 0;
}

static int read_inline(struct toml_reader *r, unsigned depth)
{
	r->at++;
	toml_skip_blanks(r);
	if (toml_next(r) == '}') {
		r->at++;
		return 0;
	}
	for (;;) {
		char path[TOML_PATH_MAX] = "";
		struct toml_item one = {0};
		int err = toml_read_name(r, path);

		if (err < 0)
			return err;
		err = toml_read_value(r, depth + 1, &one);
		for (size_t i = 0; i < one.strings_n; i++)
			free(one.strings[i]);
		free(one.strings);
		free(one.string);
		if (err < 0)
			return err;
		toml_skip_blanks(r);
		if (toml_next(r) == '}') {
			r->at++;
			return 0;
		}
		if (toml_next(r) != ',')
			return toml_fail_found(r, "',' or '}'");
		r->at++;
	}
}

/* A number, a date, true or false. */
static int read_plain(struct toml_reader *r, struct toml_item *ret)
{
	static const char plain[] =
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-_.:";
	size_t from = r->at, len;
	char text[64], *end;

	while (toml_next(r) > 0 && strchr(plain, toml_next(r)))
		r->at++;
	len = r->at - from;
	if (len == 0)
		return toml_fail_found(r, "a value");
	if (len >= sizeof(text))
		return toml_fail(r, -EINVAL, from,
				 "found no value, expected a string, number or table");
	memcpy(text, r->text + from, len);
	text[len] = '\0';
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return 0;
	if (!strchr("+-0123456789", text[0]) && strcmp(text, "inf") != 0 &&
	    strcmp(text, "nan") != 0)
		return toml_fail(r, -EINVAL, from,
				 "found '%s', expected a value: strings have quotes", text);
	errno = 0;
	ret->number = strtoll(text, &end, 10);
	if (!*end && errno == 0)
		ret->type = TOML_INTEGER;
	/* "1979-05-27 07:32:00" */
	if (len == 10 && text[4] == '-' && toml_next(r) == ' ' && r->at + 1 < r->len &&
	    r->text[r->at + 1] >= '0' && r->text[r->at + 1] <= '9')
		for (r->at++; toml_next(r) > 0 && strchr(plain, toml_next(r)); r->at++)
			;
	return 0;
}

int toml_read_value(struct toml_reader *r, unsigned depth, struct toml_item *ret)
{
	const char *quote = quote_at(r);

	if (depth > TOML_DEPTH_MAX)
		return toml_fail(r, -E2BIG, r->at, "found values in each other, more than %d deep",
				 TOML_DEPTH_MAX);
	if (quote) {
		ret->type = TOML_STRING;
		return toml_read_string(r, quote, &ret->string);
	}
	if (toml_next(r) == '[')
		return read_array(r, depth, ret);
	if (toml_next(r) == '{') {
		ret->type = TOML_INLINE;
		return read_inline(r, depth);
	}
	return read_plain(r, ret);
}
