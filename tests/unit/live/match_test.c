/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies are for a container, and what its annotation may ask for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/live/list.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static char error[POLICY_ERROR_MAX];

static struct policy *policy(const char *match)
{
	struct policy *p = NULL;
	char text[512];

	snprintf(text, sizeof(text), "{\"name\":\"p\",\"mode\":\"audit\",\"match\":%s,\"rules\":[]}", match);
	error[0] = '\0';
	return policy_parse(text, strlen(text), "f", &p, error, sizeof(error)) < 0 ? NULL : p;
}

static bool matches(const char *match, const struct meta *m)
{
	_policy_ struct policy *p = policy(match);
	bool fit;

	CHECK(p != NULL);
	fit = p && list_matches(p, m);
	return fit;
}

/* meta_release() it. */
static struct meta meta(const char *annotations)
{
	_json_ struct json *j = NULL;
	struct meta m = {.id = "0123abcd", .name = "web-1"};

	if (json_parse(annotations, strlen(annotations), false, &j, error, sizeof(error)) == 0)
		CHECK_INT(meta_take_annotations(&m, j), 0);
	return m;
}

TEST("match: all that is named must fit")
{
	struct meta m = meta("{\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"io.kubernetes.cri.image-name\":"
			     "\"docker.io/library/nginx:1.27\",\"tier\":\"front\",\"io.kubernetes.pod.name\":\"web\"}");

	CHECK(matches("{\"name\":\"web-*\"}", &m));
	CHECK(matches("{\"name\":\"0123abcd\"}", &m));
	CHECK(!matches("{\"name\":\"db-*\"}", &m));
	CHECK(matches("{\"namespace\":\"shop\"}", &m));
	CHECK(!matches("{\"namespace\":\"sho\"}", &m));
	CHECK(matches("{\"image\":\"*nginx:*\"}", &m));
	CHECK(matches("{\"pod\":\"w?b\",\"namespace\":\"s[gh]op\",\"annotations\":{\"tier\":\"front\"}}", &m));
	CHECK(!matches("{\"pod\":\"w?b\",\"namespace\":\"s[gh]op\",\"annotations\":{\"tier\":\"back\"}}", &m));
	CHECK(!matches("{\"annotations\":{\"tier\":\"front\",\"other\":\"*\"}}", &m));
	meta_release(&m);
}

TEST("match: what is not known fits everything, what is not said nothing")
{
	_free_ char *many = malloc(1u << 16);
	struct meta m;
	size_t at = 0;

	m = meta("{\"a\":\"one\\ntwo\",\"b\":\"short\"}");
	CHECK(matches("{\"annotations\":{\"a\":\"x\"}}", &m));
	CHECK(!matches("{\"annotations\":{\"b\":\"x\"}}", &m));
	CHECK(!matches("{\"annotations\":{\"c\":\"*\"}}", &m));
	CHECK(!matches("{\"namespace\":\"*\"}", &m));
	meta_release(&m);
	REQUIRE(many != NULL);
	for (unsigned i = 0; i < META_ANNOTATIONS_MAX + 1; i++)
		at += (size_t)sprintf(many + at, "%c\"k%u\":\"v\"", i ? ',' : '{', i);
	strcpy(many + at, "}");
	m = meta(many);
	CHECK_INT((long long)m.annotations_n, META_ANNOTATIONS_MAX);
	CHECK(m.annotations_cut);
	CHECK(matches("{\"annotations\":{\"k128\":\"x\"}}", &m));
	CHECK(!matches("{\"annotations\":{\"k127\":\"x\"}}", &m));
	CHECK(matches("{\"namespace\":\"x\"}", &m));
	meta_release(&m);
}

