// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

static char error[200];

static int parse_n(const char *text, size_t len, struct json **ret)
{
	error[0] = '\0';
	return json_parse(text, len, false, ret, error, sizeof(error));
}

/* The error alone. */
static int parse(const char *text)
{
	_json_ struct json *j = NULL;

	return parse_n(text, strlen(text), &j);
}

static char *repeat(const char *s, size_t n)
{
	size_t len = strlen(s);
	char *text = malloc(n * len + 1);

	for (size_t i = 0; text && i < n; i++)
		memcpy(text + i * len, s, len);
	if (text)
		text[n * len] = '\0';
	return text;
}

TEST("every type, with its place")
{
	static const char text[] = "{\"s\": \"\\u00e9\\n\",\n  \"n\":-7, \"b\": true,\"z\":null,\n"
				   "\"a\":[1 , {\"x\":[]}],\"o\":{} }";
	_json_ struct json *j = NULL;
	const struct json *a;

	REQUIRE(parse_n(text, strlen(text), &j) == 0);
	CHECK_INT(j->type, JSON_OBJECT);
	CHECK_INT(j->count, 6);
	CHECK_STR(json_get_string(j, "s", NULL), "\xc3\xa9\n");
	CHECK_INT(json_get(j, "s")->column, 7);
	CHECK_INT(json_get_number(j, "n", 0), -7);
	CHECK_INT(json_get(j, "n")->line, 2);
	CHECK_INT(json_get(j, "n")->column, 7);
	CHECK(json_get(j, "b")->boolean);
	CHECK_INT(json_get(j, "z")->type, JSON_NULL);
	a = json_get(j, "a");
	CHECK_INT(a->line, 3);
	CHECK_INT(a->count, 2);
	CHECK_INT(a->child->number, 1);
	CHECK_INT(a->child->next->column, 10);
	CHECK_INT(json_get(a->child->next, "x")->count, 0);
	CHECK(json_get(j, "missing") == NULL && json_get(a, "x") == NULL && !json_get(NULL, "x"));
	CHECK_STR(json_get_string(j, "n", "other"), "other");
	CHECK_INT(json_get_number(j, "s", 42), 42);
}

TEST("scalars stand alone")
{
	_json_ struct json *j = NULL, *k = NULL;

	CHECK_INT(parse_n(" 12 ", 4, &j), 0);
	CHECK_INT(j->number, 12);
	CHECK_INT(parse_n("12", 2, &k), 0);
	CHECK_INT(k->number, 12);
}

TEST("what is not JSON is refused with its place")
{
	static const char *const bad[] = {
	    "",	      "  ",	   "{",	    "[1,",     "{\"a\"}",     "{\"a\":}", "{} {}", "[1]x",
	    "nul",    "01",	   "+1",    "\"a",     "\"\\x\"",     "[,]",	  "{1:2}", "'a'",
	    "\"\t\"", "\"\\u12\"", "[1 2]", "// c\n1", "\"\\u12g4\"", "-",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!CHECK_INT(parse(bad[i]), -EINVAL))
			printf("#   text %s\n", bad[i]);
		CHECK(strncmp(error, "1:", 2) == 0);
	}
	CHECK_INT(parse("{\n \"a\": tru\n}"), -EINVAL);
	CHECK(strncmp(error, "2:", 2) == 0);
	CHECK_INT(json_parse("x", 1, false, &(struct json *){NULL}, NULL, 0), -EINVAL);
}

TEST("comments where asked for")
{
	static const char text[] = "/* a\n b */ // c\n{ \"a\": /* : */ [ 1 // x\n] }//";
	_json_ struct json *j = NULL;

	REQUIRE(json_parse(text, strlen(text), true, &j, error, sizeof(error)) == 0);
	CHECK_INT(j->line, 3);
	CHECK_INT(json_get(j, "a")->column, 16);
}

