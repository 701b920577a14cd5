// SPDX-License-Identifier: Apache-2.0
/* One policy and one question at a time: the sentences of docs/policy.md, versions, limits. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "tests/unit/policy/text.h"
#include "tests/unit/tap.h"

#define ENFORCE(rules) "{'name':'e','mode':'enforce','rules':[" rules "]}"
#define AUDIT(rules) "{'name':'w','mode':'audit','rules':[" rules "]}"
#define DENY(path) "{'subject':'file','path':'" path "','action':'deny'}"
#define ALLOW(path) "{'subject':'file','path':'" path "','action':'allow'}"

static struct policy_image image; /* the last one compiled */
static char error[POLICY_ERROR_MAX];

/* Of the texts, NULL at the end; the result of policy_compile. */
static int compile(const char *first, ...)
{
	struct policy *list[POLICY_LIST_MAX];
	va_list args;
	size_t n = 0;
	int r;

	policy_image_release(&image);
	*error = '\0';
	va_start(args, first);
	for (const char *text = first; text; text = va_arg(args, const char *))
		list[n++] = text_read(text);
	va_end(args);
	r = policy_compile((const struct policy *const *)list, n, &image, error, sizeof(error));
	while (n > 0)
		policy_free(list[--n]);
	return r;
}

#define COMPILE(...)                                                                               \
	do {                                                                                       \
		REQUIRE(compile(__VA_ARGS__, NULL) == 0);                                          \
	} while (0)

static struct policy_answer ask(unsigned subject, uint32_t access, const char *text)
{
	return policy_decide(
	    &image, &(struct policy_question){
			.subject = subject, .access = access, .text = text, .len = strlen(text)});
}

static struct policy_answer ask_number(unsigned subject, uint32_t which)
{
	return policy_decide(
	    &image, &(struct policy_question){.subject = subject, .access = 1, .which = which});
}

static struct policy_answer ask_address(uint32_t access, int family, const char *addr,
					uint16_t port, uint8_t protocol)
{
	uint8_t bytes[16] = {0}, text[RV_ADDRESS_TEXT];

	CHECK_INT(inet_pton(family, addr, bytes), 1);
	policy_address(family, bytes, port, text);
	return policy_decide(&image, &(struct policy_question){.subject = RV_SUBJECT_NETWORK,
							       .access = access,
							       .protocol = protocol,
							       .text = text,
							       .len = sizeof(text)});
}

static void is(struct policy_answer a, unsigned action, uint32_t rule, int err)
{
	CHECK_INT(a.action, action);
	CHECK_INT(a.rule, rule);
	CHECK_INT(a.error, err);
}

#define FILE_IS(access, path, ...) is(ask(RV_SUBJECT_FILE, access, path), __VA_ARGS__)

TEST("decide: the rules are asked in the order of the file")
{
	COMPILE(ENFORCE(ALLOW("/a/b") "," DENY("/a/*")));
	FILE_IS(RV_DO_READ, "/a/b", RV_ACT_ALLOW, 1, 0);
	FILE_IS(RV_DO_READ, "/a/c", RV_ACT_DENY, 2, EACCES);
	COMPILE(ENFORCE(DENY("/a/*") "," ALLOW("/a/b")));
	FILE_IS(RV_DO_READ, "/a/b", RV_ACT_DENY, 1, EACCES);
}

