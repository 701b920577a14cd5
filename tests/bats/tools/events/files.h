/* SPDX-License-Identifier: Apache-2.0 */
/* What the files' family's programs share: see say.h. */
#pragma once
#include "say.h"

/* A JSON string of any bytes; what is not UTF-8 stays as it is, events.py reads it so. */
static inline const char *quoted_bytes(const char *s, size_t len)
{
	static char text[8][6 * 4096 + 3];
	static unsigned at;
	char *start = text[at++ % 8], *to = start;

	*to++ = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			to += sprintf(to, "\\u%04x", c);
		else
			*to++ = (char)c;
	}
	*to++ = '"';
	*to = 0;
	return start;
}

static inline const char *quoted(const char *s)
{
	return quoted_bytes(s, strlen(s));
}

static inline struct stat stat_of(const char *path)
{
	struct stat st;

	MUST(lstat(path, &st) == 0);
	return st;
}

static inline const char *st_dev_ino(const struct stat *st)
{
	static char text[8][96];
	static unsigned at;
	char *to = text[at++ % 8];

	snprintf(to, 96, "\"dev\":\"%u:%u\",\"ino\":%lu", major(st->st_dev), minor(st->st_dev),
		 (unsigned long)st->st_ino);
	return to;
}

/* One record of that kind by us, allowed, with these fields. */
__attribute__((format(printf, 2, 3))) static inline void say(const char *kind, const char *fields, ...)
{
	va_list ap;

	printf("{\"kind\":\"%s\",%s,\"verdict\":\"allowed\",", kind, who());
	va_start(ap, fields);
	vprintf(fields, ap);
	va_end(ap);
	printf("}\n");
}

/* No record of that kind. */
static inline void absent(const char *kind, const char *path)
{
	printf("{\"kind\":\"%s\",\"path\":%s,\"times\":0}\n", kind, quoted(path));
}
