/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"
#include "sidecar/policy/policy.h"
#include "tests/unit/tap.h"

#define POLICY(rules) "{\"name\":\"web\",\"mode\":\"enforce\",\"rules\":[" rules "]}"
#define FILE_RULE(path) "{\"subject\":\"file\",\"path\":\"" path "\",\"action\":\"deny\"}"
#define NET_RULE(address, port)                                                                    \
	"{\"subject\":\"network\",\"address\":\"" address "\",\"port\":" port                      \
	",\"action\":\"deny\"}"

static struct policy *parse(const char *text)
{
	char error[POLICY_ERROR_MAX] = "";
	struct policy *p = NULL;

	policy_parse(text, strlen(text), "p.json", &p, error, sizeof(error));
	CHECK_STR(error, "");
	return p;
}

static void refused(const char *text, const char *want)
{
	char error[POLICY_ERROR_MAX] = "";
	struct policy *p = NULL;

	CHECK(policy_parse(text, strlen(text), "p.json", &p, error, sizeof(error)) < 0);
	CHECK(p == NULL);
	CHECK_STR(error, want);
	free(p);
}

static int compile(struct policy_image *ret, const struct policy *a, const struct policy *b)
{
	const struct policy *list[] = {a, b};
	char error[POLICY_ERROR_MAX];

	return policy_compile(list, b ? 2 : 1, ret, error, sizeof(error));
}