TEST("decide: of each access the first rule whose conditions hold")
{
	COMPILE(
	    ENFORCE("{'subject':'file','path':'/a','access':'read','action':'allow'},"
		    "{'subject':'file','path':'/a','access':['write','delete'],'action':'deny',"
		    "'errno':'EROFS','when':{'exec':'/bin/x'}},"
		    "{'subject':'file','path':'/a','access':['write','link'],'action':'audit'}"));
	FILE_IS(RV_DO_READ, "/a", RV_ACT_ALLOW, 1, 0);
	FILE_IS(RV_DO_WRITE, "/a", RV_ACT_AUDIT, 3, 0);
	FILE_IS(RV_DO_DELETE, "/a", RV_ACT_ALLOW, 0, 0);
	is(policy_decide(&image,
			 &(struct policy_question){.subject = RV_SUBJECT_FILE,
						   .access = RV_DO_WRITE,
						   .when = policy_when(&image, 0, "/bin/x", 6),
						   .text = "/a",
						   .len = 2}),
	   RV_ACT_DENY, 2, EROFS);
	COMPILE(ENFORCE("{'subject':'network','protocol':'udp','port':53,'action':'allow'},"
			"{'subject':'network','port':53,'action':'deny'}"));
	is(ask_address(RV_DO_SEND, AF_INET, "10.0.0.1", 53, IPPROTO_UDP), RV_ACT_ALLOW, 1, 0);
	is(ask_address(RV_DO_SEND, AF_INET, "10.0.0.1", 53, IPPROTO_TCP), RV_ACT_DENY, 2, EACCES);
	is(ask_address(RV_DO_SEND, AF_INET6, "2001:db8::1", 53, 0), RV_ACT_DENY, 2, EACCES);
	is(ask_address(RV_DO_SEND, AF_INET, "10.0.0.1", 54, 0), RV_ACT_ALLOW, 0, 0);
}

static struct policy_answer ask_tag(uint32_t access, const char *path, uint32_t state, const char *tag)
{
	return policy_decide(&image, &(struct policy_question){.subject = RV_SUBJECT_FILE,
							       .access = access,
							       .tag_state = state,
							       .tag = policy_tag(&image, tag, strlen(tag)),
							       .text = path,
							       .len = strlen(path)});
}

TEST("decide: tag holds for files that have it; without, beside, settled, unknown")
{
	const struct rv_table *head;

	COMPILE(ENFORCE("{'subject':'file','tag':'pub*','access':'read','action':'allow'},"
			"{'subject':'file','tag':'{secret,top/**}','action':'deny','errno':'EPERM'},"
			"{'subject':'exec','tag':'**','action':'audit'},"
			"{'subject':'file','path':'/srv/**','action':'deny'}"));
	head = image.value;
	CHECK_INT(head->asked[RV_SUBJECT_TAG], RV_DO_READ | RV_DO_WRITE | RV_TAG_ASKED_EXEC);
	CHECK_INT(head->tags_n, 3);
	is(ask_tag(RV_DO_READ, "/srv/a", RV_TAG_KNOWN, "public"), RV_ACT_ALLOW, 1, 0);
	is(ask_tag(RV_DO_WRITE, "/srv/a", RV_TAG_KNOWN, "public"), RV_ACT_DENY, 4, EACCES);
	is(ask_tag(RV_DO_READ, "/a", RV_TAG_KNOWN, "top/x/y"), RV_ACT_DENY, 2, EPERM);
	is(ask_tag(RV_DO_READ, "/a", RV_TAG_KNOWN, "secrets"), RV_ACT_ALLOW, 0, 0);
	is(ask_tag(RV_DO_READ, "/a", RV_TAG_BESIDE, "secret"), RV_ACT_ALLOW, 0, 0);
	is(ask_tag(RV_DO_READ, "/srv/a", RV_TAG_BESIDE, "public"), RV_ACT_DENY, 4, EACCES);
	is(ask_tag(RV_DO_WRITE, "/srv/a", RV_TAG_SETTLED, "secret"), RV_ACT_ALLOW, 0, 0);
	CHECK(!ask_tag(RV_DO_WRITE, "/srv/a", RV_TAG_SETTLED, "").tag_missed);
	CHECK(!ask_tag(RV_DO_READ, "/a", RV_TAG_KNOWN, "").tag_missed);
	CHECK(ask_tag(RV_DO_READ, "/a", RV_TAG_UNKNOWN, "").tag_missed);
	CHECK(!ask_tag(RV_DO_DELETE, "/a", RV_TAG_UNKNOWN, "").tag_missed);
	is(ask_tag(RV_DO_READ, "/srv/a", RV_TAG_UNKNOWN, "public"), RV_ACT_DENY, 4, EACCES);
	COMPILE(ENFORCE(DENY("/a")));
	CHECK_INT(((struct rv_table *)image.value)->asked[RV_SUBJECT_TAG], 0);
}

