/* SPDX-License-Identifier: Apache-2.0 */
/* Chosen members of events: which there are, and what each form makes of hostile ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/event_fields.h"
#include "sidecar/common/json_scan.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

static char error[512];

static int read_names(const char *text, struct event_fields *ret)
{
	_json_ struct json *j = NULL;

	if (json_parse(text, strlen(text), false, &j, error, sizeof(error)) < 0)
		return 1;
	return event_fields_read(j, ret, error, sizeof(error));
}

/* The line of the fields a, b, ... that such names stand for: any there are. */
static void check_line(const char *names, enum event_form form, const char *json, const char *want)
{
	struct event_fields f = {};
	size_t len = 0;
	_free_ char *line = NULL;

	REQUIRE(read_names(names, &f) == 0);
	line = event_fields_line(&f, form, json, strlen(json), &len);
	CHECK_STR(line, want);
	CHECK_INT(len, strlen(want));
	event_fields_release(&f);
}

TEST("fields: an unknown one is told with the nearest, one twice is refused")
{
	static const struct {
		const char *names, *error;
	} bad[] = {
	    {"[\"pid\"]", "there is no field 'pid'; the nearest is 'process.pid', 'reeve events "
			  "--fields' lists them"},
	    {"[\"pathh\"]",
	     "there is no field 'pathh'; the nearest is 'path', 'reeve events --fields' "
	     "lists them"},
	    {"[\"container.nam\"]", "there is no field 'container.nam'; the nearest is "
				    "'container.name', 'reeve events --fields' lists them"},
	    {"[\"seq\",\"seq\"]", "the field 'seq' is named twice"},
	    {"[]", "\"fields\": expected an array of names"},
	    {"[1]", "\"fields\": expected an array of names"},
	    {"{}", "\"fields\": expected an array of names"},
	};
	struct event_fields f = {};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_INT(read_names(bad[i].names, &f), -EINVAL);
		CHECK_STR(error, bad[i].error);
		CHECK_INT(f.n, 0);
	}
}

TEST("fields: every member of every kind is one, each once; all and the default of CSV")
{
	struct event_fields all = {}, f = {};
	size_t len;
	char *header;

	REQUIRE(event_fields_all(&all) == 0);
	CHECK_STR(all.names[0], "kind");
	CHECK_STR(all.names[all.n - 1], "old_version");
	for (size_t i = 0; i < all.n; i++)
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(all.names[i], all.names[j]) != 0);
	REQUIRE(read_names("[\"all\"]", &f) == 0);
	CHECK_INT(f.n, all.n);
	event_fields_release(&f);
	event_fields_release(&all);

	REQUIRE(event_fields_read(NULL, &f, error, sizeof(error)) == 0);
	header = event_fields_header(&f, &len);
	CHECK(strncmp(header, "time,container.id,container.name,seq,kind,", 42) == 0);
	CHECK_STR(header + len - 8, "signal\r\n");
	free(header);
	event_fields_release(&f);
}

