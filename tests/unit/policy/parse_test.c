/* SPDX-License-Identifier: Apache-2.0 */
/* The document: its head, its bounds, and the place of every mistake in it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"
#include "tests/unit/policy/text.h"
#include "tests/unit/tap.h"

TEST("policy: a head with every key")
{
	_policy_ struct policy *p = text_read(
	    "{'name':'a.b-c_1','mode':'audit','on_unresolvable':'allow','unrecorded':'deny',\n"
	    " // comments are fine\n"
	    "'repeat':'each','selectable':true,\n"
	    "'defaults':{'exec':'deny','kernel':'deny','file':{'action':'deny','errno':'ENOENT'},\n"
	    "            'network':'audit','unix':{'action':'allow'}},'rules':[]}");

	REQUIRE(p != NULL);
	CHECK_STR(p->name, "a.b-c_1");
	CHECK_INT(p->flags, RV_POLICY_UNRECORDED_DENY | RV_POLICY_EACH);
	CHECK(p->selectable);
	CHECK_INT(p->rules_n, 0);
	CHECK_INT(p->defaults[POLICY_EXEC].action, POLICY_DENY);
	CHECK_INT(p->defaults[POLICY_EXEC].error, EACCES);
	CHECK_INT(p->defaults[POLICY_KERNEL].error, EPERM);
	CHECK_INT(p->defaults[POLICY_FILE].error, ENOENT);
	CHECK_INT(p->defaults[POLICY_NETWORK].action, POLICY_AUDIT);
	CHECK_INT(p->defaults[POLICY_NETWORK].error, 0);
	CHECK_INT(p->defaults[POLICY_UNIX].action, POLICY_ALLOW);
	CHECK_INT(p->defaults[POLICY_CAPABILITY].action, POLICY_ALLOW);
}

TEST("policy: what is not said: unresolvable is denied, unrecorded allowed, nothing else denied")
{
	_policy_ struct policy *p = text_read(POLICY(""));

	REQUIRE(p);
	CHECK_INT(p->flags, RV_POLICY_ENFORCE | RV_POLICY_UNRESOLVABLE_DENY);
	CHECK(!p->selectable);
	for (unsigned s = 0; s < RV_SUBJECT_MAX; s++)
		CHECK_INT(p->defaults[s].action, POLICY_ALLOW);
}

#define HEAD(more) "{'name':'a','mode':'audit','rules':[]," more "}"

TEST("policy: mistakes in the head, with their place")
{
	text_refused("{'name':'a',\n 'mod':~'audit','rules':[]}",
		     "found key \"mod\", expected a known one; did you mean \"mode\"?");
	text_refused(HEAD("'colour':~1"),
		     "found key \"colour\", expected one of: name, mode, on_unresolvable, "
		     "unrecorded, repeat, fail, selectable, defaults, match, rules");
	text_refused("~[]", "found an array, expected a policy: "
			    "{\"name\": ..., \"mode\": ..., \"rules\": [...]}");
	text_refused("{'name':~7,'mode':'audit','rules':[]}",
		     "found 7, expected \"name\": \"a name\"");
	text_refused("{'name':~'a b','mode':'audit','rules':[]}",
		     "found \"a b\", expected 1 to 63 letters, digits, '_', '.' or '-'");
	text_refused("~{'mode':'audit','rules':[]}",
		     "found no \"name\", expected \"name\": \"a name\"");
	text_refused("~{'name':'a','rules':[]}",
		     "found no \"mode\", expected \"mode\": \"enforce\" or \"audit\"");
	text_refused("~{'name':'a','mode':'audit'}",
		     "found no \"rules\", expected \"rules\": [...]");
	text_refused("{'name':'a','mode':'audit','rules':~{}}",
		     "found an object, expected \"rules\": [...]");
	text_refused("{'name':'a','mode':~'enfroce','rules':[]}",
		     "found \"enfroce\", expected a known one; did you mean \"enforce\"?");
	text_refused("{'name':'a','mode':~null,'rules':[]}",
		     "found null, expected one of: audit, enforce");
	text_refused(HEAD("'on_unresolvable':~'ask'"),
		     "found \"ask\", expected one of: allow, deny");
	text_refused(HEAD("'unrecorded':~true"), "found true, expected one of: allow, deny");
	text_refused(HEAD("'repeat':~[]"), "found an array, expected one of: count, each");
	text_refused(HEAD("'selectable':~'yes'"), "found \"yes\", expected true or false");
}

TEST("policy: mistakes in the defaults, with their place")
{
	text_refused(HEAD("'defaults':~'deny'"),
		     "found \"deny\", expected {\"file\": \"deny\", ...}");
	text_refused(HEAD("'defaults':{'files':~'deny'}"),
		     "found key \"files\", expected a known one; did you mean \"file\"?");
	text_refused(HEAD("'defaults':{'file':~'refuse'}"),
		     "found \"refuse\", expected one of: allow, audit, deny");
	text_refused(HEAD("'defaults':{'file':~{}}"), "found no \"action\", expected \"action\": "
						      "\"allow\", \"audit\" or \"deny\"");
	text_refused(HEAD("'defaults':{'file':{'action':'deny','errno':~'EWHAT'}}"),
		     "found \"EWHAT\", expected the name of an errno, as \"EACCES\" or \"EPERM\"");
	text_refused(HEAD("'defaults':{'file':{'action':'audit','errno':~'EIO'}}"),
		     "found \"errno\" with \"action\": \"audit\", expected it with \"deny\" alone");
	text_refused(HEAD("'defaults':{'file':{'action':'deny','error':~'EIO'}}"),
		     "found key \"error\", expected a known one; did you mean \"errno\"?");
}

TEST("policy: what is no JSON, or not all of it, with its place")
{
	text_refused("{'name':'a','mode':'audit','rules':[]~",
		     "found no JSON (parse error: premature EOF), expected JSON");
	text_refused("{'name':'a','name':'b'~}",
		     "found member \"name\" twice in the object that ends here, expected it once");
	text_refused("{'name':\n'~\xff','mode':'audit'}", "found byte 0xff, expected UTF-8");
	text_refused("{'name':~'\\u0000'}", "found \\u0000 in a string, expected text without it");
	text_refused(
	    "{'name':'a~\x01','mode':'audit'}",
	    "found no JSON (lexical error: invalid character inside string.), expected JSON");
	text_refused("{'name':~1.5}", "found a fraction or exponent, expected a whole number");
}

TEST("policy: nesting at its bound is read, one more is refused")
{
	char text[JSON_DEPTH_MAX * 2 + 8];

	for (int over = 0; over < 2; over++) {
		int n = JSON_DEPTH_MAX + over;

		memset(text, '[', (size_t)n);
		memset(text + n, ']', (size_t)n);
		text[2 * n] = '\0';
		text_refused(text,
			     over ? "p:1:65: found one more level of nesting, expected at most 64"
				  : "p:1:1: found an array, expected a policy: "
				    "{\"name\": ..., \"mode\": ..., \"rules\": [...]}");
	}
}

TEST("policy: names of 63 bytes are read, of 64 and of none refused")
{
	char text[160], name[65];

	memset(name, 'n', 64);
	name[64] = '\0';
	snprintf(text, sizeof(text), "{'name':~'%s','mode':'audit','rules':[]}", name);
	text_refused(text, "found \"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\", expected "
			   "1 to 63 letters, digits, '_', '.' or '-'");
	snprintf(text, sizeof(text), "{'name':'%s','mode':'audit','rules':[]}", name + 1);
	policy_free(text_read(text));
	text_refused("{'name':~'','mode':'audit','rules':[]}",
		     "found \"\", expected 1 to 63 letters, digits, '_', '.' or '-'");
}

/* n rules that say all there is to say. */
static char *many(size_t n, size_t *ret_len)
{
	size_t size = n * 256 + 256, at;
	char *text = malloc(size);

	at = (size_t)sprintf(text, "{\"name\":\"a\",\"mode\":\"audit\",\"rules\":[");
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(
		    text + at,
		    "%s{\"subject\":\"file\",\"path\":\"/f/%zu\",\"action\":\"deny\",\"errno\":"
		    "\"EIO\",\"access\":[\"read\",\"write\",\"create\",\"delete\",\"attributes\","
		    "\"ioctl\",\"link\"],\"reason\":\"r\",\"when\":{\"exec\":\"/x\",\"children\":"
		    "true}}",
		    i ? "," : "", i);
	*ret_len = at + (size_t)sprintf(text + at, "]}");
	return text;
}