TEST("numbers: 64 bits with sign, whole")
{
	_json_ struct json *j = NULL;
	static const char text[] = "[9223372036854775807,-9223372036854775808,-0]";

	REQUIRE(parse_n(text, strlen(text), &j) == 0);
	CHECK(j->child->number == INT64_MAX);
	CHECK(j->child->next->number == INT64_MIN);
	CHECK_INT(parse("9223372036854775808"), -EINVAL);
	CHECK_INT(parse("-9223372036854775809"), -EINVAL);
	CHECK_INT(parse("100000000000000000000000000000"), -EINVAL);
	CHECK_INT(parse("1.0"), -EINVAL);
	CHECK_INT(parse("1e3"), -EINVAL);
}

TEST("a foreign text: what no member holds is a value of another type")
{
	static const char text[] = "{\"big\":18446744073709551615, \"part\" : 0.5,\n\"nul\":\"a\\u0000\","
				   "\"half\":\"\\udc00\",\"n\":7,\"s\":\"x\"}";
	_json_ struct json *j = NULL;

	REQUIRE(json_parse_foreign(text, strlen(text), &j, error, sizeof(error)) == 0);
	CHECK_INT(json_get(j, "big")->type, JSON_OTHER);
	CHECK_INT(json_get(j, "part")->type, JSON_OTHER);
	CHECK_INT(json_get(j, "nul")->type, JSON_OTHER);
	CHECK_INT(json_get(j, "half")->type, JSON_OTHER);
	CHECK_STR(json_get_string(j, "half", "none"), "none");
	CHECK_INT(json_get_number(j, "n", 0), 7);
	CHECK_STR(json_get_string(j, "s", NULL), "x");
	CHECK(text[json_get(j, "part")->offset] == '0' && text[json_get(j, "s")->offset] == '"');
	CHECK_INT(json_parse_foreign("\"\xff\"", 3, &(struct json *){NULL}, error, sizeof(error)), -EILSEQ);
	CHECK_INT(json_parse_foreign("{\"a\":1,\"a\":2}", 13, &(struct json *){NULL}, error, sizeof(error)),
		  -EINVAL);
}

TEST("a foreign text: keys that no string can hold, and those of its annotations that are there twice")
{
	static const char text[] = "{\"\\u0000\":1,\"\\udc00\":[2],\"annotations\":{\"a\":1,\"a\":2},\"s\":\"x\"}";
	static const char *const twice[] = {"{\"o\":{\"a\":1,\"a\":2}}", "{\"o\":{\"annotations\":{\"a\":1,\"a\":2}}}",
					    "[{\"annotations\":1,\"annotations\":2}]", "{\"annotations\":{\"o\":{\"a\":1,\"a\":2}}}"};
	_json_ struct json *j = NULL;

	REQUIRE(json_parse_foreign(text, strlen(text), &j, error, sizeof(error)) == 0);
	CHECK_STR(j->child->key, JSON_KEY_OTHER);
	CHECK_STR(j->child->next->key, JSON_KEY_OTHER);
	CHECK_INT(json_get(j, "annotations")->count, 2);
	CHECK_STR(json_get_string(j, "s", NULL), "x");
	CHECK_INT(parse(text), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(twice); i++)
		if (!CHECK_INT(json_parse_foreign(twice[i], strlen(twice[i]), &(struct json *){NULL}, error,
						  sizeof(error)),
			       -EINVAL))
			printf("#   %s\n", twice[i]);
}

TEST("strings are strict UTF-8 without NUL and half characters")
{
	_json_ struct json *j = NULL;

	CHECK_INT(parse("\"\xff\""), -EILSEQ);
	CHECK_INT(parse("\"\xc0\xaf\""), -EILSEQ);
	CHECK_INT(parse("\"\xed\xa0\x80\""), -EILSEQ);
	CHECK_INT(parse("\"\xf4\x90\x80\x80\""), -EILSEQ);
	CHECK_INT(parse("\"\xe2\x82\""), -EILSEQ);
	CHECK_INT(parse("{\"\xff\":1}"), -EILSEQ);
	CHECK_STR(error, "1:3: found byte 0xff, expected UTF-8");
	CHECK_INT(parse("\"\\ud800\""), -EILSEQ);
	CHECK_INT(parse("\"\\ud800x\\udc00\""), -EILSEQ);
	CHECK_INT(parse("\"\\ud800\\ud800\""), -EILSEQ);
	CHECK_INT(parse("\"\\udcff\""), -EILSEQ);
	CHECK_INT(parse("{\"\\udcff\":1}"), -EILSEQ);
	CHECK_INT(parse("\"\\u0000\""), -EINVAL);
	CHECK_INT(parse("{\"\\u0000\":1}"), -EINVAL);
	CHECK_INT(parse_n("\"a\0b\"", 5, &j), -EINVAL);
	CHECK(j == NULL);
	REQUIRE(parse_n("\"\\\\ud800\\ud83d\\ude00\"", 21, &j) == 0);
	CHECK_STR(j->string, "\\ud800\xf0\x9f\x98\x80");
}