TEST("fields: CSV keeps to one line and makes no formula, and both can be undone")
{
	static const char names[] =
	    "[\"kind\",\"seq\",\"process.comm\",\"path\",\"argv\",\"core\",\"rule\"]";
	static const struct {
		const char *json, *want;
	} lines[] = {
	    {"{\"kind\":\"exec\",\"seq\":7,\"process\":{\"pid\":1,\"comm\":\"sh\"},\"rule\":null,"
	     "\"path\":\"/bin/sh\",\"argv\":[\"a,b\",\"c\"],\"core\":false}",
	     "\"exec\",7,\"sh\",\"/bin/sh\",\"[\"\"a,b\"\",\"\"c\"\"]\",false,\r\n"},
	    {"{\"path\":\"a\\\"b\\nc\\\\d\\u001b\\udcff\",\"process\":{\"comm\":\"\"}}",
	     ",,\"\",\"a\"\"b\\nc\\\\d\\u001b\\udcff\",,,\r\n"},
	    {"{\"path\":\"=1+1\",\"process\":{\"comm\":\"@x\"},\"kind\":\"+\",\"argv\":\"-2\"}",
	     "\"'+\",,\"'@x\",\"'=1+1\",\"'-2\",,\r\n"},
	    {"{\"path\":\"'=\",\"kind\":\"\xef\xbc\x9d"
	     "1\",\"seq\":-1}",
	     "\"'\xef\xbc\x9d"
	     "1\",-1,,\"''=\",,,\r\n"},
	    {"{\"path\":\"a\xe2\x80\xae"
	     "b\xc3\xa9\",\"argv\":[\"\\\\\",\"\\\"\xf3\xa0\x80\x81\"]}",
	     ",,,\"a\\u202eb\xc3\xa9\",\"[\"\"\\\\\"\",\"\"\\\"\"\\udb40\\udc01\"\"]\",,\r\n"},
	    {"{\"kind\":\"unreadable\"}", "\"unreadable\",,,,,,\r\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_line(names, EVENT_FORM_CSV, lines[i].json, lines[i].want);
}

TEST("fields: text is words as a shell reads them, JSON the members as they were")
{
	static const char names[] = "[\"seq\",\"path\",\"argv\",\"taken\",\"process\",\"rule\"]";
	static const char json[] = "{\"seq\":7,\"process\":{\"comm\":\"x]\"},\"path\":\"-\","
				   "\"argv\":[\"a b\",\"\\u001b[\\udcff\","
				   "\"\"],\"taken\":{\"open\":1}}";

	check_line(names, EVENT_FORM_TEXT, json,
		   "7\t'-'\t('a b' $'\\x1b[\\xff' '')\t'{\"open\":1}'\t'{\"comm\":\"x]\"}'\t-\n");
	check_line(names, EVENT_FORM_JSON, json,
		   "{\"seq\":7,\"path\":\"-\",\"argv\":[\"a b\",\"\\u001b[\\udcff\",\"\"],"
		   "\"taken\":{\"open\":1},\"process\":{\"comm\":\"x]\"},\"rule\":null}\n");
}

TEST("json_scan: strings come back byte for byte, of whatever they were")
{
	for (unsigned a = 0; a < 256; a++) {
		_json_out_ struct json_out *o = json_out_new();
		char bytes[] = {'x', (char)a, '"', '\\', (char)a, 'y', (char)0xc2, (char)a};
		struct json_piece text, rest, value;
		size_t len = 0;
		char *got;

		json_out_open_array(o);
		json_out_string(o, bytes, sizeof(bytes));
		json_out_close_array(o);
		REQUIRE(json_out_text(o, &text.s, &text.len) == 0);
		REQUIRE(json_scan_open(text, &rest) && json_scan_element(&rest, &value));
		got = json_scan_bytes(value, &len);
		CHECK(got && len == sizeof(bytes) && memcmp(got, bytes, len) == 0);
		free(got);
		CHECK(!json_scan_element(&rest, &value));
	}
}

TEST("json_scan: what is cut short, or none of ours, ends the walk inside it")
{
	static const char whole[] = "{\"a\":{\"b\":[1,\"x\\\"]\"]},\"c\":\"\\u00\",\"d\":-5}";

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *copy = malloc(n ? n : 1); /* exactly as long: a byte more is an error */
		struct json_piece text = {copy, n}, rest;
		struct json_member m;
		size_t len;

		memcpy(copy, whole, n);
		if (json_scan_open(text, &rest))
			while (json_scan_member(&rest, &m)) {
				CHECK(m.value.s + m.value.len <= copy + n);
				free(json_scan_bytes(m.value, &len));
			}
		free(copy);
	}
}

static bool all_fields(void)
{
	struct event_fields f = {};

	if (event_fields_all(&f) < 0)
		return false;
	event_fields_release(&f);
	return true;
}

TEST("fields: without memory there are none, and nothing leaks")
{
	tap_each_malloc(all_fields);
}
