/* SPDX-License-Identifier: Apache-2.0 */
/* Which container people mean, and which life of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/node/life.h"
#include "tests/unit/tap.h"

static struct life *add(struct lives *all, const char *id, const char *name, uint64_t started_ms)
{
	static uint64_t generation;
	struct meta meta = {.generation = ++generation,
			    .cgroup_id = 7,
			    .started_wall_ns = started_ms * 1000000,
			    .key = "0000000000000007"};
	struct life *l = NULL;

	snprintf(meta.id, sizeof(meta.id), "%s", id);
	snprintf(meta.name, sizeof(meta.name), "%s", name);
	CHECK_INT(lives_admit(all, &meta, &l), 0);
	return l;
}

TEST("an id, a name, a prefix; the newest life")
{
	struct lives all = {};
	struct life *old = add(&all, "abc1", "shop", 1000), *new = add(&all, "abc1", "shop", 2000);
	struct life *other = add(&all, "abd2", "abc", 1500), *got = NULL;
	char error[256];

	CHECK_STR(old->file, "abc1@1000.db");
	CHECK_INT(lives_find(&all, "abc1", &got, error, sizeof(error)), 0);
	CHECK(got == new);
	CHECK_INT(lives_find(&all, "shop", &got, error, sizeof(error)), 0);
	CHECK(got == new);
	CHECK_INT(lives_find(&all, "abc", &got, error, sizeof(error)), 0);
	CHECK(got == other); /* a whole name goes before a prefix */
	CHECK_INT(lives_find(&all, "abd", &got, error, sizeof(error)), 0);
	CHECK(got == other);
	CHECK_INT(lives_find(&all, "ab", &got, error, sizeof(error)), -EEXIST);
	CHECK(strstr(error, "abc1") && strstr(error, "abd2"));
	CHECK_INT(lives_find(&all, "", &got, error, sizeof(error)), -ENOENT);
	CHECK_INT(lives_find(&all, "abc12", &got, error, sizeof(error)), -ENOENT);
	lives_release(&all);
}

static struct life *add_in(struct lives *all, const char *id, const char *name, const char *pod,
			   uint64_t started_ms)
{
	struct life *l = add(all, id, name, started_ms);

	CHECK_INT(meta_take_word(pod, &l->meta.pod), 0);
	CHECK_INT(meta_take_word("pay", &l->meta.namespace), 0);
	return l;
}

TEST("one id of two runtimes: neither is meant, each by its key; after the end it is the last")
{
	struct lives all = {};
	struct life *a = add(&all, "web", "web", 1000), *b = add(&all, "web", "web", 2000), *other, *got = NULL;
	char error[256];

	strcpy(b->meta.key, "0000000000000008");
	a->meta.bundle = strdup("/run/a/web");
	b->meta.bundle = strdup("/run/b/web");
	CHECK_INT(lives_find(&all, "web", &got, error, sizeof(error)), 0);
	CHECK(got == b);
	a->stream = b->stream = (struct stream *)&all;
	CHECK_INT(lives_find(&all, "web", &got, error, sizeof(error)), -EEXIST);
	CHECK(strstr(error, "0000000000000007") && strstr(error, "0000000000000008") && strstr(error, "a key"));
	CHECK_INT(lives_find(&all, "0000000000000007", &got, error, sizeof(error)), 0);
	CHECK(got == a);
	CHECK_INT(lives_find(&all, "0000000000000008", &got, error, sizeof(error)), 0);
	CHECK(got == b);
	/* Of an earlier boot, with the same number. */
	other = add(&all, "old", "old", 3000);
	life_end(other);
	CHECK_INT(lives_find(&all, "0000000000000007", &got, error, sizeof(error)), 0);
	CHECK(got == a);
	/* Started again, while the agent from before still has something to tell. */
	memcpy(b->meta.bundle, "/run/a", 6);
	CHECK_INT(lives_find(&all, "web", &got, error, sizeof(error)), 0);
	CHECK(got == b);
	a->stream = b->stream = NULL;
	lives_release(&all);
}

TEST("a name in several pods, a pod of several containers, a name that was used again")
{
	struct lives all = {};
	struct life *a = add_in(&all, "id1", "app", "web-1", 1000);
	struct life *side = add_in(&all, "id2", "log", "web-1", 1000);
	struct life *b = add_in(&all, "id3", "app", "web-2", 2000), *again, *got = NULL;
	char error[256];

	CHECK_INT(lives_find(&all, "app", &got, error, sizeof(error)), -EEXIST);
	CHECK(strstr(error, "id1 (pay/web-1/app)") && strstr(error, "id3 (pay/web-2/app)"));
	CHECK(!strstr(error, "id2"));
	CHECK_INT(lives_find(&all, "pay/web-1/app", &got, error, sizeof(error)), 0);
	CHECK(got == a);
	CHECK_INT(lives_find(&all, "pay/web-2", &got, error, sizeof(error)), 0);
	CHECK(got == b);
	CHECK_INT(lives_find(&all, "pay/web-1", &got, error, sizeof(error)), -EEXIST);
	CHECK(strstr(error, "id1 (pay/web-1/app)") && strstr(error, "id2 (pay/web-1/log)"));
	CHECK_INT(lives_find(&all, "log", &got, error, sizeof(error)), 0);
	CHECK(got == side);
	/* Started again, as another container: what runs is meant; while both run, neither. */
	again = add_in(&all, "id4", "log", "web-1", 500);
	CHECK_INT(lives_find(&all, "log", &got, error, sizeof(error)), -EEXIST);
	life_end(side);
	CHECK_INT(lives_find(&all, "log", &got, error, sizeof(error)), 0);
	CHECK(got == again);
	life_end(again);
	CHECK_INT(lives_find(&all, "log", &got, error, sizeof(error)), 0);
	CHECK(got == side);
	/* Ended, but in other pods: still two. */
	life_end(a);
	life_end(b);
	CHECK_INT(lives_find(&all, "app", &got, error, sizeof(error)), -EEXIST);
	lives_release(&all);
}

TEST("a life is admitted once, its file belongs to it")
{
	struct lives all = {};
	struct life *l = add(&all, "x", "x", 1), *again = NULL;
	struct meta meta = l->meta;

	snprintf(meta.policy, sizeof(meta.policy), "later");
	CHECK_INT(lives_admit(&all, &meta, &again), 0);
	CHECK(again == l);
	CHECK_STR(l->meta.policy, "later");
	meta = l->meta;
	meta.generation++;
	CHECK_INT(lives_admit(&all, &meta, &again), -EEXIST);
	CHECK_INT((long long)all.count, 1);
	lives_release(&all);
}

TEST("the longest id still makes a file name")
{
	struct lives all = {};
	char id[META_ID_MAX];
	struct life *l;

	memset(id, 'a', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	l = add(&all, id, "n", 1700000000000);
	CHECK(strlen(l->file) + strlen("-wal") <= 255);
	CHECK(strchr(l->file, '@') != NULL);
	lives_release(&all);
}