TEST("match: what the engine's own files say, as podman and docker have no annotations for it")
{
	struct meta m = meta("{\"io.kubernetes.cri.image-name\":\"forged\"}");

	m.image = strdup("localhost/bb:latest");
	m.pod = strdup("shop");
	CHECK(matches("{\"image\":\"localhost/*\",\"pod\":\"shop\"}", &m));
	CHECK(matches("{\"image\":\"forged\"}", &m));
	CHECK(!matches("{\"pod\":\"web\"}", &m));
	meta_release(&m);
}

TEST("match: another engine's word for it takes nothing away")
{
	struct meta m = meta("{\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.cri.sandbox-namespace\":\"x\","
			     "\"io.kubernetes.container.name\":\"real\"}");

	CHECK(matches("{\"namespace\":\"shop\"}", &m));
	CHECK(matches("{\"namespace\":\"x\"}", &m));
	CHECK(matches("{\"name\":\"real\"}", &m) && matches("{\"name\":\"web-1\"}", &m));
	CHECK(!matches("{\"namespace\":\"y\"}", &m));
	meta_release(&m);
}

TEST("match: a mistake in it is told with its place")
{
	static const struct {
		const char *match, *says;
	} bad[] = {
	    {"{}", "f:1:36: found an object"},
	    {"[]", "f:1:36: found an array"},
	    {"{\"nmespace\":\"x\"}", "namespace"},
	    {"{\"name\":1}", "f:1:44: found 1"},
	    {"{\"name\":\"\"}", "1 to 256 bytes"},
	    {"{\"annotations\":{}}", "a key"},
	    {"{\"annotations\":{\"a\":[]}}", "a glob"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_policy_ struct policy *p = policy(bad[i].match);

		CHECK(p == NULL);
		if (!strstr(error, bad[i].says))
			CHECK_STR(error, bad[i].says);
	}
}

TEST("match: meta keeps the annotations on their way to the agent and the store")
{
	struct meta m = meta("{\"a\":\"one\\ntwo\",\"b\":\"\\\"short\\\"\"}"), again = {};
	_json_out_ struct json_out *o = json_out_new();
	_json_ struct json *j = NULL;
	const char *text;
	size_t len;

	m.cgroup_id = 18;
	strcpy(m.key, "0000000000000012");
	REQUIRE(meta_to_json(&m, o) == 0 && json_out_text(o, &text, &len) == 0);
	REQUIRE(json_parse(text, len, false, &j, error, sizeof(error)) == 0);
	REQUIRE(meta_from_json(j, &again, error, sizeof(error)) == 0);
	CHECK_INT((long long)again.annotations_n, 2);
	CHECK(meta_annotation(&again, "a") && !meta_annotation(&again, "a")->value);
	CHECK_STR(meta_annotation(&again, "b")->value, "\"short\"");
	CHECK(!meta_annotation(&again, "c") && !again.annotations_cut);
	meta_release(&m);
	meta_release(&again);
}

#define P(name, more) "{\"name\":\"" name "\",\"mode\":\"audit\"," more "\"rules\":[]}"

TEST("match: the directory's files by name, those that fit; a broken one that might is an error")
{
	struct meta m = {.id = "web", .name = "web"};
	_list_ struct list l = {}, none = {};
	_dir_ struct dir d = dir_make();
	const char *dir = d.path;

	dir_file(&d, "2.json", P("two", "\"match\":{\"name\":\"w*\"},"));
	dir_file(&d, "1.json", P("one", "\"match\":{\"name\":\"web\"},"));
	dir_file(&d, "3.json", P("three", ""));
	dir_file(&d, "4.json", P("four", "\"match\":{\"name\":\"db\"},\"bad key\":1,"));
	dir_file(&d, ".5.json", P("five", "\"match\":{\"name\":\"web\"},"));
	dir_file(&d, "6.txt", P("six", "\"match\":{\"name\":\"web\"},"));
	CHECK_INT(list_add_matching(&l, dir, &m, true, error, sizeof(error)), 0);
	CHECK_INT(l.n, 2);
	CHECK(l.n == 2 && strcmp(l.of[0].policy->name, "one") == 0 && strcmp(l.of[1].policy->name, "two") == 0);
	CHECK_INT(list_add_matching(&l, dir, &m, true, error, sizeof(error)), 0);
	CHECK_INT(l.n, 2);
	dir_file(&d, "7.json", P("seven", "\"match\":{\"name\":\"web\"},\"bad key\":1,"));
	CHECK_INT(list_add_matching(&none, dir, &m, true, error, sizeof(error)), -EINVAL);
	CHECK(strstr(error, "7.json:1:") != NULL);
	CHECK_INT(list_add_matching(&none, "/nonexistent", &m, true, error, sizeof(error)), 0);
	CHECK_INT(none.n, 2);
	list_release(&none);
	dir_file(&d, "0.json", "{\"match\"");
	CHECK_INT(list_add_matching(&none, dir, &m, false, error, sizeof(error)), 0);
	CHECK_INT(none.n, 2);
}

TEST("match: what fits for sure goes before what may, and is not crowded out by it")
{
	struct meta m = meta("{\"app\":\"not\\ncompared\",\"io.kubernetes.pod.namespace\":\"shop\"}");
	_dir_ struct dir d = dir_make();
	_list_ struct list l = {};
	char name[32];

	for (int i = 0; i < POLICY_LIST_MAX; i++) {
		snprintf(name, sizeof(name), "%02d.json", i);
		dir_file(&d, name, P("maybe", "\"match\":{\"annotations\":{\"app\":\"a\"}},"));
	}
	dir_file(&d, "zz.json", P("sure", "\"match\":{\"namespace\":\"shop\"},"));
	CHECK_INT(list_add_matching(&l, d.path, &m, false, error, sizeof(error)), 0);
	CHECK_INT(l.n, POLICY_LIST_MAX);
	CHECK_STR(l.of[0].policy->name, "sure");
	CHECK(list_drop_unsure(&l));
	CHECK_INT(l.n, 1);
	CHECK_STR(l.of[0].policy->name, "sure");
	CHECK(!list_drop_unsure(&l) && !list_drop_tenants(&l));
	meta_release(&m);
}

/* From what is kept of it, to the same bytes: so `policy show` compares. */
static bool compiles_again(const struct list *l)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image a = {}, b = {};
	_list_ struct list again = {};

	for (unsigned i = 0; i < l->n; i++)
		CHECK_INT(list_add_text(&again, l->of[i].from, l->of[i].file, l->of[i].text,
					l->of[i].len, error, sizeof(error)), 0);
	CHECK(list_compile(l, &a, error, sizeof(error)) == 0 &&
	      list_compile(&again, &b, error, sizeof(error)) == 0);
	return a.size == b.size && memcmp(a.value, b.value, a.size) == 0;
}

