/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that never decide: hand-made ones, and the promise that none of those told ever does. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/policy/automaton.h"
#include "sidecar/policy/shadow.h"
#include "tests/unit/policy/text.h"
#include "tests/unit/tap.h"

struct told {
	const struct policy *p;
	char text[256]; /* "3<1 4<1": rule 3 because of rule 1, ... */
	bool rule[32];
};

static int tell(void *arg, const struct policy_rule *rule, const struct policy_rule *by)
{
	struct told *t = arg;
	size_t at = strlen(t->text), i = (size_t)(rule - t->p->rules);

	if (i < ARRAY_SIZE(t->rule))
		t->rule[i] = true;
	snprintf(t->text + at, sizeof(t->text) - at, "%s%zu<%d", at ? " " : "", i + 1,
		 (int)(by - t->p->rules) + 1);
	return 0;
}

static void shadowed(const char *rules, const char *want)
{
	_policy_ struct policy *p = text_read(rules);
	struct told t = {.p = p};

	REQUIRE(p != NULL);
	CHECK_INT(policy_shadowed(p, tell, &t), 0);
	CHECK_STR(t.text, want);
}

#define R(subject, more) "{'subject':'" subject "','action':'deny'," more "}"
#define F(path) R("file", "'path':'" path "'")
#define FA(path, access) R("file", "'path':'" path "','access':" access)
#define WHEN(exec) ",'when':{'exec':'" exec "'}"

TEST("shadow: paths behind wider ones, not before them")
{
	shadowed(POLICY(F("/etc/**") "," F("/etc/shadow") "," F("/etc") "," F("/e?c/s*")), "2<1");
	shadowed(POLICY(F("/etc/shadow") "," F("/etc/**")), "");
	shadowed(POLICY(F("/a*") "," F("/b*") "," F("/{a,b}x")), "3<1");
	shadowed(POLICY(F("/[a-m]*") "," F("/[!a-m]*") "," F("/?*")), "3<1");
	shadowed(POLICY(R("exec", "'path':'/**'") "," F("/a") "," R("exec", "'path':'/a'")), "3<1");
	shadowed(POLICY(R("unix", "'path':'@**'") "," R("unix", "'path':'@x'") "," R(
		     "unix", "'path':'/x'")),
		 "2<1");
}

TEST("shadow: tags: behind the same one, or a rule for any file")
{
	shadowed(POLICY(R("file", "'tag':'a'") "," R("file", "'path':'/x','tag':'a','access':'read'") "," FA(
		     "/x", "'read'")),
		 "2<1");
	shadowed(POLICY(F("/**") "," R("file", "'path':'/x','tag':'a'")), "2<1");
	shadowed(POLICY(R("file", "'tag':'a'" WHEN("/b")) "," R("file", "'path':'/x','tag':'a'") "," R(
		     "file", "'path':'/y','tag':'a'" WHEN("/b"))),
		 "3<1");
	shadowed(POLICY(R("file", "'tag':'a'") "," R("file", "'tag':'b'") "," F("/x")), "");
}

TEST("shadow: access by access")
{
	shadowed(POLICY(FA("/a/**", "'read'") "," F("/a/b")), "");
	shadowed(POLICY(FA("/a/**", "['read','write']") "," FA("/a/b", "'read'")), "2<1");
	shadowed(
	    POLICY(FA("/a*", "'read'") "," FA("/a?", "'write'") "," FA("/ab", "['write','read']")),
	    "3<1");
}

TEST("shadow: conditions take only from the same")
{
	shadowed(POLICY(R("file", "'path':'/a*'" WHEN("/x")) "," F("/ab")), "");
	shadowed(POLICY(F("/a*") "," R("file", "'path':'/ab'" WHEN("/x"))), "2<1");
	shadowed(POLICY(R("file", "'path':'/a*'" WHEN("/x")) "," R(
		     "file", "'path':'/ab'" WHEN("/x")) "," R("file", "'path':'/ab'" WHEN("/y"))),
		 "2<1");
}

TEST("shadow: addresses inside single earlier ones")
{
#define C(cidr, more) R("network", "'cidr':'" cidr "'" more)
	shadowed(POLICY(C("10.0.0.0/9", "") "," C("10.1.0.0/16", ",'port':80") "," C(
		     "10.128.0.0/16", "") "," C("10.0.0.0/8", "")),
		 "2<1");
	shadowed(POLICY(C("10.0.0.0/9", "") "," C("10.64.0.0/10", "")), "2<1");
	shadowed(POLICY(R("network", "'port':'0-1023'") "," C("::1", ",'port':80") "," C(
		     "::1", ",'port':'1000-1024'")),
		 "2<1");
	shadowed(POLICY(R("network",
			  "'protocol':'tcp'") "," C("::1", "") "," C("::1", ",'protocol':'tcp'")),
		 "3<1");
	shadowed(POLICY(C("::/0", "") "," C("10.0.0.1", "") "," C("::1", "")), "3<1");
	/* direction by direction, but not address by address */
	shadowed(POLICY(C("10.0.0.0/8", ",'direction':'bind'") "," C(
		     "10.0.0.0/8", ",'direction':['send','connect']") "," C("10.0.0.0/24", "")),
		 "3<1");
	shadowed(POLICY(C("10.0.0.0/9", "") "," C("10.128.0.0/9", "") "," C("10.0.0.0/8", "")), "");
}

