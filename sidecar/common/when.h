/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as people write them. Pure, but for the time zone. */
#pragma once
#include <stdint.h>

/* "2026-11-21T14:00:00Z", with a fraction, with +01:00, with a space for the T, without a zone (then
 * local); "2026-11-21" and "14:00" (local; of today); "now", "today", "yesterday" (their beginnings);
 * "90s", "10m", "2h", "3d": so long ago. *ret: nanoseconds since 1970. -EINVAL. */
int when_parse(const char *text, int64_t now_ns, int64_t *ret);
#define WHEN_EXPECTED "2026-11-21T14:00:00Z, 2026-11-21, 14:00, 10m (ago), today or yesterday"

#define WHEN_SIZE 40
/* RFC 3339, UTC, nanoseconds; "1970-01-01T00:00:00.000000000Z" for what no calendar has. */
void when_put(int64_t wall_ns, char ret[static WHEN_SIZE]);