TEST("a policy with every key")
{
	_free_ struct policy *p = parse(
	    "{\"name\":\"a.b-c_1\",\"mode\":\"audit\",\"on_unresolvable\":\"allow\","
	    "\"unrecorded\":\"deny\",\"repeat\":\"each\",\"rules\":[\n"
	    "  // comments are fine\n"
	    "  "
	    "{\"subject\":\"exec\",\"path\":\"/bin/nc\",\"action\":\"deny\",\"errno\":\"EPERM\"},\n"
	    "  {\"subject\":\"file\",\"path\":\"/etc/**\",\"action\":\"deny\"},\n"
	    "  "
	    "{\"subject\":\"network\",\"address\":\"::ffff:10.0.0.1\",\"port\":53,\"action\":"
	    "\"deny\"}]}");

	REQUIRE(p != NULL);
	CHECK_STR(p->name, "a.b-c_1");
	CHECK_INT(p->flags,
		  RV_POLICY_UNRECORDED_DENY | RV_POLICY_FILE | RV_POLICY_EXEC | RV_POLICY_NETWORK |
		      RV_POLICY_EACH);
	CHECK_INT(p->rules_n, 3);
	CHECK_INT(p->rules[0].error, EPERM);
	CHECK_INT(p->rules[0].line, 3);
	CHECK_STR(p->rules[0].path, "/bin/nc");
	CHECK(!p->rules[0].subtree);
	CHECK_STR(p->rules[1].path, "/etc/");
	CHECK(p->rules[1].subtree);
	CHECK_INT(p->rules[1].error, EACCES);
	CHECK_INT(p->rules[2].family, AF_INET);
	CHECK(memcmp(p->rules[2].addr, "\x0a\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16) == 0);
}

TEST("defaults: unresolvable is denied, unrecorded is allowed")
{
	_free_ struct policy *p = parse(POLICY(""));

	REQUIRE(p != NULL);
	CHECK_INT(p->flags, RV_POLICY_ENFORCE | RV_POLICY_UNRESOLVABLE_DENY);
}

TEST("refusals name the place, what was found and what was expected")
{
	refused("{\"name\":\"a\",\"mod\":\"audit\",\"rules\":[]}",
		"p.json:1:19: found key \"mod\", expected a known one; did you mean \"mode\"?");
	refused("{\"name\":\"a\",\"mode\":\"audit\",\"rules\":[],\"colour\":1}",
		"p.json:1:48: found key \"colour\", expected one of: name, mode, on_unresolvable, "
		"unrecorded, repeat, rules");
	refused("[]", "p.json:1:1: found an array, expected a policy: "
		      "{\"name\": ..., \"mode\": ..., \"rules\": [...]}");
	refused("{\"name\":7,\"mode\":\"audit\",\"rules\":[]}",
		"p.json:1:9: found 7, expected \"name\": \"a name\"");
	refused("{\"name\":\"a b\",\"mode\":\"audit\",\"rules\":[]}",
		"p.json:1:9: found \"a b\", expected 1 to 63 letters, digits, '_', '.' or '-'");
	refused("{\"name\":\"a\",\"rules\":[]}",
		"p.json:1:1: found no \"mode\", expected \"mode\": \"enforce\" or \"audit\"");
	refused("{\"name\":\"a\",\"mode\":\"audit\",\"rules\":[\n [] ]}",
		"p.json:2:2: found an array, expected a rule: {\"subject\": ..., \"action\": "
		"\"deny\"}");
	refused(POLICY(FILE_RULE("/a") "," FILE_RULE("/a")),
		"p.json:1:88: found a second rule for the same object, expected one; "
		"the first is in line 1");
}

TEST("paths the tables cannot mean are refused")
{
#define AT "p.json:1:66: found "
	refused(POLICY(FILE_RULE("etc")),
		AT "\"etc\", expected a path that starts with '/', as the container sees it");
	refused(POLICY(FILE_RULE("/a/")), AT "\"/a/\", expected a path without '/' at its end; "
					     "for everything below it write \"/**\"");
	refused(POLICY(FILE_RULE("/a//b")), AT "\"/a//b\", expected a path without \"//\"");
	refused(POLICY(FILE_RULE("/a/./b")), AT "\"/a/./b\", expected a path without \"/./\"");
	refused(POLICY(FILE_RULE("/a/..")), AT "\"/a/..\", expected a path without \"..\"");
	for (const char *const *glob = (const char *const[]){"/a/*", "/a?", "/[ab]", "/{a,b}",
							     "/**/x", "/a**", "/*/**", NULL};
	     *glob; glob++) {
		char text[256], error[POLICY_ERROR_MAX] = "";
		struct policy *p = NULL;

		snprintf(text, sizeof(text), POLICY(FILE_RULE("%s")), *glob);
		CHECK_INT(policy_parse(text, strlen(text), "p", &p, error, sizeof(error)), -EINVAL);
		CHECK(strstr(error, "other patterns") != NULL);
		CHECK(p == NULL);
	}
}

TEST("a path of 247 bytes is in, one of 248 is out")
{
	char text[512], path[300];
	struct policy *p = NULL;
	char error[POLICY_ERROR_MAX];

	for (size_t len = RV_RULE_PATH_MAX - 1; len <= RV_RULE_PATH_MAX; len++) {
		memset(path, 'a', len);
		path[0] = '/';
		path[len] = '\0';
		snprintf(text, sizeof(text), POLICY(FILE_RULE("%s")), path);
		CHECK_INT(policy_parse(text, strlen(text), "p", &p, error, sizeof(error)),
			  len < RV_RULE_PATH_MAX ? 0 : -EINVAL);
		free(p);
		p = NULL;
	}
}

TEST("addresses, ports, errnos, actions")
{
#define NET(address, port) POLICY(NET_RULE(address, port))
	refused(NET("10.0.0.0/8", "1"),
		"p.json:1:72: found \"10.0.0.0/8\", expected one address; ranges "
		"are not supported: write one rule per address");
	refused(NET("example.org", "1"),
		"p.json:1:72: found \"example.org\", expected an IPv4 or IPv6 "
		"address (names are not looked up)");
	refused(NET("::1", "0"), "p.json:1:85: found 0, expected a port from 1 to 65535");
	refused(NET("::1", "65536"), "p.json:1:85: found 65536, expected a port from 1 to 65535");
	refused(NET("::1", "\"80\""),
		"p.json:1:85: found \"80\", expected \"port\": a number from 1 to 65535");
	refused(
	    POLICY("{\"subject\":\"file\",\"path\":\"/a\",\"action\":\"allow\"}"),
	    "p.json:1:80: found \"allow\", expected \"deny\"; whatever no rule denies is allowed");
	refused(
	    POLICY("{\"subject\":\"file\",\"path\":\"/a\",\"action\":\"deny\",\"errno\":\"13\"}"),
	    "p.json:1:95: found \"13\", expected the name of an errno, as \"EACCES\" or \"EPERM\"");
}

TEST("compiled: exact paths with their NUL, subtrees without, numbers as in the file")
{
	_free_ struct policy *p = parse(POLICY(FILE_RULE("/etc/shadow") "," FILE_RULE(
	    "/etc/**") ","
		       "{\"subject\":\"exec\",\"path\":\"/etc/shadow\","
		       "\"action\":\"deny\",\"errno\":\"ENOENT\"}"));
	struct policy_image image;

	REQUIRE(p != NULL);
	REQUIRE(compile(&image, p, NULL) == 0);
	CHECK_INT(image.paths_n, 3);
	CHECK_INT(image.paths[0].key.prefixlen, (4 + 4 + 12) * 8);
	CHECK_INT(image.paths[0].key.policy, 0);
	CHECK_INT(image.paths[0].key.subject, RV_SUBJECT_FILE);
	CHECK(memcmp(image.paths[0].key.path, "/etc/shadow", 12) == 0);
	CHECK_INT(image.paths[1].key.prefixlen, (4 + 4 + 5) * 8);
	CHECK_INT(image.paths[1].rule.number, 2);
	CHECK_INT(image.paths[2].key.subject, RV_SUBJECT_EXEC);
	CHECK_INT(image.paths[2].rule.error, ENOENT);
	CHECK_INT(image.head.flags, RV_POLICY_ENFORCE | RV_POLICY_UNRESOLVABLE_DENY |
					RV_POLICY_FILE | RV_POLICY_EXEC);
	CHECK_STR(image.head.name, "web");
	CHECK(image.head.version != 0);
	CHECK(memcmp(&image.head.version, image.head.sha256, 4) == 0);
	policy_image_release(&image);
	policy_image_release(&image);
}

TEST("compiled: loopback is also reached through the unspecified address")
{
	_free_ struct policy *p =
	    parse(POLICY(NET_RULE("127.0.0.1", "80") "," NET_RULE("::1", "80")));
	struct policy_image image;

	REQUIRE(p != NULL);
	REQUIRE(compile(&image, p, NULL) == 0);
	/* 127.0.0.1, ::, 0.0.0.0, ::1; the second rule's :: is there already */
	CHECK_INT(image.addrs_n, 4);
	CHECK_INT(image.addrs[1].key.family, AF_INET6);
	CHECK_INT(image.addrs[1].rule.number, 1);
	CHECK_INT(image.addrs[2].key.family, AF_INET);
	CHECK_INT(image.addrs[3].rule.number, 2);
	CHECK_INT(image.addrs[3].key.addr[15], 1);
	policy_image_release(&image);
}

TEST("the union: numbered through, stricter defaults, first rule of an object decides")
{
	_free_ struct policy *a = parse(POLICY(FILE_RULE("/a")));
	_free_ struct policy *b =
	    parse("{\"name\":\"b\",\"mode\":\"enforce\",\"on_unresolvable\":\"allow\","
		  "\"unrecorded\":\"deny\",\"rules\":[" FILE_RULE(
		      "/b") ",{\"subject\":\"file\","
			    "\"path\":\"/a\",\"action\":\"deny\",\"errno\":\"EIO\"}]}");
	struct policy_image image, other;

	REQUIRE(a && b);
	REQUIRE(compile(&image, a, b) == 0);
	CHECK_STR(image.head.name, "web+b");
	CHECK_INT(image.paths_n, 2);
	CHECK_INT(image.paths[1].rule.number, 2);
	CHECK_INT(image.paths[0].rule.error, EACCES);
	CHECK_INT(image.head.flags, RV_POLICY_ENFORCE | RV_POLICY_UNRESOLVABLE_DENY |
					RV_POLICY_UNRECORDED_DENY | RV_POLICY_FILE);
	REQUIRE(compile(&other, a, b) == 0);
	CHECK(memcmp(&image.head, &other.head, sizeof(image.head)) == 0);
	policy_image_release(&other);
	REQUIRE(compile(&other, b, a) == 0);
	CHECK(image.head.version != other.head.version);
	policy_image_release(&other);
	policy_image_release(&image);
}

TEST("audit and enforce do not mix; names that do not fit are counted")
{
	_free_ struct policy *a = parse(POLICY(""));
	_free_ struct policy *b = parse("{\"name\":\"watch\",\"mode\":\"audit\",\"rules\":[]}");
	const struct policy *list[POLICY_LIST_MAX + 1] = {a, b};
	char error[POLICY_ERROR_MAX] = "";
	struct policy_image image = {0};

	REQUIRE(a && b);
	CHECK_INT(policy_compile(list, 2, &image, error, sizeof(error)), -EINVAL);
	CHECK_STR(error, "policies web (enforce) and watch (audit) cannot apply together; "
			 "give both the same mode");
	CHECK_INT(policy_compile(list, 0, &image, error, sizeof(error)), -EINVAL);
	for (size_t i = 0; i <= POLICY_LIST_MAX; i++)
		list[i] = a;
	CHECK_INT(policy_compile(list, POLICY_LIST_MAX + 1, &image, error, sizeof(error)), -EINVAL);
	strcpy(a->name, "a-name-of-thirty-characters-ok");
	REQUIRE(policy_compile(list, POLICY_LIST_MAX, &image, error, sizeof(error)) == 0);
	CHECK_STR(image.head.name, "a-name-of-thirty-characters-ok+15 more");
	policy_image_release(&image);
}

TEST("too long a file, too many rules")
{
	size_t len = POLICY_TEXT_MAX + 1, at;
	_free_ char *text = malloc(len);
	char error[POLICY_ERROR_MAX];
	struct policy *p = NULL;

	memset(text, ' ', len);
	CHECK_INT(policy_parse(text, len, "p", &p, error, sizeof(error)), -E2BIG);
	at = (size_t)sprintf(text, "{\"name\":\"a\",\"mode\":\"audit\",\"rules\":[");
	for (int i = 0; i <= POLICY_RULES_MAX; i++)
		at += (size_t)sprintf(text + at, "%s" FILE_RULE("/f%d"), i ? "," : "", i);
	at += (size_t)sprintf(text + at, "]}");
	CHECK_INT(policy_parse(text, at, "p", &p, error, sizeof(error)), -EINVAL);
	CHECK(strstr(error, "found 1025 rules, expected at most 1024") != NULL);
	CHECK(p == NULL);
}

static bool parse_and_compile(void)
{
	static const char text[] = POLICY(FILE_RULE("/a") "," NET_RULE("::1", "1"));
	char error[POLICY_ERROR_MAX];
	struct policy_image image;
	struct policy *p = NULL;
	bool good = false;

	if (policy_parse(text, sizeof(text) - 1, "p", &p, error, sizeof(error)) == 0 &&
	    compile(&image, p, NULL) == 0) {
		policy_image_release(&image);
		good = true;
	}
	free(p);
	return good;
}

TEST("without memory: an error, nothing leaked")
{
	tap_each_malloc(parse_and_compile);
}