TEST("decide: when holds for the executable, with children for what it starts")
{
	uint32_t nginx, child;

	COMPILE(ENFORCE("{'subject':'exec','path':'/bin/sh','action':'deny',"
			"'when':{'exec':'/usr/sbin/*','children':true}},"
			"{'subject':'exec','path':'/bin/ls','action':'deny',"
			"'when':{'exec':'/usr/sbin/*'}}"));
	nginx = policy_when(&image, 0, "/usr/sbin/nginx", 15);
	child = policy_when(&image, nginx, "/bin/ls", 7);
	CHECK_INT(nginx, 3);
	CHECK_INT(child, 1);
	CHECK_INT(policy_when(&image, 0, "/bin/ls", 7), 0);
	CHECK_INT(((struct rv_table *)image.value)->children, 1);
}

TEST("decide: if no rule does, the defaults of the subject")
{
	COMPILE("{'name':'d','mode':'enforce','defaults':{'file':'audit','exec':{'action':'deny',"
		"'errno':'ENOENT'},'kernel':'deny'},'rules':[" ALLOW("/a/**") "]}");
	FILE_IS(RV_DO_READ, "/a/x", RV_ACT_ALLOW, 1, 0);
	FILE_IS(RV_DO_READ, "/b", RV_ACT_AUDIT, 0, 0);
	is(ask(RV_SUBJECT_EXEC, 1, "/bin/sh"), RV_ACT_DENY, 0, ENOENT);
	is(ask(RV_SUBJECT_UNIX, 1, "@x"), RV_ACT_ALLOW, 0, 0);
	is(ask_number(RV_SUBJECT_KERNEL, RV_KIND_MOUNT), RV_ACT_DENY, 0, EPERM);
	/* What cannot be refused, or is another subject's. */
	is(ask_number(RV_SUBJECT_KERNEL, RV_KIND_FORK), RV_ACT_ALLOW, 0, 0);
	is(ask_number(RV_SUBJECT_KERNEL, RV_KIND_CONNECT), RV_ACT_ALLOW, 0, 0);
	is(ask_number(RV_SUBJECT_CAPABILITY, 21), RV_ACT_ALLOW, 0, 0);
}

TEST("decide: an act that does several things gets the strictest answer")
{
	COMPILE(ENFORCE("{'subject':'file','path':'/a','access':'read','action':'audit'},"
			"{'subject':'file','path':'/a','access':'write','action':'deny'},"
			"{'subject':'file','path':'/a','access':'create','action':'allow'}"));
	FILE_IS(RV_DO_READ | RV_DO_CREATE, "/a", RV_ACT_AUDIT, 1, 0);
	FILE_IS(RV_DO_READ | RV_DO_WRITE | RV_DO_CREATE, "/a", RV_ACT_DENY, 2, EACCES);
}

TEST("decide: several policies decide each by itself, the strictest counts; audit never denies")
{
	COMPILE(ENFORCE(ALLOW("/a")), AUDIT(DENY("/*")),
		ENFORCE("{'subject':'file','path':'/b',"
			"'action':'deny'}"));
	FILE_IS(RV_DO_READ, "/a", RV_ACT_WOULD_DENY, 2, EACCES);
	FILE_IS(RV_DO_READ, "/b", RV_ACT_DENY, 3, EACCES);
	FILE_IS(RV_DO_READ, "/c", RV_ACT_WOULD_DENY, 2, EACCES);
	CHECK_STR(((struct rv_table *)image.value)->name, "e+w+e");
	CHECK_INT(((struct rv_table *)image.value)->flags & RV_POLICY_ENFORCE, RV_POLICY_ENFORCE);
	COMPILE(AUDIT("{'subject':'file','path':'/a','action':'audit'}"), AUDIT(DENY("/a")));
	FILE_IS(RV_DO_READ, "/a", RV_ACT_WOULD_DENY, 2, EACCES); /* stricter than audit */
	CHECK_INT(((struct rv_table *)image.value)->flags & RV_POLICY_ENFORCE, 0);
}

