/* SPDX-License-Identifier: Apache-2.0 */
/* The text that is kept of the policies in force, and what their rules are called. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/live/kept.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD                                                                                       \
	"{\"name\":\"a\",\"version\":7,\"old_version\":3,\"sha256\":\"" SHA                           \
	"\",\"since_wall_ns\":5,\"names\":4,\"policies\":[{\"file\":\"/a\",\"from\":\"host\",\"bytes\":2},"            \
	"{\"file\":\"/b\",\"from\":\"inline\",\"bytes\":%d}]}\n"

static int parse(const char *text, struct kept *ret)
{
	char *copy = strdup(text);

	return copy ? kept_parse(copy, strlen(text), ret) : -ENOMEM;
}

TEST("a kept file says what was in force, byte for byte")
{
	_kept_ struct kept k = {};
	char text[512];

	snprintf(text, sizeof(text), HEAD "r1\n\nAAbbb", 3);
	REQUIRE(parse(text, &k) == 0);
	CHECK_INT(k.version, 7);
	CHECK_INT(k.old_version, 3);
	CHECK_INT((long long)k.since_wall_ns, 5);
	CHECK_STR(k.sha256, SHA);
	CHECK_INT((long long)k.names_len, 4);
	CHECK_INT(k.n, 2);
	CHECK_STR(k.of[1].file, "/b");
	CHECK(k.of[0].from == LIST_HOST && k.of[1].from == LIST_INLINE);
	CHECK_INT((long long)k.of[1].len, 3);
	CHECK(memcmp(k.of[0].text, "AA", 2) == 0 && memcmp(k.of[1].text, "bbb", 3) == 0);
}

TEST("a kept file that contradicts itself is refused")
{
	static const char *const bad[] = {"", "\n", "{}\n", "no newline", "{\"version\":1}\nx"};
	struct kept k = {};
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(parse(bad[i], &k), -EBADMSG);
	snprintf(text, sizeof(text), HEAD "r1\n\nAAbbb", 4); /* more than there is */
	CHECK_INT(parse(text, &k), -EBADMSG);
	snprintf(text, sizeof(text), HEAD "r1\n\nAAbbb", 2); /* less */
	CHECK_INT(parse(text, &k), -EBADMSG);
}

#define POLICY(name, more)                                                                         \
	"{\"name\":\"" name "\",\"mode\":\"enforce\"," more "\"rules\":[\n"                           \
	"{\"subject\":\"exec\",\"path\":\"/x\",\"action\":\"deny\",\"reason\":\"a \\\"b\\\"\"},\n" \
	"{\"subject\":\"exec\",\"path\":\"/y\",\"action\":\"deny\"}]}"

static int add(struct list *l, const char *file, const char *text)
{
	char error[POLICY_ERROR_MAX];

	return list_add_text(l, LIST_HOST, file, text, strlen(text), error, sizeof(error));
}

TEST("rules are numbered through all policies, and named line by line")
{
	_list_ struct list l = {};
	const struct policy *p;
	const struct policy_rule *rule;
	_free_ char *names = NULL;
	size_t len;

	REQUIRE(add(&l, "/a", POLICY("a", "")) == 0 && add(&l, "/b", POLICY("b", "")) == 0);
	CHECK(!list_rule(&l, 0, &p, &rule));
	CHECK(!list_rule(&l, 5, &p, &rule));
	REQUIRE(list_rule(&l, 3, &p, &rule));
	CHECK_STR(p->name, "b");
	CHECK_STR(rule->path, "/x");
	REQUIRE(list_names(&l, &names, &len) == 0);
	CHECK_STR(names, "{\"policy\":\"a\",\"line\":2,\"reason\":\"a \\\"b\\\"\"}\n"
			 "{\"policy\":\"a\",\"line\":3,\"reason\":null}\n"
			 "{\"policy\":\"b\",\"line\":2,\"reason\":\"a \\\"b\\\"\"}\n"
			 "{\"policy\":\"b\",\"line\":3,\"reason\":null}\n");
	CHECK_INT((long long)len, (long long)strlen(names));
}

TEST("the host's default goes first, once, and not before a selectable policy")
{
	char error[POLICY_ERROR_MAX], file[] = "/tmp/reeve-default-XXXXXX";
	_list_ struct list l = {}, other = {};
	const struct meta nobody = {};
	int fd = mkstemp(file);

	REQUIRE(fd >= 0 && util_write_all(fd, POLICY("d", ""), sizeof(POLICY("d", "")) - 1) == 0);
	close(fd);
	REQUIRE(add(&l, "/a", POLICY("a", "")) == 0);
	CHECK_INT(list_add_default(&l, file, error, sizeof(error)), 0);
	CHECK_INT(list_add_default(&l, file, error, sizeof(error)), 0);
	CHECK_INT(l.n, 2);
	CHECK_STR(l.of[0].policy->name, "d");
	CHECK_STR(l.of[1].policy->name, "a");
	list_select(&l, file, &nobody);
	CHECK_INT(l.n, 2);
	REQUIRE(add(&other, "/b", POLICY("b", "\"selectable\":true,")) == 0);
	CHECK_INT(list_add_default(&other, file, error, sizeof(error)), 0);
	CHECK_INT(other.n, 2);
	list_select(&other, file, &nobody);
	CHECK_INT(other.n, 1);
	CHECK_STR(other.of[0].file, "/b");
	unlink(file);
	CHECK_INT(list_add_default(&l, "/nonexistent/default.json", error, sizeof(error)), 0);
}

TEST("a policy over the bound, and one that is none, add nothing")
{
	_list_ struct list l = {};

	CHECK_INT(add(&l, "/bad", "{"), -EINVAL);
	CHECK_INT(l.n, 0);
	for (unsigned i = 0; i < POLICY_LIST_MAX; i++)
		REQUIRE(add(&l, "/a", POLICY("a", "")) == 0);
	CHECK_INT(add(&l, "/a", POLICY("a", "")), -E2BIG);
	CHECK_INT(l.n, POLICY_LIST_MAX);
}
