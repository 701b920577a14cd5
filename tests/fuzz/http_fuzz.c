// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/node/http_request.h"

/* As it comes, byte by byte: once it is more than unfinished, what is behind the head changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	enum http_request all = http_request_read(text, len);

	if (all == HTTP_GET)
		assert(len > 16 && memcmp(text, "GET /metrics", 12) == 0 && (text[12] == ' ' || text[12] == '?'));
	if (all == HTTP_HEAD)
		assert(len > 17 && memcmp(text, "HEAD /metrics", 13) == 0);
	if (len > 0 && http_request_read(text, len - 1) > HTTP_UNFINISHED)
		assert(all == http_request_read(text, len - 1) || text[len - 1] == '\0');
	return 0;
}
