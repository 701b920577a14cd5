// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include "oci-hooks/options.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

static struct options o;
static char error[200];

#define PARSE(...)                                                                                 \
	({                                                                                         \
		char *argv_[] = {"anything", ##__VA_ARGS__, NULL};                                 \
		error[0] = '\0';                                                                   \
		options_parse(ARRAY_SIZE(argv_) - 1, argv_, &o, error, sizeof(error));             \
	})

TEST("none: createRuntime, fail open")
{
	CHECK_INT(PARSE(), 0);
	CHECK(!o.fail_closed && !o.cleanup && o.policies_count == 0);
	CHECK_INT(options_parse(0, (char *[]){NULL}, &o, error, sizeof(error)), 0);
}

TEST("all of them, in both spellings")
{
	CHECK_INT(PARSE("--fail", "closed", "--policy", "a", "prestart", "--policy=/b/c.json"), 0);
	CHECK(o.fail_closed && !o.cleanup);
	CHECK_INT(o.policies_count, 2);
	CHECK_STR(o.policies[0], "a");
	CHECK_STR(o.policies[1], "/b/c.json");
	CHECK_INT(PARSE("--fail=open", "poststop"), 0);
	CHECK(!o.fail_closed && o.cleanup);
}

TEST("what is recorded")
{
	CHECK_INT(PARSE("--record", "quiet,open", "--repeat=each"), 0);
	CHECK_STR(o.record, "quiet,open");
	CHECK_STR(o.repeat, "each");
	CHECK_INT(PARSE("--repeat", "count"), 0);
	CHECK_STR(o.repeat, "count");
	CHECK(o.record == NULL);
	CHECK_INT(PARSE("--repeat", "never"), -EINVAL);
	CHECK(strstr(error, "never") != NULL && strstr(error, "each") != NULL);
	CHECK_INT(PARSE("--repeat"), -EINVAL);
}

TEST("a mistake is told, and --fail counts wherever it stands")
{
	CHECK_INT(PARSE("--nope", "--fail", "closed"), -EINVAL);
	CHECK(o.fail_closed);
	CHECK(strstr(error, "--nope") != NULL);
	CHECK_INT(PARSE("startContainer", "--fail=closed"), -EINVAL);
	CHECK(o.fail_closed);
	CHECK_INT(PARSE("--fail", "maybe"), -EINVAL);
	CHECK_INT(PARSE("--fail"), -EINVAL);
	CHECK_INT(PARSE("--policy"), -EINVAL);
	CHECK_INT(PARSE("--failclosed"), -EINVAL);
	CHECK_INT(PARSE(""), -EINVAL);
}

TEST("policies at and over their bound")
{
	char *argv[2 + SPAWN_POLICIES_MAX + 1] = {"hook"};

	for (size_t i = 1; i < ARRAY_SIZE(argv); i++)
		argv[i] = "--policy=x";
	CHECK_INT(options_parse(SPAWN_POLICIES_MAX + 1, argv, &o, error, sizeof(error)), 0);
	CHECK_INT(options_parse(SPAWN_POLICIES_MAX + 2, argv, &o, error, sizeof(error)), -EINVAL);
	CHECK_INT(o.policies_count, SPAWN_POLICIES_MAX);
}