TEST("shadow: capabilities, kinds, memory")
{
	shadowed(
	    POLICY(R("capability", "'capability':['chown','kill']") "," R(
		"capability",
		"'capability':['chown','fowner']") "," R("capability",
							 "'capability':'kill'") "," R("capability",
										      "'capability'"
										      ":'all'")),
	    "3<1");
	shadowed(POLICY(R("kernel", "'kind':'bpf'") "," R("kernel", "'kind':'module'") "," R(
		     "kernel", "'kind':['bpf','module']")),
		 "3<1");
	shadowed(POLICY("{'subject':'memory','action':'audit'}," R("memory", "'access':'exec'")),
		 "2<1");
}

static unsigned seed = 7;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static size_t random_rules(char *text)
{
	static const char *const parts[] = {"a", "b",	 "ab",	 "*",	  "**",
					    "?", "[ab]", "[!a]", "{a,bb}"};
	static const char *const access[] = {"read", "write", "link"};
	size_t at = (size_t)sprintf(text, "{'name':'r','mode':'audit','rules':["), n = 2 + rnd(7);

	for (size_t i = 0; i < n; i++) {
		at += (size_t)sprintf(text + at, "%s{'subject':'file','action':'deny','path':'/",
				      i ? "," : "");
		for (unsigned k = 1 + rnd(2); k > 0; k--)
			at += (size_t)sprintf(text + at, "%s", parts[rnd(ARRAY_SIZE(parts))]);
		at += (size_t)sprintf(text + at, "','access':'%s'%s}", access[rnd(3)],
				      rnd(4) ? "" : ",'when':{'exec':'/x'}");
	}
	strcpy(text + at, "]}");
	return n;
}

static uint32_t matched(void *arg, const uint32_t *numbers, size_t n)
{
	(void)arg;
	(void)numbers;
	return n > 0;
}

static bool matches(const char *glob, const char *path)
{
	struct builder *b = builder_new();
	struct automaton a = {0};
	const char *why;
	size_t at;
	bool hit;

	builder_add(b, glob, strlen(glob), 0, &at, &why);
	builder_build(b, 10000, matched, NULL, &a);
	hit = automaton_match(&a, path, strlen(path));
	automaton_release(&a);
	builder_free(b);
	return hit;
}

/* Which rule decides an access of a process to which /x does, or does not, apply. */
static void decide(const struct policy *p, const char *path, bool deciding[32])
{
	bool hit[32];

	for (size_t i = 0; i < p->rules_n; i++)
		hit[i] = matches(p->rules[i].path, path);
	for (unsigned x = 0; x < 2; x++) {
		uint32_t taken = 0;

		for (size_t i = 0; i < p->rules_n; i++) {
			if (!hit[i] || (p->rules[i].when && !x))
				continue;
			deciding[i] |= (p->rules[i].access & ~taken) != 0;
			taken |= p->rules[i].access;
		}
	}
}

/* All texts of up to four of these bytes behind a '/': enough to tell such rules apart. */
static void decide_all(const struct policy *p, bool deciding[32])
{
	static const char letters[] = "ab/c";

	for (unsigned len = 0; len <= 4; len++) {
		for (unsigned n = 0; n < 1u << 2 * len; n++) {
			char path[8] = "/";

			for (unsigned i = 0; i < len; i++)
				path[1 + i] = letters[n >> 2 * i & 3];
			decide(p, path, deciding);
		}
	}
}

TEST("shadow: random rules: told are those that no path of all short ones asks")
{
	unsigned told = 0, rounds = 0;

	while (rounds < 60) {
		char text[2048], error[POLICY_ERROR_MAX];
		bool deciding[32] = {false};
		_policy_ struct policy *p = NULL;
		struct told t = {0};

		random_rules(text);
		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		if (policy_parse(text, strlen(text), "p", &p, error, sizeof(error)) < 0)
			continue; /* the same rule twice */
		t.p = p;
		CHECK_INT(policy_shadowed(p, tell, &t), 0);
		decide_all(p, deciding);
		for (size_t i = 0; i < p->rules_n; i++) {
			if (!CHECK(t.rule[i] == !deciding[i]))
				printf("#   rule %zu of %s\n", i + 1, text);
			told += t.rule[i];
		}
		rounds++;
	}
	printf("# %u rules told in %u policies\n", told, rounds);
	CHECK(told > 10);
}

static int stop(void *arg, const struct policy_rule *rule, const struct policy_rule *by)
{
	(void)arg;
	(void)rule;
	(void)by;
	return -EINTR;
}

TEST("shadow: what the caller returns ends it; globs that explode are said to")
{
	_policy_ struct policy *p = text_read(POLICY(F("/**") "," F("/a")));
	char text[8192];
	int at = sprintf(text, "{'name':'e','mode':'audit','rules':[");
	_policy_ struct policy *big = NULL;

	REQUIRE(p != NULL);
	CHECK_INT(policy_shadowed(p, stop, NULL), -EINTR);
	for (unsigned i = 0; i < 40; i++)
		at += sprintf(text + at,
			      "%s" F("/**/%c*%u[a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z]/**"),
			      i ? "," : "", 'a' + i % 26, i);
	strcpy(text + at, "]}");
	big = text_read(text);
	REQUIRE(big != NULL);
	CHECK_INT(policy_shadowed(big, stop, NULL), -E2BIG);
}

static struct policy *for_memory;

static bool check_for_memory(void)
{
	struct told t = {.p = for_memory};

	return policy_shadowed(for_memory, tell, &t) == 0;
}

TEST("shadow: every allocation may fail")
{
	_policy_ struct policy *p =
	    text_read(POLICY(F("/a/*") "," F("/{a/b,c}") "," R("memory", "'access':'exec'")));

	for_memory = p;
	REQUIRE(p != NULL);
	tap_each_malloc(check_for_memory);
}
