/* SPDX-License-Identifier: Apache-2.0 */
/* See reader.h. Words people see when their text is refused are made here, in one tone. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "reader.h"
#include "utf8.h"

#define NAME_SHOWN_MAX 48  /* bytes of a found string that a message repeats */
#define LIST_SHOWN_MAX 300 /* bytes of known words: all kinds of the kernel fit */

__attribute__((format(printf, 4, 0))) static void refuse(struct reader *r, int line, int column,
							 const char *fmt, va_list args)
{
	int n = snprintf(r->error, r->error_size, "%s:%d:%d: ", r->file, line, column);

	if (n >= 0 && (size_t)n < r->error_size)
		vsnprintf(r->error + n, r->error_size - (size_t)n, fmt, args);
}

int reader_fail_at(struct reader *r, int line, int column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(r, line, column, fmt, args);
	va_end(args);
	return -EINVAL;
}

int reader_fail(struct reader *r, const struct json *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(r, at->line, at->column, fmt, args);
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
	case JSON_OTHER: /* json_parse makes none */
		snprintf(ret, size, "a value beyond bounds");
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

static void join(const char *const *known, char ret[static LIST_SHOWN_MAX])
{
	size_t at = 0;

	ret[0] = '\0';
	for (; *known && at < LIST_SHOWN_MAX; known++)
		at +=
		    (size_t)snprintf(ret + at, LIST_SHOWN_MAX - at, "%s%s", at ? ", " : "", *known);
}

/* Says what would have been known: the nearest, or all of it. */
static int unknown(struct reader *r, const struct json *at, const char *what, const char *word,
		   const char *const *known)
{
	const char *guess = nearest(word, known);
	char shown[NAME_SHOWN_MAX], list[LIST_SHOWN_MAX];

	utf8_escape(shown, sizeof(shown), word, strlen(word));
	if (guess)
		return reader_fail(r, at,
				   "found %s\"%s\", expected a known one; did you mean \"%s\"?",
				   what, shown, guess);
	join(known, list);
	return reader_fail(r, at, "found %s\"%s\", expected one of: %s", what, shown, list);
}

int reader_keys(struct reader *r, const struct json *object, const char *const *known)
{
	for (const struct json *m = object->child; m; m = m->next) {
		const char *const *k = known;

		while (*k && strcmp(*k, m->key) != 0)
			k++;
		if (!*k)
			return unknown(r, m, "key ", m->key, known);
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

int reader_word(struct reader *r, const struct json *word, const char *const *known, unsigned *ret)
{
	char expected[sizeof("one of: ") + LIST_SHOWN_MAX] = "one of: ";

	if (word->type != JSON_STRING) {
		join(known, expected + strlen(expected));
		return reader_expected(r, word, expected);
	}
	for (unsigned i = 0; known[i]; i++) {
		if (strcmp(known[i], word->string) == 0) {
			*ret = i;
			return 0;
		}
	}
	return unknown(r, word, "", word->string, known);
}

int reader_choice(struct reader *r, const struct json *object, const char *key,
		  const char *const *choices, unsigned *ret)
{
	const struct json *m = json_get(object, key);

	return m ? reader_word(r, m, choices, ret) : 0;
}

int reader_bool(struct reader *r, const struct json *object, const char *key, bool *ret)
{
	const struct json *m = json_get(object, key);

	if (!m)
		return 0;
	if (m->type != JSON_BOOL)
		return reader_expected(r, m, "true or false");
	*ret = m->boolean;
	return 0;
}

int reader_words(struct reader *r, const struct json *words,
		 int (*one)(struct reader *r, const struct json *word, const void *arg,
			    uint64_t *mask),
		 const void *arg, uint64_t *ret)
{
	bool array = words->type == JSON_ARRAY;
	uint64_t mask = 0;

	if (array && !words->child)
		return reader_fail(r, words, "found an empty array, expected a name in it");
	for (const struct json *w = array ? words->child : words; w; w = array ? w->next : NULL) {
		uint64_t bit = 0;
		int err = one(r, w, arg, &bit);

		if (err < 0)
			return err;
		if (mask & bit)
			return reader_expected(r, w, "each name once");
		mask |= bit;
	}
	*ret = mask;
	return 0;
}
