// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/meta.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

static char error[200];

static int read_meta(const char *text, struct meta *ret)
{
	_json_ struct json *j = NULL;
	int r = json_parse(text, strlen(text), false, &j, error, sizeof(error));

	return r < 0 ? r : meta_from_json(j, ret, error, sizeof(error));
}

static int refused(const char *text)
{
	struct meta m = {};
	int r = read_meta(text, &m);

	meta_release(&m);
	return r;
}

static struct meta_annotation labels[] = {{"tier", "front"}, {"odd", NULL}};
static const struct meta sample = {
    .id = "4a5b_6.c+d-e",
    .name = "web \xc3\xa9",
    .key = "00000000000012ab",
    .policy = "strict",
    .generation = 123456789,
    .cgroup_id = 0x12ab,
    .started_wall_ns = 1795000000000000000,
    .cgroup = "/machine.slice/x.scope",
    .bundle = "/run/b\nundle",
    .runtime = "crun",
    .image = "reg/web:1",
    .pod = "web-7",
    .namespace = "pay",
    .labels = labels,
    .labels_n = 2,
    .labels_cut = true,
};

TEST("written and read again it is the same")
{
	_json_out_ struct json_out *o = json_out_new();
	struct meta m = {};
	const char *text;
	size_t len;

	REQUIRE(meta_to_json(&sample, o) == 0 && json_out_text(o, &text, &len) == 0);
	REQUIRE(read_meta(text, &m) == 0);
	CHECK_STR(m.id, sample.id);
	CHECK_STR(m.name, sample.name);
	CHECK_STR(m.key, sample.key);
	CHECK_STR(m.policy, sample.policy);
	CHECK(m.generation == sample.generation && m.cgroup_id == sample.cgroup_id);
	CHECK(m.started_wall_ns == sample.started_wall_ns);
	CHECK_STR(m.cgroup, sample.cgroup);
	CHECK_STR(m.bundle, sample.bundle);
	CHECK_STR(m.runtime, sample.runtime);
	CHECK_STR(m.image, sample.image);
	CHECK_STR(m.pod, sample.pod);
	CHECK_STR(m.namespace, sample.namespace);
	REQUIRE(m.labels_n == 2 && m.labels_cut);
	CHECK_STR(m.labels[0].key, "tier");
	CHECK_STR(m.labels[0].value, "front");
	CHECK(m.labels[1].value == NULL);
	meta_release(&m);
	meta_release(NULL);
}

TEST("only id, key and cgroup_id are needed; the name is then the id")
{
	struct meta m = {};

	REQUIRE(read_meta("{\"id\":\"a\",\"key\":\"0000000000000001\",\"cgroup_id\":1,\"x\":[]}",
			  &m) == 0);
	CHECK_STR(m.name, "a");
	CHECK_STR(m.policy, "");
	CHECK(m.cgroup == NULL && m.bundle == NULL && m.runtime == NULL && m.generation == 0);
	meta_release(&m);
}

TEST("ids as the runtimes allow them, at and over the bound")
{
	char id[META_ID_MAX + 1];

	memset(id, 'x', sizeof(id));
	id[META_ID_MAX - 1] = '\0';
	CHECK(meta_id_valid(id));
	id[META_ID_MAX - 1] = 'x';
	id[META_ID_MAX] = '\0';
	CHECK(!meta_id_valid(id));
	CHECK(!meta_id_valid("") && !meta_id_valid(".") && !meta_id_valid(".."));
	CHECK(!meta_id_valid("a/b") && !meta_id_valid("a b") && !meta_id_valid("a\n"));
	CHECK(meta_id_valid("...") && meta_id_valid("-") && meta_id_valid("A.b_c+d-9"));
}

#define KEYED "\"key\":\"0000000000000001\",\"cgroup_id\":1"