TEST("select: a file that a container names is chosen only where it is let")
{
	static const char file[] = "{\"name\":\"chosen\",\"mode\":\"audit\",\"selectable\":true,"
				   "\"match\":{\"name\":\"infra-*\"},\"rules\":[{\"subject\":\"file\","
				   "\"path\":\"/srv/**\",\"action\":\"allow\"},{\"subject\":\"file\","
				   "\"path\":\"/**/x\",\"action\":\"deny\"}]}";
	static const char node[] = "{\"name\":\"node\",\"mode\":\"audit\",\"rules\":[{\"subject\":\"file\","
				   "\"path\":\"/srv/a\",\"action\":\"deny\"}]}";
	struct meta infra = {.name = "infra-1"}, other = {.name = "web"};

	for (int i = 0; i < 2; i++) {
		_list_ struct list l = {};

		CHECK_INT(list_add_text(&l, LIST_HOST, "/default.json", P("default", ""), strlen(P("default", "")),
					error, sizeof(error)), 0);
		CHECK_INT(list_add_text(&l, LIST_NAMED, "/chosen.json", file, strlen(file), error,
					sizeof(error)), 0);
		CHECK_INT(list_add_text(&l, LIST_MATCHED, "/node.json", node, strlen(node), error,
					sizeof(error)), 0);
		list_select(&l, "/default.json", i ? &infra : &other);
		CHECK_INT(l.n, i ? 2 : 3);
		CHECK_INT(l.of[l.n - 2].policy->tenants, !i);
		CHECK_INT(l.of[l.n - 2].from, i ? LIST_CHOSEN : LIST_NAMED);
		CHECK(compiles_again(&l));
	}
}

