// SPDX-License-Identifier: Apache-2.0
/* See utf8.h. */
#include "utf8.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool follows(const uint8_t *s, size_t len, size_t i, uint8_t low, uint8_t high)
{
	return i < len && s[i] >= low && s[i] <= high;
}

size_t utf8_length(const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;
	uint8_t low = 0x80, high = 0xbf;
	size_t need;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	/* The second byte carries the bounds against overlong forms, surrogates and 0x110000. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (!follows(s, len, 1, low, high))
		return 0;
	for (size_t i = 2; i < need; i++)
		if (!follows(s, len, i, 0x80, 0xbf))
			return 0;
	return need;
}

size_t utf8_printable(const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t n = utf8_length(text, len);

	if (n == 1 && (s[0] < 0x20 || s[0] == 0x7f))
		return 0;
	if (n == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return 0;
	return n;
}

size_t utf8_check(const char *s, size_t len)
{
	size_t at = 0, n;

	for (; at < len; at += n) {
		n = utf8_length(s + at, len - at);
		if (n == 0)
			return at;
	}
	return len;
}

size_t utf8_escape(char *dst, size_t size, const char *src, size_t len)
{
	size_t put = 0, at = 0;

	while (at < len) {
		size_t n = utf8_printable(src + at, len - at);
		size_t need = n ? n : 4;

		if (put + need >= size)
			break;
		if (n)
			memcpy(dst + put, src + at, n);
		else
			snprintf(dst + put, 5, "\\x%02x", (uint8_t)src[at]);
		put += need;
		at += n ? n : 1;
	}
	dst[put] = '\0';
	return put;
}
