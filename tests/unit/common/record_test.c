// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include "sidecar/common/event_table.h"
#include "sidecar/common/record.h"
#include "tests/unit/tap.h"

#define BIT(NAME) (1ull << RV_KIND_##NAME)

TEST("record: profiles hold each other, and none is nothing")
{
	struct record quiet, normal, all, none;
	char error[256];

	REQUIRE(record_parse("quiet", &quiet, error, sizeof(error)) == 0);
	REQUIRE(record_parse("normal", &normal, error, sizeof(error)) == 0);
	REQUIRE(record_parse("all", &all, error, sizeof(error)) == 0);
	REQUIRE(record_parse("none", &none, error, sizeof(error)) == 0);
	CHECK(quiet.kinds & BIT(EXEC) && quiet.kinds & BIT(EXIT) && !(quiet.kinds & BIT(OPEN)));
	CHECK((quiet.kinds & normal.kinds) == quiet.kinds && quiet.kinds != normal.kinds);
	CHECK((normal.kinds & all.kinds) == normal.kinds && normal.kinds != all.kinds);
	CHECK(normal.kinds & BIT(CONNECT) && !(normal.kinds & BIT(THREAD)));
	CHECK(all.kinds & BIT(THREAD) && all.options == RV_OPTION_SINGLY && normal.options == 0);
	CHECK(none.kinds == 0 && none.options == 0);
	CHECK(record_default().kinds == normal.kinds);
	for (unsigned k = 1; k < RV_KIND_MAX; k++)
		CHECK(!event_kind(k) == !(all.kinds >> k & 1));
}

TEST("record: kinds by name, with the account of what was lost; a profile among them")
{
	struct record r;
	char error[256];

	REQUIRE(record_parse("exec,mount", &r, error, sizeof(error)) == 0);
	CHECK(r.kinds == (BIT(EXEC) | BIT(MOUNT) | BIT(CHECKPOINT) | BIT(REPEAT)));
	REQUIRE(record_parse("quiet,connect", &r, error, sizeof(error)) == 0);
	CHECK(r.kinds & BIT(EXEC) && r.kinds & BIT(CONNECT) && !(r.kinds & BIT(OPEN)));
}

TEST("record: what it is not")
{
	static const char *const bad[] = {"", "open,", ",open", "opens", "open exec", "ope", "0", "none,open",
					  "unknown"};
	struct record r = {.kinds = 7};
	char error[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(record_parse(bad[i], &r, error, sizeof(error)), -EINVAL);
		CHECK(r.kinds == 7 && strstr(error, "expected quiet, normal, all"));
	}
}
