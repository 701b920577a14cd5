/* SPDX-License-Identifier: Apache-2.0 */
/* What an HTTP request wants, by its first line: METHOD SP TARGET SP HTTP/1.x. The rest of the head is
 * only waited for. Pure, and a fuzz target. */
#pragma once
#include <stddef.h>

enum http_request {
	HTTP_UNFINISHED, /* the head is not whole */
	HTTP_GET,	 /* of /metrics, as is HEAD */
	HTTP_HEAD,
	HTTP_OTHER_TARGET,
	HTTP_OTHER_METHOD,
	HTTP_MALFORMED,
};

enum http_request http_request_read(const char *data, size_t len);