TEST("policy: as many rules as there may be, with every key, and one more")
{
	char error[POLICY_ERROR_MAX] = "";
	struct policy *p = NULL;
	size_t len;
	uint64_t began = util_now_ns();
	_free_ char *most = many(POLICY_RULES_MAX, &len), *more = NULL;

	CHECK(len < POLICY_TEXT_MAX);
	CHECK_INT(policy_parse(most, len, "p", &p, error, sizeof(error)), 0);
	CHECK_STR(error, "");
	REQUIRE(p != NULL);
	printf("# %zu rules, %zu KiB of text read in %llu ms\n", p->rules_n, len >> 10,
	       (unsigned long long)(util_now_ns() - began) / 1000000);
	CHECK_INT(p->rules_n, POLICY_RULES_MAX);
	CHECK_INT(p->whens_n, 1);
	policy_free(p);
	p = NULL;
	more = many(POLICY_RULES_MAX + 1, &len);
	CHECK_INT(policy_parse(more, len, "p", &p, error, sizeof(error)), -EINVAL);
	CHECK_STR(error, "p:1:36: found 16385 rules, expected at most 16384; name several objects "
			 "in one glob, or use several policies");
	CHECK(p == NULL);
}

TEST("policy: a text of 4 MiB is looked at, one byte more is refused")
{
	size_t len = POLICY_TEXT_MAX + 1;
	_free_ char *text = malloc(len);
	char error[POLICY_ERROR_MAX];
	struct policy *p = NULL;

	memset(text, ' ', len);
	CHECK_INT(policy_parse(text, len, "p", &p, error, sizeof(error)), -E2BIG);
	CHECK_STR(error, "p:1:1: found 4194305 bytes, expected at most 4194304");
	memcpy(text, "[]", 2);
	CHECK_INT(policy_parse(text, len - 1, "p", &p, error, sizeof(error)), -EINVAL);
}

static bool read_all_kinds(void)
{
	static const char text[] =
	    "{\"name\":\"a\",\"mode\":\"audit\",\"defaults\":{\"file\":\"deny\"},\"rules\":["
	    "{\"subject\":\"file\",\"path\":\"/{a,b}\",\"action\":\"deny\",\"reason\":\"r\","
	    "\"when\":{\"exec\":\"/x\"}},"
	    "{\"subject\":\"network\",\"cidr\":\"::1\",\"action\":\"audit\"},"
	    "{\"subject\":\"capability\",\"capability\":\"sys_admin\",\"action\":\"allow\","
	    "\"when\":{\"exec\":\"/y\"}},"
	    "{\"subject\":\"kernel\",\"kind\":[\"bpf\",\"module\"],\"action\":\"deny\"}]}";
	char error[POLICY_ERROR_MAX];
	_policy_ struct policy *p = NULL;

	return policy_parse(text, sizeof(text) - 1, "p", &p, error, sizeof(error)) == 0;
}

TEST("policy: every allocation may fail")
{
	tap_each_malloc(read_all_kinds);
}
