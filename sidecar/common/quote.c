/* SPDX-License-Identifier: Apache-2.0 */
/* See quote.h. Used wherever bytes a container chose meet a person's terminal. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include "quote.h"
#include "utf8.h"

bool quote_is_hostile(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t code;

	if (n == 2) {
		code = (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
		return code == 0xad || code == 0x61c;
	}
	if (n == 3) {
		code = (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
		return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
		       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
		       (code >= 0xfff9 && code <= 0xfffb);
	}
	return n == 0 || (n == 4 && s[0] == 0xf3); /* planes 12 to 15: tags and private use */
}

static bool is_plain(char c)
{
	return c != '\0' && (isalnum((unsigned char)c) || strchr("_@%+=:,./-", c));
}

enum quoting { BARE, QUOTED, ESCAPED };

static enum quoting quoting_of(const char *s, size_t len)
{
	enum quoting q = len == 0 ? QUOTED : BARE;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_printable(s + i, len - i);
		if (quote_is_hostile(s + i, n))
			return ESCAPED;
		if (n == 1 && !is_plain(s[i]))
			q = QUOTED;
	}
	return q;
}

static void put_escaped(FILE *f, const char *s, size_t len)
{
	fputs("$'", f);
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_printable(s + i, len - i);
		if (quote_is_hostile(s + i, n)) {
			n = n ? n : 1;
			for (size_t k = 0; k < n; k++)
				fprintf(f, "\\x%02x", (unsigned char)s[i + k]);
		} else if (s[i] == '\\' || s[i] == '\'') {
			fprintf(f, "\\%c", s[i]);
		} else {
			fwrite(s + i, 1, n, f);
		}
	}
	fputc('\'', f);
}

void quote_word(FILE *f, const char *s, size_t len)
{
	enum quoting q = quoting_of(s, len);

	if (q == BARE) {
		fwrite(s, 1, len, f);
	} else if (q == ESCAPED) {
		put_escaped(f, s, len);
	} else {
		fputc('\'', f);
		for (size_t i = 0; i < len; i++) {
			if (s[i] == '\'')
				fputs("'\\''", f);
			else
				fputc(s[i], f);
		}
		fputc('\'', f);
	}
}

static bool is_audit_clean(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '=')
			return false;
	return true;
}

void quote_hex(FILE *f, const char *s, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		putc_unlocked(digits[(unsigned char)s[i] >> 4], f);
		putc_unlocked(digits[s[i] & 15], f);
	}
}

size_t quote_audit_size(const char *s, size_t len)
{
	return is_audit_clean(s, len) ? len + 2 : 2 * len;
}

size_t quote_audit(FILE *f, const char *s, size_t len)
{
	if (!is_audit_clean(s, len)) {
		quote_hex(f, s, len);
		return 2 * len;
	}
	putc_unlocked('"', f);
	fwrite(s, 1, len, f);
	putc_unlocked('"', f);
	return len + 2;
}
