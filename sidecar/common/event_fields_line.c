/* SPDX-License-Identifier: Apache-2.0 */
/* See event_fields.h: chosen members as a line. In CSV a string is always in quotes, anything else
 * never but lists: a reader can tell "7" from 7. What would make a string two lines, a terminal
 * act, or a reader stumble is escaped as in JSON; what a spreadsheet would take for a formula gets
 * a ' in front, and so does a string that has one, so that it can be taken away again. */
#include <stdio.h>
#include <string.h>
#include "event_fields.h"
#include "quote.h"
#include "utf8.h"
#include "util.h"

struct found {
	const struct event_fields *fields;
	struct json_piece *of; /* s NULL: not there */
};

static bool is_named(const char *name, const struct event_path *path)
{
	const struct json_piece *o = &path->outer, *i = &path->inner;
	size_t len;

	if (o->len == 0 || *name != *o->s) /* most of them, in a record of a hundred members */
		return false;
	len = strlen(name);
	if (len < o->len || memcmp(name, o->s, o->len) != 0)
		return false;
	if (i->len == 0)
		return len == o->len;
	return len == o->len + 1 + i->len && name[o->len] == '.' &&
	       memcmp(name + o->len + 1, i->s, i->len) == 0;
}

static int find(void *arg, const struct event_path *path, struct json_piece value)
{
	struct found *found = arg;

	for (size_t i = 0; i < found->fields->n; i++)
		if (is_named(found->fields->names[i], path))
			found->of[i] = value;
	return 0;
}

/* = + - @ and their wide forms begin a formula. */
static bool is_formula(const char *s, size_t len)
{
	static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
					   "\xef\xbc\xa0"};

	for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
		if (len >= 3 && memcmp(s, wide[i], 3) == 0)
			return true;
	return len > 0 && strchr("=+-@'", s[0]) != NULL && s[0];
}

/* A character as JSON escapes it. */
static void put_escape(FILE *out, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned code = n == 2 ? s[0] & 0x1fu : n == 3 ? s[0] & 0x0fu : s[0] & 0x07u;

	for (size_t i = 1; i < n; i++)
		code = code << 6 | (s[i] & 0x3fu);
	if (n == 4)
		fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
	else
		fprintf(out, "\\u%04x", code);
}

/* Bytes that stand as they are. */
static size_t plain(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (signed char)s[n] > 0 && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

/* Another character; returns its bytes. Marks that a person would not see become escapes, as
 * control characters are already. */
static size_t put_odd(FILE *out, const char *s, size_t len, bool list)
{
	size_t n = utf8_length(s, len);

	if (s[0] == '"') {
		fputs("\"\"", out);
	} else if (s[0] == '\\' && len > 1) {
		n = 2;
		if (s[1] != '"')
			fwrite(s, 1, n, out);
		else
			fputs(list ? "\\\"\"" : "\"\"", out);
	} else if (n > 1 && quote_is_hostile(s, n)) {
		put_escape(out, s, n);
	} else {
		fwrite(s, 1, n ? n : 1, out);
	}
	return n ? n : 1;
}

/* A piece of JSON in quotes, of a string without its own. */
static void put_cell(FILE *out, const char *s, size_t len, bool list)
{
	for (size_t i = 0; i < len;) {
		size_t n = plain(s + i, len - i);

		fwrite(s + i, 1, n, out);
		i += n;
		if (i < len)
			i += put_odd(out, s + i, len - i, list);
	}
}

static void put_csv(FILE *out, struct json_piece p)
{
	bool string = p.s && p.s[0] == '"', list = p.s && (p.s[0] == '[' || p.s[0] == '{');

	if (!p.s || p.s[0] == 'n')
		return;
	if (!string && !list) {
		fwrite(p.s, 1, p.len, out);
		return;
	}
	fputs(string && is_formula(p.s + 1, p.len - 2) ? "\"'" : "\"", out);
	put_cell(out, p.s + string, p.len - 2 * string, list);
	fputc('"', out);
}

static void put_word(FILE *out, struct json_piece p)
{
	size_t len = 0;
	_free_ char *bytes = json_scan_bytes(p, &len);

	if (!bytes)
		quote_word(out, p.s, p.len);
	else if (len == 1 && bytes[0] == '-')
		fputs("'-'", out); /* bare, it stands for nothing */
	else
		quote_word(out, bytes, len);
}

static void put_text(FILE *out, struct json_piece p)
{
	struct json_piece at, element;
	const char *blank = "";

	if (!p.s || p.s[0] == 'n') {
		fputc('-', out);
	} else if (p.s[0] == '[' && json_scan_open(p, &at)) {
		fputc('(', out);
		for (; json_scan_element(&at, &element); blank = " ") {
			fputs(blank, out);
			put_word(out, element);
		}
		fputc(')', out);
	} else {
		put_word(out, p);
	}
}

static void put_json(FILE *out, const char *name, struct json_piece p)
{
	fprintf(out, "\"%s\":", name);
	if (p.s)
		fwrite(p.s, 1, p.len, out);
	else
		fputs("null", out);
}

static char *finish(FILE *out, char **text)
{
	bool failed = ferror(out) != 0;

	if (fclose(out) != 0 || failed) {
		free(*text);
		return NULL;
	}
	return *text;
}

char *event_fields_line(const struct event_fields *f, enum event_form form, const char *json,
			size_t len, size_t *ret_len)
{
	_free_ struct json_piece *of = calloc(f->n + 1, sizeof(*of));
	struct found found = {f, of};
	char *text = NULL;
	FILE *out = of ? open_memstream(&text, ret_len) : NULL;

	if (!out)
		return NULL;
	(void)event_fields_each((struct json_piece){json, len}, find, &found);
	fputs(form == EVENT_FORM_JSON ? "{" : "", out);
	for (size_t i = 0; i < f->n; i++) {
		if (i > 0)
			fputc(form == EVENT_FORM_TEXT ? '\t' : ',', out);
		if (form == EVENT_FORM_JSON)
			put_json(out, f->names[i], of[i]);
		else if (form == EVENT_FORM_CSV)
			put_csv(out, of[i]);
		else
			put_text(out, of[i]);
	}
	fputs(form == EVENT_FORM_JSON ? "}\n" : form == EVENT_FORM_CSV ? "\r\n" : "\n", out);
	return finish(out, &text);
}

char *event_fields_header(const struct event_fields *f, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < f->n; i++)
		fprintf(out, "%s%s", i ? "," : "", f->names[i]);
	fputs("\r\n", out);
	return finish(out, &text);
}
