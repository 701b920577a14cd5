// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oci-hooks/state.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

static char error[300];

static int parse(const char *text, struct state *ret)
{
	error[0] = '\0';
	return state_parse(text, strlen(text), ret, error, sizeof(error));
}

static int refused(const char *text)
{
	_state_ struct state s = {};

	return parse(text, &s);
}

TEST("an annotation that no string can hold is no reason not to read the rest")
{
	static const char odd[] = "{\"id\":\"c1\",\"status\":\"creating\",\"pid\":4711,\"bundle\":\"/run/b\","
				  "\"annotations\":{\"nul\":\"a\\u0000b\",\"bytes\":\"a\xff\xc3(\",\"not\":\"\\\\u0000\","
				  "\"io.reeve.policy\":\"web\"}}";
	_state_ struct state s = {};

	REQUIRE(parse(odd, &s) == 0);
	CHECK_STR(s.policy, "web");
	CHECK_STR(meta_annotation(&s.annotated, "not")->value, "\\u0000");
	CHECK(!meta_annotation(&s.annotated, "nul")->value);
	CHECK_STR(meta_annotation(&s.annotated, "bytes")->value, "a?" "?(");
}

TEST("annotations whose keys are the same, or become it, are no reason either")
{
	static const char *const odd[] = {"\"x\":\"1\",\"x\":\"2\"", "\"a\\u0000\":\"1\",\"a\\ufffd\":\"2\"",
					  "\"a\xff\":\"1\",\"a\xfe\":\"2\"", "\"\\u0000\":1,\"\\u0000\":2"};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		_free_ char *text = NULL;
		_state_ struct state s = {};

		REQUIRE(asprintf(&text, "{\"id\":\"c\",\"bundle\":\"/b\",\"annotations\":{%s,\"io.reeve.policy\":\"web\"}}",
				 odd[i]) > 0);
		if (!CHECK(parse(text, &s) == 0) || !CHECK_STR(s.policy, "web"))
			printf("#   %s: %s\n", odd[i], error);
		CHECK(s.annotated.annotations_cut);
	}
}

TEST("CRI-O's own annotations are believed before those of the pod's author")
{
	static const char text[] = "{\"id\":\"%s\",\"bundle\":\"/b\",\"annotations\":{"
				   "\"io.kubernetes.cri.container-name\":\"etcd\",\"nerdctl/name\":\"n\","
				   "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.cri-o.ContainerID\":\"c1\"}}";
	char own[400], other[400];
	_state_ struct state s = {}, t = {};

	snprintf(own, sizeof(own), text, "c1");
	snprintf(other, sizeof(other), text, "c2");
	REQUIRE(parse(own, &s) == 0 && parse(other, &t) == 0);
	CHECK_STR(s.name, "app");
	CHECK_STR(t.name, "etcd");
}

TEST("runc's state")
{
	_state_ struct state s = {};

	REQUIRE(
	    parse("{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":4711,"
		  "\"bundle\":\"/run/b\",\"annotations\":{}}",
		  &s) == 0);
	CHECK_STR(s.id, "c1");
	CHECK_STR(s.name, "c1");
	CHECK_STR(s.status, "creating");
	CHECK_INT(s.pid, 4711);
	CHECK_STR(s.bundle, "/run/b");
	CHECK(s.policy == NULL && !state_has_stopped(&s));
}

TEST("crun's state: no annotations, root, status created")
{
	_state_ struct state s = {};

	REQUIRE(parse("{\"ociVersion\":\"1.0\",\"id\":\"c1\",\"pid\":1,\"root\":\"/run/b/rootfs\","
		      "\"bundle\":\"/run/b\",\"status\":\"created\"}",
		      &s) == 0);
	CHECK_INT(s.pid, 1);
	CHECK_STR(s.status, "created");
}

TEST("after the end: no pid, or pid 0")
{
	_state_ struct state s = {}, t = {};

	REQUIRE(parse("{\"id\":\"c\",\"status\":\"stopped\",\"bundle\":\"/b\"}", &s) == 0);
	CHECK_INT(s.pid, STATE_PID_NONE);
	CHECK(state_has_stopped(&s));
	REQUIRE(parse("{\"id\":\"c\",\"pid\":0,\"bundle\":\"/b\"}", &t) == 0);
	CHECK_INT(t.pid, 0);
	CHECK(!state_has_stopped(&t));
}

