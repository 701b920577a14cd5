/* SPDX-License-Identifier: Apache-2.0 */
/* See glob.h. Braces are taken apart first, each alternative is then read by itself. */
#include "sidecar/policy/glob.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"

struct parse {
	int (*each)(void *arg, const struct glob_item *items, size_t n);
	void *arg;
	unsigned branches;
	struct glob_item items[GLOB_ITEMS_MAX];
	size_t at; /* in the original text */
	const char *why;
};

static int fault(struct parse *p, size_t at, const char *why)
{
	p->at = at;
	p->why = why;
	return -EINVAL;
}

static void set_add(uint8_t set[32], unsigned byte)
{
	set[byte / 8] |= (uint8_t)(1 << byte % 8);
}

static void set_not(uint8_t set[32])
{
	for (unsigned i = 0; i < 32; i++)
		set[i] = (uint8_t)~set[i];
}

/* [...]: *at stands behind the '[' and is left behind the ']'. */
static int parse_set(struct parse *p, const char *s, size_t len, size_t *at, uint8_t set[32])
{
	size_t begin = *at - 1, i = *at;
	bool not = i < len && (s[i] == '!' || s[i] == '^');
	bool any = false;

	i += not ;
	for (; i < len && (s[i] != ']' || !any); any = true) {
		unsigned from, to;

		if (s[i] == '\\' && ++i == len)
			break;
		from = to = (unsigned char)s[i++];
		if (i + 1 < len && s[i] == '-' && s[i + 1] != ']') {
			i++;
			if (s[i] == '\\' && ++i == len)
				break;
			to = (unsigned char)s[i++];
		}
		if (from > to)
			return fault(p, begin, "a range whose first byte is not after its last");
		for (unsigned b = from; b <= to; b++)
			set_add(set, b);
	}
	if (i >= len)
		return fault(p, begin, "a ']' to end the set");
	if (not )
		set_not(set);
	set['/' / 8] &= (uint8_t) ~(1 << '/' % 8);
	if (memcmp(set, (uint8_t[32]){0}, 32) == 0)
		return fault(p, begin, "a set with a byte in it that is not '/'");
	*at = i + 1;
	return 0;
}

/* One alternative, without braces. */
static int parse_line(struct parse *p, const char *s, size_t len)
{
	size_t n = 0, i = 0;

	while (i < len) {
		struct glob_item *item = &p->items[n];
		int r = 0;

		if (n == GLOB_ITEMS_MAX)
			return fault(p, i, "a shorter pattern");
		memset(item, 0, sizeof(*item));
		if (s[i] == '*') {
			size_t run = strspn(s + i, "*");

			item->type = run >= 2 ? GLOB_STARS : GLOB_STAR;
			i += run;
		} else if (s[i] == '?') {
			set_not(item->set);
			item->set['/' / 8] &= (uint8_t) ~(1 << '/' % 8);
			i++;
		} else if (s[i] == '[') {
			i++;
			r = parse_set(p, s, len, &i, item->set);
		} else {
			if (s[i] == '\\' && ++i == len)
				return fault(p, i - 1, "a byte behind '\\'");
			set_add(item->set, (unsigned char)s[i++]);
		}
		if (r < 0)
			return r;
		n++;
	}
	if (++p->branches > GLOB_BRANCHES_MAX)
		return -E2BIG;
	return p->each(p->arg, p->items, n);
}

/* Offset behind what begins at i, as parse_line would read it; len when it does not end. */
static size_t skip(const char *s, size_t len, size_t i)
{
	bool any = false;

	if (s[i] == '\\')
		return i + 2 < len ? i + 2 : len;
	if (s[i] != '[')
		return i + 1;
	i++;
	if (i < len && (s[i] == '!' || s[i] == '^'))
		i++;
	for (; i < len && (s[i] != ']' || !any); i++, any = true)
		if (s[i] == '\\')
			i++;
	return i < len ? i + 1 : len;
}

static size_t find_brace(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && s[i] != '{')
		i = skip(s, len, i);
	return i;
}

/* Where the alternatives of the brace at open end: their commas, then the '}'. */
static int find_cuts(struct parse *p, const char *s, size_t len, size_t open,
		     size_t cuts[GLOB_BRANCHES_MAX], size_t *ret_n)
{
	size_t depth = 0, n = 0;

	for (size_t i = open; i < len; i = skip(s, len, i)) {
		bool end = s[i] == '}' && --depth == 0;

		depth += s[i] == '{';
		if (!end && !(s[i] == ',' && depth == 1))
			continue;
		if (n == GLOB_BRANCHES_MAX)
			return -E2BIG;
		cuts[n++] = i;
		*ret_n = n;
		if (end)
			return 0;
	}
	return fault(p, open, "a '}' to end the alternatives");
}

static int parse_braces(struct parse *p, const char *s, size_t len, unsigned depth);

/* s[0..open) + one alternative + s[close+1..len), for each alternative between open and close. */
static int each_alternative(struct parse *p, const char *s, size_t len, size_t open, unsigned depth)
{
	size_t cuts[GLOB_BRANCHES_MAX], n = 0, begin = open + 1, close;
	_free_ char *line = malloc(len + 1);
	int r;

	if (!line)
		return -ENOMEM;
	r = find_cuts(p, s, len, open, cuts, &n);
	if (r < 0)
		return r;
	close = cuts[n - 1];
	for (size_t k = 0; r == 0 && k < n; k++) {
		size_t part = cuts[k] - begin, rest = len - close - 1;

		memcpy(line, s, open);
		memcpy(line + open, s + begin, part);
		memcpy(line + open + part, s + close + 1, rest);
		line[open + part + rest] = '\0';
		r = parse_braces(p, line, open + part + rest, depth);
		if (r == -EINVAL && p->at >= open)
			p->at += p->at < open + part ? begin - open : close + 1 - open - part;
		begin = cuts[k] + 1;
	}
	return r;
}

static int parse_braces(struct parse *p, const char *s, size_t len, unsigned depth)
{
	size_t open = find_brace(s, len);

	if (open == len)
		return parse_line(p, s, len);
	if (depth == GLOB_BRACES_MAX)
		return fault(p, open, "fewer braces");
	return each_alternative(p, s, len, open, depth + 1);
}

int glob_parse(const char *text, size_t len,
	       int (*each)(void *arg, const struct glob_item *items, size_t n), void *arg,
	       size_t *ret_at, const char **ret_why)
{
	struct parse *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->each = each;
	p->arg = arg;
	if (len == 0 || len > GLOB_LEN_MAX || memchr(text, '\0', len))
		r = fault(p, 0, "1 to 4095 bytes without NUL");
	else
		r = parse_braces(p, text, len, 0);
	if (r == -EINVAL) {
		*ret_at = p->at;
		*ret_why = p->why;
	}
	free(p);
	return r;
}
