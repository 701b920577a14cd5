// SPDX-License-Identifier: Apache-2.0
/* JSON writer, see json.h. The first failed allocation makes the whole text unavailable; every
 * call after it does nothing. The caller nests rightly: this only places commas. */
#include "json.h"
#include "utf8.h"
#include "util.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct json_out {
	char *text;
	size_t len;
	size_t size;
	bool comma; /* a value stands before, in the same container */
	bool no_memory;
};

struct json_out *json_out_new(void)
{
	return calloc(1, sizeof(struct json_out));
}

void json_out_free(struct json_out *o)
{
	if (!o)
		return;
	free(o->text);
	free(o);
}

void json_out_reset(struct json_out *o)
{
	if (!o)
		return;
	o->len = 0;
	o->comma = false;
	o->no_memory = false;
}

static void put(struct json_out *o, const char *s, size_t len)
{
	if (!o || o->no_memory)
		return;
	if (o->size - o->len < len + 1) {
		size_t size = o->size ? o->size : 256;
		char *text;

		while (size - o->len < len + 1)
			size *= 2;
		text = realloc(o->text, size);
		if (!text) {
			o->no_memory = true;
			return;
		}
		o->text = text;
		o->size = size;
	}
	if (len > 0)
		memcpy(o->text + o->len, s, len);
	o->len += len;
	o->text[o->len] = '\0';
}

static void put_value(struct json_out *o, const char *s, size_t len)
{
	if (o && o->comma)
		put(o, ",", 1);
	put(o, s, len);
	if (o)
		o->comma = true;
}

static void put_open(struct json_out *o, const char *bracket)
{
	put_value(o, bracket, 1);
	if (o)
		o->comma = false;
}

static void put_close(struct json_out *o, const char *bracket)
{
	put(o, bracket, 1);
	if (o)
		o->comma = true;
}

void json_out_open_object(struct json_out *o)
{
	put_open(o, "{");
}

void json_out_close_object(struct json_out *o)
{
	put_close(o, "}");
}

void json_out_open_array(struct json_out *o)
{
	put_open(o, "[");
}

void json_out_close_array(struct json_out *o)
{
	put_close(o, "]");
}

/* One character that may not stand as it is; returns the bytes of s it stands for. */
static size_t put_escape(struct json_out *o, const char *s, size_t len)
{
	static const char named[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const unsigned char *u = (const unsigned char *)s;
	const char *at = u[0] ? strchr(named, u[0]) : NULL;
	size_t n = utf8_length(s, len);
	char escape[8];
	unsigned unit;

	if (at) {
		put(o, (char[]){'\\', letters[at - named]}, 2);
		return 1;
	}
	/* Control characters have one or two bytes; anything else here is an invalid byte. */
	unit = n == 2 ? (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu) : n == 1 ? u[0] : 0xdc00u + u[0];
	snprintf(escape, sizeof(escape), "\\u%04x", unit);
	put(o, escape, 6);
	return n ? n : 1;
}

static void put_escaped(struct json_out *o, const char *s, size_t len)
{
	size_t at = 0, plain = 0;

	while (at < len) {
		size_t n = utf8_printable(s + at, len - at);

		if (n && s[at] != '"' && s[at] != '\\') {
			at += n;
			continue;
		}
		put(o, s + plain, at - plain);
		at += put_escape(o, s + at, len - at);
		plain = at;
	}
	put(o, s + plain, at - plain);
}

void json_out_string(struct json_out *o, const char *s, size_t len)
{
	put_value(o, "\"", 1);
	put_escaped(o, s, len);
	put(o, "\"", 1);
}

void json_out_key(struct json_out *o, const char *key)
{
	json_out_string(o, key, strlen(key));
	put(o, ":", 1);
	if (o)
		o->comma = false;
}

void json_out_number(struct json_out *o, int64_t n)
{
	char digits[24];

	put_value(o, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRId64, n));
}

void json_out_unsigned(struct json_out *o, uint64_t n)
{
	char digits[24];

	put_value(o, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n));
}

void json_out_bool(struct json_out *o, bool b)
{
	put_value(o, b ? "true" : "false", b ? 4 : 5);
}

void json_out_null(struct json_out *o)
{
	put_value(o, "null", 4);
}

int json_out_text(struct json_out *o, const char **ret, size_t *ret_len)
{
	put(o, "", 0);
	if (!o || o->no_memory)
		return -ENOMEM;
	*ret = o->text;
	*ret_len = o->len;
	return 0;
}

void json_out_member_string(struct json_out *o, const char *key, const char *s)
{
	json_out_key(o, key);
	json_out_string(o, s, strlen(s));
}

void json_out_member_number(struct json_out *o, const char *key, int64_t n)
{
	json_out_key(o, key);
	json_out_number(o, n);
}

void json_out_member_unsigned(struct json_out *o, const char *key, uint64_t n)
{
	json_out_key(o, key);
	json_out_unsigned(o, n);
}

void json_out_member_bool(struct json_out *o, const char *key, bool b)
{
	json_out_key(o, key);
	json_out_bool(o, b);
}