TEST("select: a file is chosen by what the engine says, not by what a pod's author writes in another's words")
{
	static const char file[] = "{\"name\":\"chosen\",\"mode\":\"audit\",\"selectable\":true,"
				   "\"match\":{\"namespace\":\"payments\"},\"rules\":[]}";
	static const char annotations[] = "{\"io.kubernetes.cri.sandbox-namespace\":\"payments\","
					  "\"io.kubernetes.pod.namespace\":\"evil\"}";

	for (int i = 0; i < 3; i++) {
		static const char *const said[] = {"payments", "evil", NULL};
		struct meta m = meta(annotations);
		_list_ struct list l = {};

		CHECK_INT(meta_take_word(said[i], &m.namespace), 0);
		CHECK_INT(list_add_text(&l, LIST_HOST, "/default.json", P("default", ""), strlen(P("default", "")),
					error, sizeof(error)), 0);
		CHECK_INT(list_add_text(&l, LIST_NAMED, "/chosen.json", file, strlen(file), error,
					sizeof(error)), 0);
		list_select(&l, "/default.json", &m);
		CHECK_INT(l.n, i ? 2 : 1);
		CHECK_INT(l.of[l.n - 1].from, i ? LIST_NAMED : LIST_CHOSEN);
		meta_release(&m);
	}
}

static int add(struct list *l, enum list_from from, const char *rules)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"name\":\"p%u\",\"mode\":\"enforce\",%s}", l->n, rules);
	error[0] = '\0';
	return list_add_text(l, from, "/f", text, strlen(text), error, sizeof(error));
}

/* The line by which an annotation's policy tries to loosen the node's; 0: it does not. */
static unsigned loosens(const char *host, enum list_from from, const char *own)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {};
	const struct policy_rule *rule;
	_list_ struct list l = {};
	const struct policy *p;
	char text[256];

	CHECK(add(&l, LIST_HOST, host) == 0 && add(&l, from, own) == 0);
	CHECK_INT(list_compile(&l, &image, error, sizeof(error)), 0);
	CHECK_INT(!!(((struct rv_table *)image.value)->flags & RV_POLICY_OVERRULED), image.loosens != 0);
	list_loosening(&l, image.loosens, text, sizeof(text));
	CHECK_INT(*text != 0, image.loosens != 0);
	return list_rule(&l, image.loosens, &p, &rule) ? (unsigned)rule->line : 0;
}

#define FILE_RULE(path, action) "{\"subject\":\"file\",\"path\":\"" path "\",\"action\":\"" action "\"}"
#define CAP_RULE(cap, action) "{\"subject\":\"capability\",\"capability\":\"" cap "\",\"action\":\"" action "\"}"
#define RULES(r) "\"rules\":[\n" r "]"

