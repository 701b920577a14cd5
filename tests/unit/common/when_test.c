/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as people write them. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "sidecar/common/when.h"
#include "tests/unit/tap.h"

#define S 1000000000ll
/* 2026-11-21T15:30:00Z */
static const int64_t now = 1795275000ll * S;

static int64_t when(const char *text)
{
	int64_t at = -1;

	return when_parse(text, now, &at) < 0 ? -1 : at;
}

TEST("when: with a zone, and so long ago")
{
	CHECK_INT(when("2026-11-21T15:30:00Z"), now);
	CHECK_INT(when("2026-11-21 15:30:00Z"), now);
	CHECK_INT(when("2026-11-21T15:30Z"), now);
	CHECK_INT(when("2026-11-21T16:30:00+01:00"), now);
	CHECK_INT(when("2026-11-21T10:00:00-05:30"), now);
	CHECK_INT(when("2026-11-21T15:30:00.25Z"), now + S / 4);
	CHECK_INT(when("2026-11-21T15:30:00.000000001Z"), now + 1);
	CHECK_INT(when("2026-11-21T15:30:00.0000000019Z"), now + 1);
	CHECK_INT(when("now"), now);
	CHECK_INT(when("90s"), now - 90 * S);
	CHECK_INT(when("10m"), now - 600 * S);
	CHECK_INT(when("2h"), now - 7200 * S);
	CHECK_INT(when("3d"), now - 3 * 86400 * S);
}

TEST("when: without a zone it is the local one's")
{
	setenv("TZ", "CET-1", 1);
	tzset();
	CHECK_INT(when("2026-11-21T16:30:00"), now);
	CHECK_INT(when("16:30"), now);
	CHECK_INT(when("16:30:01"), now + S);
	CHECK_INT(when("2026-11-21"), now - (16 * 60 + 30) * 60 * S);
	CHECK_INT(when("today"), now - (16 * 60 + 30) * 60 * S);
	CHECK_INT(when("yesterday"), now - (40 * 60 + 30) * 60 * S);
	setenv("TZ", "UTC0", 1);
	tzset();
	CHECK_INT(when("today"), now - (15 * 60 + 30) * 60 * S);
}

TEST("when: what is none")
{
	static const char *const bad[] = {"",	 "x",	 "10",	 "10x",	  "-5m", "m",
					  "2026-13-01", "25:00", "tomorrow", "2026-11-21T15:30:00Zx",
					  "2026-11-21T15:30:00+1:00", "2026-11-21T15:30:00+25:00",
					  "99999999999999999999s", "2026-11-21T", "2263-01-01", "1600-01-01"};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (when(bad[i]) != -1)
			CHECK_STR(bad[i], "refused");
}

TEST("when: as it is written")
{
	char text[WHEN_SIZE];

	when_put(1795228980123456789, text);
	CHECK_STR(text, "2026-11-21T02:43:00.123456789Z");
	when_put(-1, text);
	CHECK_STR(text, "1970-01-01T00:00:00.000000000Z");
	when_put(INT64_MAX, text);
	CHECK_STR(text, "2262-04-11T23:47:16.854775807Z");
}
