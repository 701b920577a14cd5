/* SPDX-License-Identifier: Apache-2.0 */
/* See lines.h. */
#include "lines.h"
#include <errno.h>
#include <string.h>
#include "query.h"
#include "sidecar/common/util.h"

struct splitter {
	int (*take)(void *arg, const char *line, size_t len);
	void *arg;
	char *rest; /* the beginning of a line that is still to come */
	size_t len, size;
};

static int keep(struct splitter *s, const char *data, size_t len)
{
	if (s->size - s->len < len) {
		size_t size = s->size ? s->size : 4096;
		char *grown;

		while (size - s->len < len)
			size *= 2;
		grown = realloc(s->rest, size);
		if (!grown)
			return -ENOMEM;
		s->rest = grown;
		s->size = size;
	}
	memcpy(s->rest + s->len, data, len);
	s->len += len;
	return 0;
}

static int take_data(void *arg, const void *data, size_t len)
{
	struct splitter *s = arg;
	const char *at = data, *end = at + len, *line_end;
	int r = 0;

	while (r == 0 && at < end && (line_end = memchr(at, '\n', (size_t)(end - at)))) {
		size_t n = (size_t)(line_end - at);

		if (s->len > 0) {
			r = keep(s, at, n);
			if (r == 0)
				r = s->take(s->arg, s->rest, s->len);
			s->len = 0;
		} else {
			r = s->take(s->arg, at, n);
		}
		at = line_end + 1;
	}
	return r == 0 && at < end ? keep(s, at, (size_t)(end - at)) : r;
}

int lines_each(struct json_out *request, int (*take)(void *arg, const char *line, size_t len),
	       void *arg, char *error, size_t error_size)
{
	struct splitter s = {.take = take, .arg = arg};
	int r = query_each(request, take_data, &s, error, error_size);

	free(s.rest);
	return r;
}
