// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/common/event.h"
#include "sidecar/common/event_audit.h"
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

/* Printable ASCII lines, none too long for its readers, each of one event: "type=T msg=audit(...): "
 * and no second stamp behind it. */
static void audit_lines(const char *text)
{
	const char *stamp = strstr(text, "msg=audit("), *end;
	size_t len;

	assert(stamp);
	len = (size_t)(strstr(stamp, "): ") + 3 - stamp);
	for (const char *line = text; *line; line = end + 1) {
		const char *blank = strchr(line, ' ');

		end = strchr(line, '\n');
		assert(end && end - line <= AUDIT_LINE_MAX);
		for (const char *c = line; c < end; c++)
			assert(*c >= ' ' && *c <= '~');
		assert(strncmp(line, "type=", 5) == 0);
		assert(blank && strncmp(blank + 1, stamp, len) == 0);
		blank = strstr(blank + len, "msg=");
		assert(!blank || blank > end);
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
	line = event_to_audit(e, &c);
	assert(line);
	audit_lines(line);
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
