// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/common/wire.h"

/* Frame by frame as from a socket; an accepted head must encode to the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at = 0;
	long n;

	do {
		struct wire_frame f = {};
		uint8_t head[sizeof(struct wire_head)];

		n = wire_decode(data + at, len - at, &f);
		if (n <= 0)
			break;
		assert((size_t)n <= len - at && (size_t)n == sizeof(head) + f.head.length);
		assert(f.payload == data + at + sizeof(head));
		wire_encode_head(&f.head, head);
		assert(memcmp(head, data + at, sizeof(head)) == 0);
		at += (size_t)n;
	} while (at < len);
	return 0;
}
