// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/common/json.h"
#include "sidecar/common/utf8.h"

static void write_value(struct json_out *o, const struct json *j)
{
	if (j->key)
		json_out_key(o, j->key);
	switch (j->type) {
	case JSON_NULL:
		json_out_null(o);
		return;
	case JSON_BOOL:
		json_out_bool(o, j->boolean);
		return;
	case JSON_NUMBER:
		json_out_number(o, j->number);
		return;
	case JSON_STRING:
		json_out_string(o, j->string, strlen(j->string));
		return;
	case JSON_ARRAY:
		json_out_open_array(o);
		break;
	case JSON_OBJECT:
		json_out_open_object(o);
		break;
	case JSON_OTHER:
		assert(!"only in a foreign text");
	}
	for (const struct json *c = j->child; c; c = c->next)
		write_value(o, c);
	if (j->type == JSON_ARRAY)
		json_out_close_array(o);
	else
		json_out_close_object(o);
}

/* Any bytes as a string come out as text that json_parse or nobody can misread. */
static void write_bytes(const uint8_t *data, size_t len)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *text;
	size_t text_len;

	json_out_string(o, (const char *)data, len);
	assert(json_out_text(o, &text, &text_len) == 0);
	for (size_t at = 0, n; at < text_len; at += n) {
		n = utf8_printable(text + at, text_len - at);
		assert(n > 0);
	}
}

/* What json_parse takes, the other takes as well; a value knows where it stands. */
static void read_foreign(const char *text, size_t len, bool taken)
{
	_json_ struct json *j = NULL;
	char error[200] = "";

	if (json_parse_foreign(text, len, &j, error, sizeof(error)) < 0)
		assert(!taken && error[0] && !strchr(error, '\n'));
	else
		assert(j->offset < len);
}

/* What was read, written, read and written again is the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_json_ struct json *j = NULL, *again = NULL;
	_json_out_ struct json_out *first = json_out_new(), *second = json_out_new();
	const char *text, *text2;
	char error[200] = "";
	size_t text_len, text2_len;

	write_bytes(data, len);
	read_foreign((const char *)data, len,
		     json_parse((const char *)data, len, false, &j, error, sizeof(error)) == 0);
	json_free(j);
	j = NULL;
	if (json_parse((const char *)data, len, len & 1, &j, error, sizeof(error)) < 0) {
		assert(error[0] && !strchr(error, '\n'));
		return 0;
	}
	write_value(first, j);
	assert(json_out_text(first, &text, &text_len) == 0);
	assert(json_parse(text, text_len, false, &again, error, sizeof(error)) == 0);
	write_value(second, again);
	assert(json_out_text(second, &text2, &text2_len) == 0);
	assert(text_len == text2_len && memcmp(text, text2, text_len) == 0);
	return 0;
}