TEST("decide: loopback is also what the kernel takes for it")
{
	COMPILE(ENFORCE("{'subject':'network','cidr':'127.0.0.0/8','action':'deny'}"));
	is(ask_address(1, AF_INET, "0.0.0.0", 1, 0), RV_ACT_DENY, 1, EACCES);
	is(ask_address(1, AF_INET6, "::", 1, 0), RV_ACT_DENY, 1, EACCES);
	is(ask_address(1, AF_INET6, "::1", 1, 0), RV_ACT_ALLOW, 0, 0);
	COMPILE(ENFORCE("{'subject':'network','cidr':'::1','action':'deny'}"));
	is(ask_address(1, AF_INET6, "::", 1, 0), RV_ACT_DENY, 1, EACCES);
	is(ask_address(1, AF_INET, "0.0.0.0", 1, 0), RV_ACT_ALLOW, 0, 0);
	COMPILE(ENFORCE("{'subject':'network','cidr':'::/0','action':'deny'}"));
	is(ask_address(1, AF_INET6, "2001:db8::1", 1, 0), RV_ACT_DENY, 1, EACCES);
	is(ask_address(1, AF_INET, "10.0.0.1", 1, 0), RV_ACT_ALLOW, 0, 0);
}

static uint32_t version(const char *text)
{
	CHECK_INT(compile(text, NULL), 0);
	return image.value ? ((struct rv_table *)image.value)->version : 0;
}

TEST("version: equal rules and names are equal bytes, whatever the text; order and names matter")
{
	struct policy_image before;
	uint32_t base = version(ENFORCE(ALLOW("/a") "," DENY("/*")));

	before = image;
	image = (struct policy_image){0};
	CHECK(base != 0);
	CHECK_INT(version(ENFORCE("{ 'action': 'allow', 'path': '/a', 'subject': 'file',\n"
				  " 'reason': 'why' } , " DENY("/*"))),
		  base);
	CHECK(image.size == before.size && memcmp(image.value, before.value, image.size) == 0);
	policy_image_release(&before);
	/* Another glob of the same paths is the same automaton. */
	CHECK_INT(version(ENFORCE(ALLOW("/[a]") "," DENY("/{*}"))), base);
	CHECK(version(ENFORCE(DENY("/*") "," ALLOW("/a"))) != base);
	CHECK(version(AUDIT(ALLOW("/a") "," DENY("/*"))) != base);
	CHECK(version("{'name':'f','mode':'enforce','rules':[" ALLOW("/a") "," DENY("/*") "]}") !=
	      base);
	CHECK(version(ENFORCE(ALLOW("/a") "," DENY("/**"))) != base);
}

static struct policy *kinds[2]; /* one of each kind of rule, and one beside it */

static bool compile_kinds(void)
{
	struct policy_image out = {0};
	char why[POLICY_ERROR_MAX];
	int r = policy_compile((const struct policy *const *)kinds, 2, &out, why, sizeof(why));

	CHECK(r == 0 || (r == -ENOMEM && !out.value && strcmp(why, "out of memory") == 0));
	policy_image_release(&out);
	return r == 0;
}

TEST("compile: every allocation may fail")
{
	kinds[0] =
	    text_read("{'name':'k','mode':'enforce','defaults':{'unix':'deny'},'rules':["
		      "{'subject':'exec','path':'/**/{a,b}','action':'deny','when':{'exec':'/x*'}},"
		      "{'subject':'file','path':'/a?/**','access':'read','action':'audit'},"
		      "{'subject':'network','cidr':'10.0.0.0/8','port':'80-999','action':'deny'},"
		      "{'subject':'memory','access':'exec','action':'deny'},"
		      "{'subject':'capability','capability':'all','action':'deny'},"
		      "{'subject':'kernel','kind':['bpf','mount'],'action':'deny'}]}");
	kinds[1] = text_read(AUDIT(DENY("/**")));
	tap_each_malloc(compile_kinds);
	policy_free(kinds[0]);
	policy_free(kinds[1]);
}

