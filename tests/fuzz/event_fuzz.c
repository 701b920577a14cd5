// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/common/event.h"
#include "sidecar/common/utf8.h"

static void inside(const uint8_t *data, size_t len, const char *part, size_t part_len)
{
	if (part_len == 0)
		return;
	assert((const uint8_t *)part >= data && part_len <= len);
	assert((const uint8_t *)part + part_len <= data + len);
}

/* One printable line, whatever the container put into the record. */
static void printable(const char *text, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = utf8_printable(text + at, len - at);
		assert(n > 0);
	}
}

static void format(const struct event *e)
{
	struct event_context c = {
	    .container = "id", .name = "na\nme", .tai_offset_ns = 37000000000};
	_json_out_ struct json_out *o = json_out_new();
	char *line = event_to_text(e, &c);
	const char *text;
	size_t len;

	assert(line);
	printable(line, strlen(line));
	free(line);
	event_to_json(e, &c, o);
	assert(json_out_text(o, &text, &len) == 0);
	printable(text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (at < len) {
		struct event e = {};
		long n = event_decode(data + at, len - at, &e);

		if (n <= 0)
			break;
		assert((size_t)n <= len - at);
		inside(data + at, (size_t)n, e.path, e.path_len);
		for (unsigned i = 0; i < EVENT_STRINGS_MAX; i++)
			inside(data + at, (size_t)n, e.strings[i].s, e.strings[i].len);
		if (e.block)
			inside(data + at, (size_t)n, e.block, e.args_len);
		format(&e);
		if (!e.block && event_set_args(&e, (const char *)data, len) == 0)
			format(&e);
		at += (size_t)n;
	}
	return 0;
}
