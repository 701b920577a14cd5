// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "oci-hooks/runc/insert.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

#define H                                                                                          \
	"{\"path\":\"/r/reeve-hook\",\"args\":[\"reeve-hook\",\"--fail\",\"closed\"],"             \
	"\"env\":[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"],\"timeout\":10}"
#define OTHER "{\"path\":\"/other\"}"

static const char *const hook[] = {"/r/reeve-hook", "--fail", "closed", NULL};
static char error[300];

/* The text made, to free; NULL with *ret_r. */
static char *insert(const char *text, int *ret_r)
{
	char *made = NULL, *copy = NULL;
	size_t len = 0;

	error[0] = '\0';
	*ret_r = insert_hook(text, strlen(text), hook, &made, &len, error, sizeof(error));
	if (*ret_r == 0)
		copy = strndup(made, len);
	free(made);
	return copy;
}

TEST("the hook goes in behind one bracket; every other byte stays")
{
	static const struct {
		const char *before, *after;
	} rows[] = {
	    {"{}", "{\"hooks\":{\"createRuntime\":[" H "]}}"},
	    {" {\n} \n", " {\"hooks\":{\"createRuntime\":[" H "]}\n} \n"},
	    {"{\"ociVersion\":\"1.0\"}\n",
	     "{\"hooks\":{\"createRuntime\":[" H "]},\"ociVersion\":\"1.0\"}\n"},
	    {"{\"hooks\":{}}", "{\"hooks\":{\"createRuntime\":[" H "]}}"},
	    {"{\"a\" : 1,\t\"hooks\" : { \"poststop\":[ ]}}",
	     "{\"a\" : 1,\t\"hooks\" : {\"createRuntime\":[" H "], \"poststop\":[ ]}}"},
	    {"{\"hooks\":{\"createRuntime\":[]}}", "{\"hooks\":{\"createRuntime\":[" H "]}}"},
	    {"{\"hooks\":{\"createRuntime\":[\n  " OTHER ", {\"path\":\"/third\"} ]}}",
	     "{\"hooks\":{\"createRuntime\":[" H ",\n  " OTHER ", {\"path\":\"/third\"} ]}}"},
	    {"{\"\\u0068ooks\":{\"createRuntime\":[" OTHER "]}}",
	     "{\"\\u0068ooks\":{\"createRuntime\":[" H "," OTHER "]}}"},
	    {"{\"x\":{\"hooks\":[]}}",
	     "{\"hooks\":{\"createRuntime\":[" H "]},\"x\":{\"hooks\":[]}}"},
	    {"{\"hooks\": null ,\"x\":1}", "{\"hooks\": {\"createRuntime\":[" H "]} ,\"x\":1}"},
	    {"{\"hooks\":{\"createRuntime\":null}}", "{\"hooks\":{\"createRuntime\":[" H "]}}"},
	    {"{\"a\":\"}]{[\\\"\",\"n\":1e99,\"u\":18446744073709551615,\"z\":\"\\u0000\"}",
	     "{\"hooks\":{\"createRuntime\":[" H "]},"
	     "\"a\":\"}]{[\\\"\",\"n\":1e99,\"u\":18446744073709551615,\"z\":\"\\u0000\"}"},
	    {"{\"hooks\":{\"createContainer\":[{\"path\":\"/r/reeve-hook\"}]}}",
	     "{\"hooks\":{\"createRuntime\":[" H
	     "],\"createContainer\":[{\"path\":\"/r/reeve-hook\"}]}}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_free_ char *after = NULL, *again = NULL;
		int r;

		after = insert(rows[i].before, &r);
		if (!CHECK_INT(r, 0) || !CHECK_STR(after, rows[i].after)) {
			printf("#   text %s: %s\n", rows[i].before, error);
			continue;
		}
		again = insert(after, &r);
		CHECK_INT(r, 1); /* it is there */
		CHECK(again == NULL);
	}
}

TEST("there already, at the stage or the old one, whatever its arguments")
{
	int r;

	CHECK(insert("{\"hooks\":{\"prestart\":[" OTHER ",{\"path\":\"/r/reeve-hook\"}]}}", &r) ==
	      NULL);
	CHECK_INT(r, 1);
	CHECK(insert("{\"hooks\":{\"createRuntime\":[{\"path\":\"/r/reeve-hook\",\"args\":[]}]}}",
		     &r) == NULL);
	CHECK_INT(r, 1);
}

TEST("what is no configuration is refused with its place")
{
	static const struct {
		const char *text;
		int error;
		const char *place;
	} rows[] = {
	    {"", -EINVAL, "1:1:"},
	    {"[]", -EINVAL, "1:1: found no object"},
	    {"\n \"x\"", -EINVAL, "2:2: found no object"},
	    {"{\"a\":1", -EINVAL, "1:7:"},
	    {"{\"a\":1}}", -EINVAL, "1:9:"},
	    {"\xef\xbb\xbf{}", -EINVAL, "1:2:"},
	    {"{\"a\":\"\xff\"}", -EILSEQ, "1:7: found byte 0xff"},
	    {"{\"hooks\":[]}", -EINVAL, "1:10: \"hooks\" is not an object"},
	    {"{\n\"hooks\":\"x\"}", -EINVAL, "2:9: \"hooks\" is not an object"},
	    {"{\"hooks\":{\"createRuntime\":{}}}", -EINVAL,
	     "1:27: \"createRuntime\" is not an array"},
	    {"{\"hooks\":{\"prestart\":5}}", -EINVAL, "1:22: \"prestart\" is not an array"},
	    {"{\"hooks\":{},\"hooks\":{}}", -EINVAL, "1:23: found member \"hooks\" twice"},
	    {"{\"Hooks\":{}}", -EINVAL, "1:10: found \"Hooks\", which runc reads as \"hooks\""},
	    {"{\"hooks\":{\"createruntime\":[]}}", -EINVAL, "1:27: found \"createruntime\""},
	    {"// a comment\n{}", -EINVAL, "1:"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r;

		CHECK(insert(rows[i].text, &r) == NULL);
		if (!CHECK_INT(r, rows[i].error) ||
		    !CHECK(strncmp(error, rows[i].place, strlen(rows[i].place)) == 0))
			printf("#   text %s: %s\n", rows[i].text, error);
	}
}

TEST("the size's bound, and below it")
{
	size_t len = INSERT_SIZE_MAX + 1, made_len;
	char *text = malloc(len), *made = NULL;

	REQUIRE(text != NULL);
	memset(text, ' ', len);
	memcpy(text, "{}", 2);
	CHECK_INT(insert_hook(text, len, hook, &made, &made_len, error, sizeof(error)), -E2BIG);
	CHECK_INT(insert_hook(text, len - 1, hook, &made, &made_len, error, sizeof(error)), 0);
	CHECK(made && memcmp(made + made_len - 100, text + len - 101, 100) == 0);
	free(made);
	free(text);
}

/* A true configuration, cut anywhere or with any byte spoiled: it is refused, or the hook is the
 * only difference. */
static const char whole[] = "{\"ociVersion\":\"1.2.0\",\"process\":{\"user\":{\"uid\":0},\"args\":["
			    "\"sh\",\"-c\",\"\\u00e9\"],"
			    "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":"
			    "18446744073709551615}]},\"hooks\":{\"poststop\":"
			    "[{\"path\":\"/p\"}],\"createRuntime\":[{\"path\":\"/"
			    "nvidia\",\"args\":[\"x\"]}]},\"linux\":{}}";

static bool same_but_for_hook(const char *text, size_t len, const char *made, size_t made_len)
{
	size_t at = 0, added = made_len - len;

	while (at < len && text[at] == made[at])
		at++;
	return made_len > len && memcmp(made + at + added, text + at, len - at) == 0 &&
	       memmem(made, made_len, H, strlen(H)) != NULL;
}

static void try_spoiled(const char *text, size_t len, unsigned *taken)
{
	char *made = NULL;
	size_t made_len;
	int r = insert_hook(text, len, hook, &made, &made_len, error, sizeof(error));

	if (r == 0) {
		(*taken)++;
		CHECK(same_but_for_hook(text, len, made, made_len));
	} else if (!CHECK(r < 0 && error[0] >= '1' && error[0] <= '9')) {
		printf("#   %d %s: %.*s\n", r, error, (int)len, text);
	}
	free(made);
}

TEST("cut anywhere, and with any byte another")
{
	static const char others[] = "\"{}[],:\\x0\x80\n";
	unsigned taken = 0;

	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		try_spoiled(whole, len, &taken);
	CHECK_INT(taken, 0);
	for (size_t at = 0; at < sizeof(whole) - 1; at++)
		for (size_t o = 0; o < sizeof(others) - 1; o++) {
			char *text = strdup(whole);

			text[at] = others[o];
			try_spoiled(text, sizeof(whole) - 1, &taken);
			free(text);
		}
	CHECK(taken > 100); /* many still are configurations */
}

static bool insert_once(void)
{
	char *made = NULL;
	size_t len;
	bool good =
	    insert_hook(whole, sizeof(whole) - 1, hook, &made, &len, error, sizeof(error)) == 0;

	free(made);
	return good;
}

TEST("no memory is told")
{
	tap_each_malloc(insert_once);
}
