/* SPDX-License-Identifier: Apache-2.0 */
/* See glob_name.h. A variable part becomes as many '?' as it has bytes where such parts have one
 * length (hashes, mktemp), else [0-9]*. */
#include "glob_name.h"
#include <ctype.h>
#include <string.h>
#include "sidecar/common/utf8.h"

/* The locale is C, but the bytes are the container's. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}
static bool is_alnum(char c)
{
	return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}
static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

size_t name_escape(const char *s, size_t len, char *to)
{
	char *at = to;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_length(s + i, len - i);
		if (n == 0 || !s[i]) {
			*at++ = '?';
			n = 1;
			continue;
		}
		if (n == 1 && strchr("*?[]{},\\", s[i]))
			*at++ = '\\';
		memcpy(at, s + i, n);
		at += n;
	}
	return (size_t)(at - to);
}

static size_t run(const char *s, size_t len, bool (*is)(char c))
{
	size_t n = 0;

	while (n < len && is(s[n]))
		n++;
	return n;
}

/* 8-4-4-4-12 */
static size_t uuid(const char *s, size_t len)
{
	static const unsigned parts[] = {8, 4, 4, 4, 12};
	size_t at = 0;

	for (unsigned i = 0; i < 5; i++) {
		if (i && (at == len || s[at++] != '-'))
			return 0;
		if (len - at < parts[i] || run(s + at, parts[i], is_hex) != parts[i])
			return 0;
		at += parts[i];
	}
	return at == len || !is_alnum(s[at]) ? at : 0;
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* "worker7", "Session12", "ID3": a word and a number. */
static bool is_word(const char *s, size_t len)
{
	size_t upper = run(s, len, is_upper), at = upper;

	if (upper < 2)
		at += run(s + at, len - at, is_lower);
	return at + run(s + at, len - at, is_digit) == len;
}

static unsigned changes(const char *s, size_t len)
{
	unsigned n = 0;

	for (size_t i = 1; i < len; i++)
		n += is_digit(s[i]) != is_digit(s[i - 1]) || is_upper(s[i]) != is_upper(s[i - 1]);
	return n;
}

/* Of XXXXXX some 2 in 100 come out as a word: where a template's end is to be expected, of a usual
 * length, words count as well. ends: it is the name's end, behind a separator. */
static bool looks_drawn(const char *s, size_t len, bool ends, bool in_scratch)
{
	if (len < NAME_RANDOM_MIN)
		return false;
	if (!in_scratch)
		return ends && changes(s, len) >= NAME_RANDOM_CHANGES && !is_word(s, len);
	return !is_word(s, len) || (ends && (len == 6 || len == 8 || len == 10));
}

static bool looks_hashed(const char *s, size_t len)
{
	bool digit = false;

	for (size_t i = 0; i < len; i++)
		digit |= is_digit(s[i]);
	return digit && len >= NAME_HEX_MIN && run(s, len, is_hex) == len;
}

struct name {
	const char *s;
	size_t len;
	enum name_place place;
	char *to;
	bool wider;
};

static void put(struct name *n, const char *text)
{
	n->to = stpcpy(n->to, text);
	n->wider = true;
}

static void put_any(struct name *n, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put(n, s[i] == '-' ? "-" : "?");
}

/* libfoo.so.1.2.3 -> libfoo.so.*, libfoo-2.31.so -> libfoo-[0-9]*.so */
static bool put_library(struct name *n)
{
	const char *so = memmem(n->s, n->len, ".so.", 4), *dash = memrchr(n->s, '-', n->len);
	const char *end = n->s + n->len;

	if (so && so > n->s && is_digit(so[4 < end - so ? 4 : 0])) {
		for (const char *at = so + 4; at < end; at++)
			if (!is_digit(*at) && *at != '.')
				return false;
		n->to += name_escape(n->s, (size_t)(so + 4 - n->s), n->to);
		put(n, "*");
		return true;
	}
	if (n->len < 6 || memcmp(n->s, "lib", 3) != 0 || memcmp(end - 3, ".so", 3) != 0 || !dash ||
	    dash + 1 >= end - 3 || !is_digit(dash[1]))
		return false;
	for (const char *at = dash + 1; at < end - 3; at++)
		if (!is_digit(*at) && *at != '.')
			return false;
	n->to += name_escape(n->s, (size_t)(dash + 1 - n->s), n->to);
	put(n, "[0-9]*.so");
	return true;
}

/* Python's: tmp and eight of [a-z0-9_]. */
static bool put_tempfile(struct name *n)
{
	if (n->place != NAME_SCRATCH || n->len != 11 || memcmp(n->s, "tmp", 3) != 0)
		return false;
	for (size_t i = 3; i < n->len; i++)
		if (!is_alnum(n->s[i]) && n->s[i] != '_')
			return false;
	n->to = stpcpy(n->to, "tmp");
	put_any(n, n->s + 3, 8);
	return true;
}

/* Letters and digits in a row, s[0..len), and what stands around them. */
static void put_run(struct name *n, const char *s, size_t len)
{
	bool behind_tmp = s - n->s >= 4 && memcmp(s - 4, "tmp.", 4) == 0;
	bool ends = s > n->s && s + len == n->s + n->len;

	if (looks_hashed(s, len) || (behind_tmp && len >= NAME_RANDOM_MIN) ||
	    looks_drawn(s, len, ends, n->place == NAME_SCRATCH)) {
		put_any(n, s, len);
		return;
	}
	for (size_t i = 0, digits; i < len; i += digits ? digits : 1) {
		digits = run(s + i, len - i, is_digit);
		if (digits >= NAME_NUMBER_MIN)
			put_any(n, s + i, digits);
		else if (digits && n->place == NAME_SCRATCH)
			put(n, "[0-9]*");
		else
			n->to += name_escape(s + i, digits ? digits : 1, n->to);
	}
}

bool name_glob(const char *name, size_t len, enum name_place place, char ret[static NAME_GLOB_MAX])
{
	struct name n = {.s = name, .len = len, .place = place, .to = ret};
	size_t at = 0;

	if (place == NAME_PROCESS && len && run(name, len, is_digit) == len)
		put(&n, "[0-9]*");
	else if (!put_library(&n) && !put_tempfile(&n)) {
		for (size_t part; at < len; at += part) {
			part = uuid(name + at, len - at);
			if (part && (at == 0 || !is_alnum(name[at - 1]))) {
				put_any(&n, name + at, part);
				continue;
			}
			part = run(name + at, len - at, is_alnum);
			if (part) {
				put_run(&n, name + at, part);
				continue;
			}
			while (at + part < len && !is_alnum(name[at + part]))
				part++;
			n.to += name_escape(name + at, part, n.to);
		}
	}
	*n.to = '\0';
	return n.wider || utf8_check(name, len) < len || memchr(name, 0, len);
}