TEST("annotations: name by what engines write, policy by ours")
{
	_state_ struct state s = {}, t = {}, u = {};

	REQUIRE(parse("{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":2,\"annotations\":{"
		      "\"io.kubernetes.container.name\":\"second\",\"x\":5,"
		      "\"io.kubernetes.cri.container-name\":\"web\","
		      "\"io.reeve.policy\":\"strict\"}}",
		      &s) == 0);
	CHECK_STR(s.name, "web");
	CHECK_STR(s.policy, "strict");
	REQUIRE(
	    parse("{\"id\":\"c\",\"bundle\":\"/b\",\"annotations\":{"
		  "\"io.kubernetes.cri.container-name\":\"a\\u001b[2J\",\"nerdctl/name\":\"n\"}}",
		  &t) == 0);
	CHECK_STR(t.name, "n");
	REQUIRE(parse("{\"id\":\"c\",\"bundle\":\"/b\",\"annotations\":null}", &u) == 0);
	CHECK_STR(u.name, "c");
}

TEST("the repeat annotation can only ask for each")
{
	static const struct {
		const char *value;
		bool each;
	} rows[] = {{"\"each\"", true}, {"\"count\"", false}, {"\"Each\"", false},
		    {"\"\"", false},	{"1", false},		 {"null", false}};
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_state_ struct state s = {};

		snprintf(text, sizeof(text),
			 "{\"id\":\"c\",\"bundle\":\"/b\",\"annotations\":{\"io.reeve.repeat\":%s}}",
			 rows[i].value);
		REQUIRE(parse(text, &s) == 0);
		CHECK_INT(s.repeat_each, rows[i].each);
	}
}

TEST("a policy annotation that is no string is a name that cannot exist")
{
	_state_ struct state s = {};

	REQUIRE(parse("{\"id\":\"c\",\"bundle\":\"/b\",\"annotations\":{\"io.reeve.policy\":1}}", &s) ==
		0);
	CHECK_STR(s.policy, "(not a string)");
}

TEST("unknown keys of any type are passed over")
{
	CHECK_INT(refused("{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":2,\"x\":[[{}]],\"y\":null,"
			  "\"\":{\"pid\":-5},\"PID\":\"no\"}"),
		  0);
}

TEST("what is wrong is refused with what was expected")
{
	static const struct {
		const char *text;
		int r;
	} bad[] = {
	    {"", -EINVAL},
	    {" ", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":2", -EINVAL},
	    {"[]", -EINVAL},
	    {"5", -EINVAL},
	    {"null", -EINVAL},
	    {"{}", -EINVAL},
	    {"{\"id\":\"\",\"bundle\":\"/b\"}", -EINVAL},
	    {"{\"id\":\"../x\",\"bundle\":\"/b\"}", -EINVAL},
	    {"{\"id\":7,\"bundle\":\"/b\"}", -EINVAL},
	    {"{\"id\":\"c\"}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"b\"}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":[]}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":\"2\"}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":-1}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":2147483648}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":1.5}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":null}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"annotations\":[]}", -EINVAL},
	    {"{\"id\":\"c\",\"id\":\"d\",\"bundle\":\"/b\"}", -EINVAL},
	    {"{\"id\":\"c\",\"bundle\":\"/b\",\"status\":\"0123456789abcdef\"}", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!CHECK_INT(refused(bad[i].text), bad[i].r))
			printf("#   %s\n", bad[i].text);
		CHECK(error[0] != '\0');
	}
}

TEST("pid at its bound, bundle and size at and over theirs")
{
	_free_ char *text = malloc(STATE_SIZE_MAX + 2);
	char longer[PATH_MAX + 64];
	_state_ struct state s = {};
	size_t len;

	CHECK_INT(refused("{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":2147483647}"), 0);
	len = (size_t)sprintf(longer, "{\"id\":\"c\",\"bundle\":\"/");
	memset(longer + len, 'x', PATH_MAX - 2);
	strcpy(longer + len + PATH_MAX - 2, "\"}");
	CHECK_INT(refused(longer), 0);
	strcpy(longer + len + PATH_MAX - 2, "x\"}");
	longer[len + PATH_MAX - 2] = 'x';
	CHECK_INT(refused(longer), -EINVAL);
	len = (size_t)sprintf(text, "{\"id\":\"c\",\"bundle\":\"/b\"}");
	memset(text + len, ' ', STATE_SIZE_MAX + 1 - len);
	CHECK_INT(state_parse(text, STATE_SIZE_MAX, &s, error, sizeof(error)), 0);
	state_release(&s);
	CHECK_INT(state_parse(text, STATE_SIZE_MAX + 1, &s, error, sizeof(error)), -E2BIG);
}

TEST("deep nesting costs no stack")
{
	_free_ char *text = malloc(1 << 20);
	_state_ struct state s = {};

	memset(text, '[', 1 << 20);
	CHECK_INT(state_parse(text, 1 << 20, &s, error, sizeof(error)), -E2BIG);
}

static bool parse_full(void)
{
	return refused("{\"id\":\"c\",\"bundle\":\"/b\",\"pid\":2,\"annotations\":{"
		       "\"io.reeve.policy\":\"p\",\"nerdctl/name\":\"n\"}}") == 0;
}

TEST("every allocation may fail")
{
	tap_each_malloc(parse_full);
}