TEST("an annotation that allows what the node denies is found out, exceptions of its own are not")
{
	static const char host[] = RULES(FILE_RULE("/etc/shadow", "deny") "," FILE_RULE("/srv/**", "deny"));

	CHECK_INT(loosens(host, LIST_NAMED, RULES(FILE_RULE("/etc/shadow", "allow"))), 2);
	CHECK_INT(loosens(host, LIST_INLINE, RULES(FILE_RULE("/etc/passwd", "allow") ",\n" FILE_RULE("/etc/*", "allow"))), 3);
	CHECK_INT(loosens(host, LIST_NAMED, RULES(FILE_RULE("/srv/a/{b,c}", "allow"))), 2);
	CHECK_INT(loosens(host, LIST_NAMED, RULES(FILE_RULE("/etc/passwd", "allow"))), 0);
	CHECK_INT(loosens(host, LIST_NAMED, RULES(FILE_RULE("/srv/a", "deny"))), 0);
	CHECK_INT(loosens(host, LIST_NAMED, RULES(FILE_RULE("/srv/**", "audit"))), 0);
	/* Exceptions from what it denies itself. */
	CHECK_INT(loosens(host, LIST_NAMED, RULES(FILE_RULE("/srv/a/**", "allow") "," FILE_RULE("/**", "deny"))), 0);
	CHECK_INT(loosens(host, LIST_NAMED, "\"defaults\":{\"file\":\"deny\"}," RULES(FILE_RULE("/srv/**", "allow"))), 0);
	/* The node's own words may differ among themselves. */
	CHECK_INT(loosens(host, LIST_HOST, RULES(FILE_RULE("/etc/shadow", "allow"))), 0);
	CHECK_INT(loosens(host, LIST_MATCHED, RULES(FILE_RULE("/etc/shadow", "allow"))), 0);
	/* By default, and by number. */
	CHECK_INT(loosens("\"defaults\":{\"file\":\"deny\"}," RULES(FILE_RULE("/srv/**", "allow")), LIST_NAMED,
			  RULES(FILE_RULE("/srv/**", "allow") ",\n" FILE_RULE("/etc/**", "allow"))), 3);
	CHECK_INT(loosens(RULES(CAP_RULE("sys_admin", "deny")), LIST_NAMED, RULES(CAP_RULE("all", "allow"))), 2);
	CHECK_INT(loosens(RULES(CAP_RULE("sys_admin", "deny")), LIST_NAMED, RULES(CAP_RULE("chown", "allow"))), 0);
}

static uint32_t flags(const char *host, const char *own)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {};
	_list_ struct list l = {};
	char text[256];

	snprintf(text, sizeof(text), "{\"name\":\"h\",%s,\"rules\":[]}", host);
	CHECK_INT(list_add_text(&l, LIST_HOST, "/h", text, strlen(text), error, sizeof(error)), 0);
	snprintf(text, sizeof(text), "{\"name\":\"o\",%s,\"rules\":[]}", own);
	CHECK_INT(list_add_text(&l, LIST_INLINE, "/o", text, strlen(text), error, sizeof(error)), 0);
	CHECK_INT(list_compile(&l, &image, error, sizeof(error)), 0);
	return ((struct rv_table *)image.value)->flags;
}

TEST("an annotation's policy takes no word of the node's away")
{
	CHECK_INT(flags("\"mode\":\"audit\",\"unrecorded\":\"deny\"",
			"\"mode\":\"enforce\",\"on_unresolvable\":\"allow\""),
		  RV_POLICY_ENFORCE | RV_POLICY_UNRECORDED_DENY | RV_POLICY_UNRESOLVABLE_DENY);
	CHECK_INT(flags("\"mode\":\"enforce\",\"on_unresolvable\":\"allow\"",
			"\"mode\":\"audit\",\"on_unresolvable\":\"deny\""),
		  RV_POLICY_ENFORCE);
}

TEST("an annotation's policy says neither whom it is for nor that it may be chosen")
{
	_list_ struct list l = {};

	CHECK_INT(add(&l, LIST_INLINE, "\"selectable\":true," RULES("")), -EINVAL);
	CHECK(strstr(error, "selectable") != NULL);
	CHECK_INT(add(&l, LIST_INLINE, "\"match\":{\"name\":\"*\"}," RULES("")), -EINVAL);
	CHECK(strstr(error, "match") != NULL);
	CHECK_INT(l.n, 0);
}