/* n rules of their own lines, rule(i, ...) each. */
static char *rules(unsigned n, const char *fmt)
{
	size_t size = 128 + n * 160, len;
	char *text = malloc(size), one[160];

	len = (size_t)snprintf(text, size, "{'name':'many','mode':'audit','rules':[\n");
	for (unsigned i = 1; i <= n; i++) {
		char *at = strchr(strcpy(one, fmt), '#');

		len += (size_t)snprintf(text + len, size - len, "%.*s%u%s%s\n", (int)(at - one),
					one, i, at + 1, i < n ? "," : "]}");
	}
	return text;
}

TEST("compile: 64 rules for one name, 31 conditions, 16 policies, and no more")
{
	static const char by_protocol[] = "{'subject':'network','protocol':#,'action':'deny'}";
	_free_ char *most = rules(RV_LIST_MAX, by_protocol);
	_free_ char *more = rules(RV_LIST_MAX + 1, by_protocol);
	_free_ char *whens = rules(16, "{'subject':'exec','path':'/a','action':'deny',"
				       "'when':{'exec':'/bin/#'}}");
	_free_ char *others = rules(15, "{'subject':'exec','path':'/a','action':'deny',"
					"'when':{'exec':'/sbin/#'}}");
	_free_ char *last = rules(1, "{'subject':'exec','path':'/a','action':'deny',"
				     "'when':{'exec':'/opt/#'}}");
	const struct policy *list[POLICY_LIST_MAX + 1] = {0};

	COMPILE(most);
	CHECK_INT(compile(more, NULL), -E2BIG);
	CHECK_STR(error, "policy many, rule in line 66: more than 64 rules apply to one name; use "
			 "fewer that overlap");
	COMPILE(whens, others, whens); /* equal ones are one */
	CHECK_INT(((struct rv_table *)image.value)->whens_n, POLICY_WHEN_MAX);
	CHECK_INT(compile(whens, others, last, NULL), -E2BIG);
	CHECK_STR(error, "policy many, rule in line 2: more than 31 different \"when\" for one "
			 "container; use fewer");
	CHECK_INT(policy_compile(list, 0, &image, error, sizeof(error)), -EINVAL);
	CHECK_INT(policy_compile(list, POLICY_LIST_MAX + 1, &image, error, sizeof(error)), -EINVAL);
	CHECK_STR(error, "17 policies for one container, expected 1 to 16");
}

TEST("compile: the rule by which a table gets too large is named")
{
	CHECK_INT(compile("{'name':'big','mode':'audit','rules':[\n" DENY("/a/**") ",\n" DENY(
			      "/**a????????????????????[!x]/b") "]}",
			  NULL),
		  -E2BIG);
	CHECK_STR(error, "policy big, rule in line 3: with it the table goes over 786432 states or "
			 "16777216 bytes (up to line 2 it needs 5 states, 2208 bytes); use fewer "
			 "\"**\" inside of paths");
	CHECK_INT(compile("{'name':'big','mode':'audit','rules':[\n{'subject':'exec','path':'/a',"
			  "'action':'deny','when':{'exec':'/**a????????????????????[!x]/b'}}]}",
			  NULL),
		  -E2BIG);
	CHECK_STR(error, "policy big, \"when\" in line 2: with it the table goes over 786432 "
			 "states or 16777216 bytes; use fewer \"**\" inside of paths");
}

TEST("compile: names of many policies are joined, and cut whole")
{
	char text[2][160];

	snprintf(text[0], sizeof(text[0]), "{'name':'%060d','mode':'audit','rules':[]}", 7);
	snprintf(text[1], sizeof(text[1]), "{'name':'b','mode':'audit','rules':[]}");
	COMPILE(text[0], text[1], text[1]);
	CHECK_STR(((struct rv_table *)image.value)->name,
		  "0000000000000000000000000000000000000000000000000000000+2 more");
	snprintf(text[0], sizeof(text[0]), "{'name':'%050d','mode':'audit','rules':[]}", 7);
	COMPILE(text[0], text[1]);
	CHECK_INT(strlen(((struct rv_table *)image.value)->name), 52);
	policy_image_release(&image);
}
