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
