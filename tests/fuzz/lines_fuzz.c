// SPDX-License-Identifier: Apache-2.0
/* Lines of `logs` as those take them who show them: chosen fields, and the tree of processes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/common/event_fields.h"
#include "sidecar/common/process_tree.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"

static void check_line(const char *text, size_t len, enum event_form form)
{
	static const char *const ends[] = {"\n", "\n", "\r\n"};
	struct event_fields f = {};
	size_t line_len = 0;
	char error[64];
	_free_ char *line = NULL;

	assert(event_fields_read(NULL, &f, error, sizeof(error)) == 0);
	line = event_fields_line(&f, form, text, len, &line_len);
	assert(line && line_len >= strlen(ends[form]));
	assert(strcmp(line + line_len - strlen(ends[form]), ends[form]) == 0);
	event_fields_release(&f);
}

/* Any bytes as a string are one quoted cell that shows all of it and is no formula. */
static void check_cell(const char *bytes, size_t len)
{
	_json_out_ struct json_out *o = json_out_new();
	struct event_fields f = {.names = {"path"}, .n = 1};
	size_t line_len = 0, text_len, back_len;
	struct json_piece value;
	const char *text;
	_free_ char *line = NULL, *back = NULL;

	json_out_open_object(o);
	json_out_key(o, "path");
	json_out_string(o, bytes, len);
	json_out_close_object(o);
	assert(json_out_text(o, &text, &text_len) == 0);
	assert(json_scan_get((struct json_piece){text, text_len}, "path", &value));
	back = json_scan_bytes(value, &back_len);
	assert(back && back_len == len && memcmp(back, bytes, len) == 0);
	line = event_fields_line(&f, EVENT_FORM_CSV, text, text_len, &line_len);
	assert(line && line_len >= 4 && line[0] == '"' && strcmp(line + line_len - 3, "\"\r\n") == 0);
	assert(!strchr("=+-@", line[1]));
	for (size_t at = 1, n; at < line_len - 3; at += n) {
		n = utf8_printable(line + at, line_len - 3 - at);
		assert(n > 0 && !quote_is_hostile(line + at, n));
		if (line[at] == '"')
			assert(line[at + 1] == '"' && at + 1 < line_len - 3 && ++n);
	}
}

/* Every process is reached once, and stands behind its parent. */
static void check_tree(const char *text, size_t len)
{
	struct process_tree t;
	size_t depth = 0, seen = 0;

	process_tree_init(&t);
	for (const char *at = text, *end; (end = memchr(at, '\n', len - (size_t)(at - text))); at = end + 1)
		(void)process_tree_add(&t, at, (size_t)(end - at));
	process_tree_settle(&t, len & 1);
	for (size_t i = PROCESS_NONE; (i = process_tree_next(&t, i, &depth)) != PROCESS_NONE; seen++) {
		assert(t.of[i].parent == PROCESS_NONE ? depth == 0 : t.of[i].parent < i && depth > 0);
		assert(seen < t.n);
	}
	assert(seen == t.n);
	process_tree_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = malloc(len ? len : 1); /* as long as it is: a byte more is an error */

	if (len > 0)
		memcpy(copy, data, len);
	for (enum event_form form = EVENT_FORM_TEXT; form <= EVENT_FORM_CSV; form++)
		check_line(copy, len, form);
	check_cell(copy, len);
	check_tree(copy, len);
	free(copy);
	return 0;
}
