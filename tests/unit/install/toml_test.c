// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/install/toml.h"
#include "tests/unit/tap.h"

static const char everything[] =
    "# a file\r\n"
    "version = 2\n"
    "plain.\"with.dot\" = 'c:\\new'\n"
    "when = 1979-05-27 07:32:00 # a date\n"
    "other = [ 1, [2.5, true], {a = 1, b.c = \"x\"} ]\n"
    "list = [ # in lines\n  \"one\",\n\t'''\ntwo''',\n]\n"
    "text = \"\"\"\nfirst\\\n   line \\u00e9\\U0001F600 \"\"quoted\"\"\"\"\"\n"
    "[a.\"b.c\".d]\n"
    "key = \"t\\tn\\\"\"\n"
    "  [ a . e ]\n"
    "inner = {}\n"
    "[[many]]\nname = 'x'\n[many.sub]\nk=1\n[[many]]\nname = 'y'\n[many.sub]\nk=2\n";

TEST("TOML: tables, keys and values have their path, place and content")
{
	_toml_ struct toml t = {0};
	const struct toml_item *i;
	char error[256] = "";

	REQUIRE(CHECK_INT(toml_parse(everything, strlen(everything), &t, error, sizeof(error)), 0));
	i = toml_find(&t, "version");
	REQUIRE(i);
	CHECK_INT(i->type, TOML_INTEGER);
	CHECK_INT(i->number, 2);
	i = toml_find(&t, "plain" TOML_SEP "with.dot");
	REQUIRE(i);
	CHECK_STR(i->string, "c:\\new");
	CHECK_INT(i->line, 3);
	CHECK_INT(i->column, 1);
	i = toml_find(&t, "list");
	REQUIRE(i && i->type == TOML_STRINGS && i->strings_n == 2);
	CHECK_STR(i->strings[0], "one");
	CHECK_STR(i->strings[1], "two");
	CHECK_INT(toml_find(&t, "other")->type, TOML_OTHER);
	CHECK_STR(toml_find(&t, "text")->string,
		  "firstline \303\251\360\237\230\200 \"\"quoted\"\"");
	i = toml_find(&t, "a" TOML_SEP "b.c" TOML_SEP "d" TOML_SEP "key");
	REQUIRE(i);
	CHECK_STR(i->string, "t\tn\"");
	CHECK(strncmp(everything + i->from, "\"t\\tn\\\"\"\n", i->to - i->from + 1) == 0);
	i = toml_find(&t, "a" TOML_SEP "e");
	REQUIRE(i && i->kind == TOML_TABLE);
	CHECK_INT(i->column, 3);
	CHECK_INT(toml_find(&t, "many")->kind, TOML_TABLES);
	CHECK(toml_below(&t, "a" TOML_SEP "b.c") != NULL);
	CHECK(toml_below(&t, "a" TOML_SEP "b") == NULL);
}

static const struct {
	const char *text, *error;
} bad[] = {
    {"a", "1:2: found the end, expected '='"},
    {"\na = \n", "2:5: found the end of the line, expected a value"},
    {"a = b", "1:5: found 'b', expected a value: strings have quotes"},
    {"a = \"x\n", "1:5: found a string that does not end"},
    {"a = \"\"\"\nx\n\"\"", "1:5: found a string that does not end"},
    {"a = \"\\q\"",
     "1:6: found an unknown escape, expected one of \\b \\t \\n \\f \\r \\\" \\\\ \\u"},
    {"a = \"\\ud800\"", "1:6: found an escape that is no character"},
    {"a = \"\\u12x4\"", "1:6: expected 4 hexadecimal digits behind \\u"},
    {"a = 1 b = 2", "1:7: found 'b', expected the end of the line"},
    {"a = 1\na = 2", "2:1: found what line 1 has already"},
    {"[x]\n[y]\n[x]", "3:1: found what line 1 has already"},
    {"[x\n", "1:3: found the end of the line, expected ']'"},
    {"[[x]\n", "1:4: found ']', expected ']]'"},
    {"a = [1 2]", "1:8: found '2', expected ',' or ']'"},
    {"a = [1,", "1:8: found the end, expected a value"},
    {"a = {x = 1", "1:11: found the end, expected ',' or '}'"},
    {"a = \"\001\"", "1:6: found '\\x01', expected a string without control characters"},
    {"# \001", "1:3: found '\\x01', expected a comment without control characters"},
    {"a = 1\n\377", "2:1: found bytes that are no text, expected UTF-8"},
    {"= 1", "1:1: found '=', expected a key"},
};

TEST("TOML: what is none is refused with its place")
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_toml_ struct toml t = {0};
		char error[256] = "";

		CHECK(toml_parse(bad[i].text, strlen(bad[i].text), &t, error, sizeof(error)) < 0);
		CHECK_STR(error, bad[i].error);
	}
}

static bool parse_all(void)
{
	_toml_ struct toml t = {0};
	char error[256];

	return toml_parse(everything, strlen(everything), &t, error, sizeof(error)) == 0;
}

TEST("TOML: memory may run out at every step")
{
	tap_each_malloc(parse_all);
}

TEST("TOML: values in each other, up to a depth and not beyond")
{
	char text[2 * TOML_DEPTH_MAX + 16], error[256] = "";

	for (int over = 0; over < 2; over++) {
		_toml_ struct toml t = {0};
		int n = TOML_DEPTH_MAX + over;

		strcpy(text, "a=");
		memset(text + 2, '[', (size_t)n);
		memset(text + 2 + n, ']', (size_t)n);
		text[2 + 2 * n] = '\0';
		/* The innermost is an empty array: n - 1 deep. */
		CHECK_INT(toml_parse(text, strlen(text), &t, error, sizeof(error)), 0);
	}
	{
		_toml_ struct toml t = {0};

		memset(text + 2, '[', TOML_DEPTH_MAX + 2);
		text[TOML_DEPTH_MAX + 4] = '\0';
		CHECK(toml_parse(text, strlen(text), &t, error, sizeof(error)) < 0);
		CHECK_STR(error, "1:36: found values in each other, more than 32 deep");
	}
}