TEST("depth at and over its bound")
{
	_free_ char *open = repeat("[", JSON_DEPTH_MAX + 1),
		    *close = repeat("]", JSON_DEPTH_MAX + 1);
	char text[2 * JSON_DEPTH_MAX + 3];

	snprintf(text, sizeof(text), "%s%s", open + 1, close + 1);
	CHECK_INT(parse(text), 0);
	snprintf(text, sizeof(text), "%s%s", open, close);
	CHECK_INT(parse(text), -E2BIG);
	_free_ char *deep = repeat("{\"a\":[", 200000);
	CHECK_INT(parse(deep), -E2BIG);
}

TEST("nodes at and over their bound")
{
	/* The array itself is one. */
	_free_ char *text = repeat(",1", JSON_NODES_MAX);
	size_t len = strlen(text);

	text[0] = '[';
	text[len - 1] = ']';
	text[len - 2] = ' ';
	CHECK_INT(parse(text), 0);
	_free_ char *more = repeat(",1", JSON_NODES_MAX + 1);
	len = strlen(more);
	more[0] = '[';
	more[len - 1] = ']';
	more[len - 2] = ' ';
	CHECK_INT(parse(more), -E2BIG);
}

TEST("a key twice is refused, among few and among many")
{
	static char text[200000];
	size_t len = 1;

	CHECK_INT(parse("{\"a\":1,\"b\":2,\"\\u0061\":3}"), -EINVAL);
	CHECK(strstr(error, "\"a\" twice") != NULL);
	CHECK_INT(parse("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"), 0);
	text[0] = '{';
	for (int i = 0; i < 10000; i++)
		len += (size_t)sprintf(text + len, "\"k%d\":1,", i);
	strcpy(text + len, "\"z\":1}");
	CHECK_INT(parse(text), 0);
	strcpy(text + len, "\"k5000\":1}");
	CHECK_INT(parse(text), -EINVAL);
	CHECK(strstr(error, "\"k5000\" twice") != NULL);
}

TEST("the error text is bounded and one printable line")
{
	char small[8] = "unused";
	_json_ struct json *j = NULL;

	CHECK_INT(json_parse("{\"\\u001b\\u000a\":1,\"\\u001b\\u000a\":1}", 33, false, &j, error,
			     sizeof(error)),
		  -EINVAL);
	CHECK(strchr(error, '\n') == NULL && strchr(error, 27) == NULL);
	CHECK_INT(json_parse("nope", 4, false, &j, small, sizeof(small)), -EINVAL);
	CHECK(strlen(small) < sizeof(small));
}

static bool parse_a_lot(void)
{
	static const char text[] =
	    "{\"a\":[1,2,{\"b\":\"\\u00e9\\ud83d\\ude00 escaped \\n text\"}],\"c\":null,\"d\":"
	    "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":true}}";
	_json_ struct json *j = NULL;
	int r = json_parse(text, strlen(text), false, &j, error, sizeof(error));

	if (r < 0)
		CHECK_INT(r, -ENOMEM);
	return r == 0;
}

TEST("parse: every allocation may fail")
{
	tap_each_malloc(parse_a_lot);
}

static bool fail_on_bad(void)
{
	_json_ struct json *j = NULL;
	int r =
	    json_parse("{\"a\":[1,2,{\"b\":\"x\\ty\"},nope", 27, false, &j, error, sizeof(error));

	CHECK(j == NULL);
	if (r != -EINVAL)
		CHECK_INT(r, -ENOMEM);
	return r == -EINVAL;
}

TEST("parse of bad text: every allocation may fail")
{
	tap_each_malloc(fail_on_bad);
}
