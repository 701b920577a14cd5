// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/json.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

static const char *text_of(struct json_out *o)
{
	const char *text = NULL;
	size_t len = 0;

	if (json_out_text(o, &text, &len) < 0)
		return NULL;
	CHECK(strlen(text) == len);
	return text;
}

static void write_all(struct json_out *o)
{
	json_out_open_object(o);
	json_out_member_string(o, "s", "a\"b\\c/\n");
	json_out_member_number(o, "min", INT64_MIN);
	json_out_member_unsigned(o, "max", UINT64_MAX);
	json_out_member_bool(o, "t", true);
	json_out_key(o, "list");
	json_out_open_array(o);
	json_out_open_array(o);
	json_out_close_array(o);
	json_out_null(o);
	json_out_open_object(o);
	json_out_close_object(o);
	json_out_bool(o, false);
	json_out_string(o, "", 0);
	json_out_close_array(o);
	json_out_member_number(o, "end", 0);
	json_out_close_object(o);
}

static const char expected[] =
    "{\"s\":\"a\\\"b\\\\c/\\n\",\"min\":-9223372036854775808,\"max\":18446744073709551615,"
    "\"t\":true,\"list\":[[],null,{},false,\"\"],\"end\":0}";

TEST("one compact line, commas where they belong")
{
	_json_out_ struct json_out *o = json_out_new();

	write_all(o);
	CHECK_STR(text_of(o), expected);
	json_out_reset(o);
	CHECK_STR(text_of(o), "");
	json_out_number(o, 1);
	CHECK_STR(text_of(o), "1");
}

TEST("bytes: control characters and invalid UTF-8 never come out raw")
{
	_json_out_ struct json_out *o = json_out_new();
	static const char bytes[] =
	    "\0\x1b\x7f\xc2\x9b\xff\xc3\xa9\xed\xa0\x80\xf0\x9f\x98\x80\xe2\x82";

	json_out_string(o, bytes, sizeof(bytes) - 1);
	CHECK_STR(text_of(o), "\"\\u0000\\u001b\\u007f\\u009b\\udcff\xc3\xa9\\udced\\udca0\\udc80"
			      "\xf0\x9f\x98\x80\\udce2\\udc82\"");
}

/* What Python's surrogateescape does, for the forms the writer makes. */
static size_t read_back(const char *text, char *out)
{
	size_t n = 0;

	for (const char *at = text + 1; *at && !(at[0] == '"' && at[1] == '\0');) {
		unsigned unit;

		if (*at != '\\') {
			out[n++] = *at++;
			continue;
		}
		if (at[1] != 'u') {
			const char *names = "bfnrt", *values = "\b\f\n\r\t";
			const char *hit = strchr(names, at[1]);

			out[n++] = hit ? values[hit - names] : at[1];
			at += 2;
			continue;
		}
		sscanf(at + 2, "%4x", &unit);
		at += 6;
		if (unit >= 0xdc80) {
			out[n++] = (char)(unit - 0xdc00);
		} else if (unit < 0x80) {
			out[n++] = (char)unit;
		} else {
			out[n++] = (char)(0xc0 | unit >> 6);
			out[n++] = (char)(0x80 | (unit & 0x3f));
		}
	}
	return n;
}

TEST("bytes: any string can be had back exactly")
{
	_json_out_ struct json_out *o = json_out_new();
	char bytes[300], back[sizeof(bytes)];
	unsigned state = 1;

	for (int round = 0; round < 2000; round++) {
		size_t len = (size_t)round % sizeof(bytes);
		const char *text;

		for (size_t i = 0; i < len; i++) {
			state = state * 1103515245 + 12345;
			bytes[i] = (char)(state >> 16);
			if (round % 3 == 0)
				bytes[i] |= (char)0xc0; /* many near-sequences */
		}
		json_out_reset(o);
		json_out_string(o, bytes, len);
		text = text_of(o);
		REQUIRE(text != NULL);
		REQUIRE(utf8_check(text, strlen(text)) == strlen(text));
		REQUIRE(read_back(text, back) == len && memcmp(back, bytes, len) == 0);
	}
}

TEST("what is valid text comes back through the reader")
{
	_json_out_ struct json_out *o = json_out_new();
	_json_ struct json *j = NULL;
	static const char s[] = "\x01 \" \\ / \b\f\n\r\t \x7f \xc2\x85 \xc3\xa9 \xf0\x9f\x98\x80";
	const char *text;

	json_out_string(o, s, strlen(s));
	text = text_of(o);
	REQUIRE(json_parse(text, strlen(text), false, &j, NULL, 0) == 0);
	CHECK_STR(j->string, s);
}

static bool write_and_take(void)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *text;
	size_t len;
	int r;

	for (int i = 0; i < 40; i++)
		write_all(o);
	r = json_out_text(o, &text, &len);
	if (r < 0)
		CHECK_INT(r, -ENOMEM);
	return r == 0;
}

TEST("writer: every allocation may fail")
{
	tap_each_malloc(write_and_take);
}
