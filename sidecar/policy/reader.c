/* SPDX-License-Identifier: Apache-2.0 */
/* See reader.h. Words people see when a policy is refused are made here, in one tone. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "reader.h"
#include "sidecar/common/utf8.h"

#define NAME_SHOWN_MAX 48 /* bytes of a found string that a message repeats */

int reader_fail(struct reader *r, const struct json *at, const char *fmt, ...)
{
	va_list args;
	int n = snprintf(r->error, r->error_size, "%s:%d:%d: ", r->file, at->line, at->column);

	if (n < 0 || (size_t)n >= r->error_size)
		return -EINVAL;
	va_start(args, fmt);
	vsnprintf(r->error + n, r->error_size - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

static void describe(const struct json *j, char *ret, size_t size)
{
	char text[NAME_SHOWN_MAX * 4];
	size_t len;

	switch (j->type) {
	case JSON_NULL:
		snprintf(ret, size, "null");
		break;
	case JSON_BOOL:
		snprintf(ret, size, "%s", j->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		snprintf(ret, size, "%lld", (long long)j->number);
		break;
	case JSON_STRING:
		len = strlen(j->string);
		utf8_escape(text, NAME_SHOWN_MAX, j->string, len);
		snprintf(ret, size, "\"%s%s\"", text, len >= NAME_SHOWN_MAX ? "..." : "");
		break;
	case JSON_ARRAY:
		snprintf(ret, size, "an array");
		break;
	case JSON_OBJECT:
		snprintf(ret, size, "an object");
		break;
	}
}

int reader_expected(struct reader *r, const struct json *at, const char *expected)
{
	char found[NAME_SHOWN_MAX * 4 + 16];

	describe(at, found, sizeof(found));
	return reader_fail(r, at, "found %s, expected %s", found, expected);
}

/* Edit distance, bounded by the lengths given. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_SHOWN_MAX + 1];
	size_t len = strlen(b);

	if (len > NAME_SHOWN_MAX || strlen(a) > NAME_SHOWN_MAX)
		return NAME_SHOWN_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= len; j++) {
			unsigned change = corner + (a[i - 1] != b[j - 1]);
			unsigned edit = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			corner = row[j];
			row[j] = change < edit ? change : edit;
		}
	}
	return row[len];
}

static const char *nearest(const char *word, const char *const *known)
{
	unsigned best = 3; /* farther than that is no typing error */
	const char *found = NULL;

	for (; *known; known++) {
		unsigned d = distance(word, *known);

		if (d < best) {
			best = d;
			found = *known;
		}
	}
	return found;
}

static void join(const char *const *known, char *ret, size_t size)
{
	size_t at = 0;

	ret[0] = '\0';
	for (; *known && at < size; known++)
		at += (size_t)snprintf(ret + at, size - at, "%s%s", at ? ", " : "", *known);
}

static int unknown_key(struct reader *r, const struct json *m, const char *const *known)
{
	const char *guess = nearest(m->key, known);
	char key[NAME_SHOWN_MAX], list[160];

	utf8_escape(key, sizeof(key), m->key, strlen(m->key));
	if (guess)
		return reader_fail(r, m,
				   "found key \"%s\", expected a known one; did you mean \"%s\"?",
				   key, guess);
	join(known, list, sizeof(list));
	return reader_fail(r, m, "found key \"%s\", expected one of: %s", key, list);
}

int reader_keys(struct reader *r, const struct json *object, const char *const *known)
{
	for (const struct json *m = object->child; m; m = m->next) {
		const char *const *k = known;

		while (*k && strcmp(*k, m->key) != 0)
			k++;
		if (!*k)
			return unknown_key(r, m, known);
	}
	return 0;
}

int reader_member(struct reader *r, const struct json *object, const char *key, enum json_type type,
		  const char *expected, const struct json **ret)
{
	const struct json *m = json_get(object, key);

	if (!m)
		return reader_fail(r, object, "found no \"%s\", expected %s", key, expected);
	if (m->type != type)
		return reader_expected(r, m, expected);
	*ret = m;
	return 0;
}

int reader_choice(struct reader *r, const struct json *object, const char *key,
		  const char *const *choices, const char *expected, unsigned *ret)
{
	const struct json *m = json_get(object, key);

	if (!m)
		return 0;
	for (unsigned i = 0; m->type == JSON_STRING && choices[i]; i++) {
		if (strcmp(choices[i], m->string) == 0) {
			*ret = i;
			return 0;
		}
	}
	return reader_expected(r, m, expected);
}
