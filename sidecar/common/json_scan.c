/* SPDX-License-Identifier: Apache-2.0 */
/* See json_scan.h. */
#include "json_scan.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct json_piece from(struct json_piece p, size_t n)
{
	return (struct json_piece){p.s + n, p.len - n};
}

/* Bytes of the string that p begins with, quotes included; 0: it has no end. */
static size_t string_size(struct json_piece p)
{
	for (size_t i = 1; i < p.len; i++) {
		if (p.s[i] == '\\')
			i++;
		else if (p.s[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Bytes of the value that p begins with; 0: it has no end. */
static size_t value_size(struct json_piece p)
{
	size_t depth = 0, i = 0, n;

	while (i < p.len) {
		char c = p.s[i];

		if (c == '"') {
			n = string_size(from(p, i));
			if (n == 0)
				return 0;
			i += n;
			if (depth == 0)
				return i;
			continue;
		}
		if (depth == 0 && i > 0 && (c == ',' || c == '}' || c == ']'))
			return i;
		depth += c == '{' || c == '[';
		i++;
		if ((c == '}' || c == ']') && --depth == 0)
			return i;
	}
	return depth == 0 ? i : 0;
}

bool json_scan_open(struct json_piece text, struct json_piece *ret_rest)
{
	if (text.len < 2 || (text.s[0] != '{' && text.s[0] != '['))
		return false;
	*ret_rest = from(text, 1);
	return true;
}

bool json_scan_element(struct json_piece *rest, struct json_piece *ret)
{
	struct json_piece at = *rest;
	size_t n;

	if (at.len > 0 && at.s[0] == ',')
		at = from(at, 1);
	if (at.len == 0 || at.s[0] == '}' || at.s[0] == ']')
		return false;
	n = value_size(at);
	if (n == 0)
		return false;
	*ret = (struct json_piece){at.s, n};
	*rest = from(at, n);
	return true;
}

bool json_scan_member(struct json_piece *rest, struct json_member *ret)
{
	struct json_piece at = *rest, key;

	if (!json_scan_element(&at, &key) || key.len < 2 || key.s[0] != '"')
		return false;
	if (at.len == 0 || at.s[0] != ':')
		return false;
	at = from(at, 1);
	if (!json_scan_element(&at, &ret->value))
		return false;
	ret->key = (struct json_piece){key.s + 1, key.len - 2};
	*rest = at;
	return true;
}

bool json_scan_get(struct json_piece object, const char *key, struct json_piece *ret)
{
	size_t len = strlen(key);
	struct json_member m;
	struct json_piece at;

	if (!json_scan_open(object, &at))
		return false;
	while (json_scan_member(&at, &m)) {
		if (m.key.len != len || memcmp(m.key.s, key, len) != 0)
			continue;
		*ret = m.value;
		return true;
	}
	return false;
}

static bool hex4(const char *s, unsigned *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef", *at = s[i] ? strchr(digits, s[i]) : NULL;

		if (!at)
			return false;
		n = n << 4 | (unsigned)(at - digits);
	}
	*ret = n;
	return true;
}

/* What json_out writes as \uHHHH: a control character, or U+DC00 and a byte that is no UTF-8. */
static char *put_unit(char *to, unsigned unit)
{
	if (unit >= 0xdc80 && unit <= 0xdcff) {
		*to++ = (char)(unit - 0xdc00);
	} else if (unit < 0x80) {
		*to++ = (char)unit;
	} else {
		*to++ = (char)(0xc0 | (unit >> 6 & 0x1f));
		*to++ = (char)(0x80 | (unit & 0x3f));
	}
	return to;
}

char *json_scan_bytes(struct json_piece string, size_t *ret_len)
{
	static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *s = string.s + 1, *end = string.s + string.len - 1;
	char *out, *to;
	unsigned unit;

	if (string.len < 2 || string.s[0] != '"')
		return NULL;
	out = to = malloc(string.len); /* no escape is shorter than what it stands for */
	if (!out)
		return NULL;
	while (s < end) {
		if (*s != '\\' || s + 1 == end) {
			*to++ = *s++;
		} else if (s[1] == 'u' && end - s >= 6 && hex4(s + 2, &unit)) {
			to = put_unit(to, unit);
			s += 6;
		} else {
			const char *at = s[1] ? strchr(letters, s[1]) : NULL;

			*to++ = at ? bytes[at - letters] : s[1];
			s += 2;
		}
	}
	*ret_len = (size_t)(to - out);
	return out;
}

uint64_t json_scan_number(struct json_piece value)
{
	uint64_t n = 0;

	for (size_t i = 0; i < value.len && value.s[i] >= '0' && value.s[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(value.s[i] - '0');
	return n;
}

bool json_scan_is(struct json_piece value, const char *word)
{
	size_t len = strlen(word);

	return value.len == len + 2 && value.s[0] == '"' && memcmp(value.s + 1, word, len) == 0;
}
