/* SPDX-License-Identifier: Apache-2.0 */
/* See http_request.h. */
#include "sidecar/node/http_request.h"
#include <stdbool.h>
#include <string.h>

struct word {
	const char *s;
	size_t len;
};

static bool is(struct word w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.s, text, w.len) == 0;
}

static bool begins(struct word w, const char *text)
{
	return w.len >= strlen(text) && memcmp(w.s, text, strlen(text)) == 0;
}

/* Up to the next space; *rest goes behind that. */
static struct word cut(struct word *rest)
{
	const char *space = memchr(rest->s, ' ', rest->len);
	struct word w = {rest->s, space ? (size_t)(space - rest->s) : rest->len};

	rest->s += w.len + (space != NULL);
	rest->len -= w.len + (space != NULL);
	return w;
}

/* An empty line ends the head. */
static bool is_whole(const char *data, size_t len)
{
	return memmem(data, len, "\r\n\r\n", 4) || memmem(data, len, "\n\n", 2);
}

enum http_request http_request_read(const char *data, size_t len)
{
	struct word line = {data, len}, method, target;
	const char *end;

	if (memchr(data, '\0', len))
		return HTTP_MALFORMED;
	if (!is_whole(data, len))
		return HTTP_UNFINISHED;
	end = memchr(data, '\n', len);
	line.len = (size_t)(end - data);
	if (line.len > 0 && line.s[line.len - 1] == '\r')
		line.len--;
	method = cut(&line);
	target = cut(&line);
	if (method.len == 0 || target.len == 0 || !begins(line, "HTTP/1."))
		return HTTP_MALFORMED;
	if (!is(method, "GET") && !is(method, "HEAD"))
		return HTTP_OTHER_METHOD;
	if (!is(target, "/metrics") && !begins(target, "/metrics?"))
		return HTTP_OTHER_TARGET;
	return is(method, "HEAD") ? HTTP_HEAD : HTTP_GET;
}