TEST("what does not hold is refused")
{
	static const char *const bad[] = {
	    "[]",
	    "{}",
	    "{\"id\":\"a/b\"," KEYED "}",
	    "{\"id\":5," KEYED "}",
	    "{\"id\":\"a\",\"cgroup_id\":1}",
	    "{\"id\":\"a\",\"key\":\"0000000000000002\",\"cgroup_id\":1}",
	    "{\"id\":\"a\",\"key\":\"1\",\"cgroup_id\":1}",
	    "{\"id\":\"a\",\"key\":\"0000000000000000\",\"cgroup_id\":0}",
	    "{\"id\":\"a\",\"key\":\"ffffffffffffffff\",\"cgroup_id\":-1}",
	    "{\"id\":\"a\",\"name\":\"x\\ny\"," KEYED "}",
	    "{\"id\":\"a\",\"policy\":\"x\\u001b\"," KEYED "}",
	    "{\"id\":\"a\",\"generation\":-1," KEYED "}",
	    "{\"id\":\"a\",\"generation\":\"1\"," KEYED "}",
	    "{\"id\":\"a\",\"started_wall_ns\":-5," KEYED "}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!CHECK_INT(refused(bad[i]), -EINVAL))
			printf("#   %s\n", bad[i]);
}

TEST("lengths at and over their bounds")
{
	char name[META_NAME_MAX + 1], text[6000], path[4097];

	memset(name, 'n', sizeof(name));
	memset(path, 'p', sizeof(path));
	name[META_NAME_MAX - 1] = '\0';
	snprintf(text, sizeof(text), "{\"id\":\"a\",\"name\":\"%s\"," KEYED "}", name);
	CHECK_INT(refused(text), 0);
	name[META_NAME_MAX - 1] = 'n';
	name[META_NAME_MAX] = '\0';
	snprintf(text, sizeof(text), "{\"id\":\"a\",\"name\":\"%s\"," KEYED "}", name);
	CHECK_INT(refused(text), -EINVAL);
	snprintf(text, sizeof(text), "{\"id\":\"a\",\"policy\":\"%.63s\"," KEYED "}", name);
	CHECK_INT(refused(text), 0);
	snprintf(text, sizeof(text), "{\"id\":\"a\",\"policy\":\"%.64s\"," KEYED "}", name);
	CHECK_INT(refused(text), -EINVAL);
	snprintf(text, sizeof(text), "{\"id\":\"a\",\"cgroup\":\"%.4095s\"," KEYED "}", path);
	CHECK_INT(refused(text), 0);
	snprintf(text, sizeof(text), "{\"id\":\"a\",\"cgroup\":\"%.4096s\"," KEYED "}", path);
	CHECK_INT(refused(text), -EINVAL);
}

TEST("a number that JSON here cannot carry is not written")
{
	_json_out_ struct json_out *o = json_out_new();
	struct meta m = sample;

	m.cgroup_id = (uint64_t)INT64_MAX + 1;
	CHECK_INT(meta_to_json(&m, o), -EINVAL);
}

static bool there_and_back(void)
{
	_json_out_ struct json_out *o = json_out_new();
	struct meta m = {};
	const char *text;
	size_t len;

	if (meta_to_json(&sample, o) < 0 || json_out_text(o, &text, &len) < 0)
		return false;
	if (read_meta(text, &m) < 0)
		return false;
	meta_release(&m);
	return true;
}

TEST("every allocation may fail")
{
	tap_each_malloc(there_and_back);
}

static enum meta_fit fit(const char *id, const char *name, const char *pod, const char *namespace,
			 const char *word)
{
	struct meta m = {.pod = (char *)pod, .namespace = (char *)namespace, .key = "00000000000000ab"};

	strcpy(m.id, id);
	strcpy(m.name, name);
	return meta_fits(&m, word);
}

TEST("a word fits by id, name, place and the beginning of an id")
{
	CHECK_INT(fit("abc1", "app", NULL, NULL, "abc1"), META_FIT_ID);
	CHECK_INT(fit("abc1", "app", NULL, NULL, "app"), META_FIT_NAME);
	CHECK_INT(fit("abc1", "app", NULL, NULL, "abc"), META_FIT_PREFIX);
	CHECK_INT(fit("abc1", "app", NULL, NULL, "ap"), META_FIT_NONE);
	CHECK_INT(fit("abc1", "app", NULL, NULL, ""), META_FIT_NONE);
	CHECK_INT(fit("abc1", "app", "web-7", "pay", "pay/web-7/app"), META_FIT_NAME);
	CHECK_INT(fit("abc1", "app", "web-7", "pay", "app"), META_FIT_NAME);
	CHECK_INT(fit("abc1", "app", "web-7", "pay", "pay/web-7"), META_FIT_POD);
	CHECK_INT(fit("abc1", "app", "web-7", "pay", "pay/web-"), META_FIT_NONE);
	CHECK_INT(fit("abc1", "app", "web-7", "pay", "pay/web-7/ap"), META_FIT_NONE);
	CHECK_INT(fit("abc1", "app", "web-7", "pay", "shop/web-7"), META_FIT_NONE);
	CHECK_INT(fit("abc1", "app", "web-7", "pay", "web-7/app"), META_FIT_NONE);
	CHECK_INT(fit("abc1", "app", "shop", NULL, "shop/app"), META_FIT_NAME);
	CHECK_INT(fit("abc1", "00000000000000aa", NULL, NULL, "00000000000000aa"), META_FIT_NAME);
	CHECK_INT(fit("abc1", "app", NULL, NULL, "00000000000000ab"), META_FIT_KEY);
	CHECK_INT(fit("abc1", "app", NULL, NULL, "00000000000000a"), META_FIT_NONE);
	CHECK_INT(fit("abc1", "0123456789ab-infra", "web-7", "pay", "pay/web-7"), META_FIT_SANDBOX);
}

TEST("candidates are named as far as there is room")
{
	struct meta m = {.id = "abc1", .name = "app", .pod = (char *)"web-7", .namespace = (char *)"pay"};
	char text[30] = "";
	size_t at = meta_put_candidate(&m, META_FIT_NAME, text, sizeof(text), 0);

	CHECK_STR(text, " abc1 (pay/web-7/app)");
	CHECK_INT(meta_put_candidate(&m, META_FIT_NAME, text, sizeof(text), at), (long long)at);
	CHECK_STR(text, " abc1 (pay/web-7/app)");
	strcpy(m.key, "00000000000000ab");
	m.runtime = (char *)"crun";
	meta_put_candidate(&m, META_FIT_ID, text, sizeof(text), 0);
	CHECK_STR(text, " 00000000000000ab (crun)");
}

TEST("an annotation that is there twice is not known; what is no text is passed over")
{
	static const char text[] = "{\"annotations\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\",\"x\\u0000\":\"4\","
				   "\"x\\ud800\":\"5\",\"c\":\"6\"}}";
	_json_ struct json *j = NULL;
	struct meta m = {};

	REQUIRE(json_parse_foreign(text, strlen(text), &j, error, sizeof(error)) == 0);
	REQUIRE(meta_take_annotations(&m, json_get(j, "annotations")) == 0);
	CHECK_INT(m.annotations_n, 3);
	CHECK(m.annotations_cut);
	CHECK(meta_annotation(&m, "a") && !meta_annotation(&m, "a")->value);
	CHECK_STR(meta_annotation(&m, "b")->value, "2");
	CHECK_STR(meta_annotation(&m, "c")->value, "6");
	meta_release(&m);
}

TEST("an image's reference at and over its bound")
{
	char reference[META_WORD_MAX + 1];
	char *image = NULL;

	memset(reference, 'r', sizeof(reference));
	reference[META_WORD_MAX] = '\0';
	CHECK_INT(meta_take_word(reference, &image), 0);
	CHECK(image == NULL);
	reference[META_WORD_MAX - 1] = '\0';
	CHECK_INT(meta_take_word(reference, &image), 0);
	CHECK(image && strcmp(image, reference) == 0);
	free(image);
}
