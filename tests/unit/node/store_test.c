/* SPDX-License-Identifier: Apache-2.0 */
/* From records to rows and back, and what happens to them when memory or a file fails. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sidecar/node/intake.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

#define GENERATION 42

static struct life *make_life(struct lives *all, const char *id)
{
	struct meta meta = {.generation = GENERATION,
			    .cgroup_id = 7,
			    .started_wall_ns = 1000000,
			    .key = "0000000000000007"};
	struct life *l = NULL;

	snprintf(meta.id, sizeof(meta.id), "%s", id);
	snprintf(meta.name, sizeof(meta.name), "%s", id);
	CHECK_INT(lives_admit(all, &meta, &l), 0);
	return l;
}

/* With the seals beside the databases: one entry more in the directory. */
static void init(struct store *s, const struct dir *d)
{
	static char seals[128];

	snprintf(seals, sizeof(seals), "%s/seals", d->path);
	store_init(s, d->path, seals);
}

/* One open record; returns its padded length. */
static size_t put_open(uint8_t *at, uint64_t seq, uint64_t generation, const char *path)
{
	struct rv_open r = {.head = {.kind = RV_KIND_OPEN, .seq = seq, .generation = generation},
			    .path_len = (uint32_t)strlen(path)};
	size_t len = sizeof(r) + r.path_len;

	r.head.len = (uint32_t)len;
	memset(at, 0, (len + 7) & ~7ul);
	memcpy(at, &r, sizeof(r));
	memcpy(at + sizeof(r), path, r.path_len);
	return (len + 7) & ~7ul;
}

static int add_opens(struct intake *in, uint64_t from, uint64_t to)
{
	uint8_t data[512];
	bool bulk;
	int r = 0;

	for (uint64_t seq = from; seq <= to && r == 0; seq++)
		r = intake_add(in, data, put_open(data, seq, GENERATION, "/etc/passwd"), &bulk);
	return r;
}

static unsigned count_rows(struct store *s, struct life *l)
{
	struct store_row row;
	unsigned n = 0;

	if (store_rows(s, l, 0) < 0)
		return 0;
	while (store_next(l, &row) == 1)
		n++;
	store_end(l);
	return n;
}

TEST("what is committed is there after closing")
{
	_dir_ struct dir d = dir_make();
	struct lives all = {}, loaded = {};
	struct store s;
	struct intake in = {};
	struct life *l = make_life(&all, "web");
	uint8_t *args;
	size_t len;

	init(&s, &d);
	CHECK_INT(add_opens(&in, 1, 100), 0);
	in.meta = true;
	l->counters.issued = 100;
	l->counters.lost[RV_KIND_OPEN] = 3;
	CHECK_INT(intake_commit(&in, &s, l), 0);
	CHECK_INT((long long)in.stored.n, 100);
	CHECK_INT(store_begin(&s, l), 0);
	CHECK_INT(store_put_args(l, 5, "a\0b", 4), 0);
	CHECK_INT(store_commit(&s, l), 0);
	store_release(&s);
	CHECK_INT(dir_count(&d), 2); /* no log file is left */

	CHECK_INT(store_load(&s, &loaded), 0);
	REQUIRE(loaded.count == 1);
	CHECK_STR(loaded.first->meta.id, "web");
	CHECK_INT((long long)loaded.first->high, 100);
	CHECK_INT((long long)life_lost(loaded.first), 3);
	CHECK_INT(count_rows(&s, loaded.first), 100);
	CHECK_INT(store_get_args(&s, loaded.first, 5, &args, &len), 0);
	CHECK_INT((long long)len, 4);
	free(args);
	CHECK_INT(store_get_args(&s, loaded.first, 6, &args, &len), -ENOENT);
	store_release(&s);
	intake_release(&in);
	lives_release(&all);
	lives_release(&loaded);
}

TEST("a number is stored once, another generation never")
{
	_dir_ struct dir d = dir_make();
	struct lives all = {};
	struct store s;
	struct intake in = {};
	struct life *l = make_life(&all, "web");
	uint8_t data[512];
	bool bulk;

	init(&s, &d);
	CHECK_INT(add_opens(&in, 1, 3), 0);
	CHECK_INT(intake_commit(&in, &s, l), 0);
	CHECK_INT(add_opens(&in, 2, 4), 0);
	CHECK_INT(intake_add(&in, data, put_open(data, 9, GENERATION + 1, "/x"), &bulk), 0);
	CHECK_INT(intake_commit(&in, &s, l), 0);
	CHECK_INT((long long)in.stored.n, 1);
	CHECK_INT((long long)l->duplicates, 2);
	CHECK_INT((long long)l->refused, 1);
	CHECK_INT(count_rows(&s, l), 4);
	store_release(&s);
	intake_release(&in);
	lives_release(&all);
}

TEST("what holds no whole records is not taken in")
{
	struct intake in = {};
	uint8_t data[512];
	bool bulk;
	size_t len = put_open(data, 1, GENERATION, "/etc/passwd");

	CHECK_INT(intake_add(&in, data, len - 8, &bulk), -EBADMSG);
	CHECK_INT(intake_add(&in, data, len - 1, &bulk), -EBADMSG);
	CHECK_INT(intake_add(&in, data, len + 8, &bulk), -EBADMSG);
	put_open(data, INTAKE_SEQ_MAX, GENERATION, "/etc/passwd");
	CHECK_INT(intake_add(&in, data, len, &bulk), -EBADMSG);
	put_open(data, INTAKE_SEQ_MAX - 1, GENERATION, "/etc/passwd");
	CHECK_INT(intake_add(&in, data, len, &bulk), 0);
	CHECK_INT((long long)in.len, (long long)len);
	intake_release(&in);
}

TEST("more containers than may be open at a time")
{
	_dir_ struct dir d = dir_make();
	struct lives all = {};
	struct store s;
	struct intake in = {};
	char id[32];

	init(&s, &d);
	for (unsigned i = 0; i < STORE_OPEN_MAX + 1; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		CHECK_INT(add_opens(&in, 1, 1), 0);
		/* a generation of its own, or it would be the same life */
		struct life *l =
		    life_new(&(struct meta){.generation = GENERATION, .cgroup_id = 100 + i});
		snprintf(l->file, sizeof(l->file), "%s.db", id);
		lives_add(&all, l);
		CHECK_INT(intake_commit(&in, &s, l), 0);
	}
	CHECK_INT(s.open_count, STORE_OPEN_MAX);
	for (struct life *l = all.first; l; l = l->next)
		CHECK_INT(count_rows(&s, l), 1);
	CHECK_INT(s.open_count, STORE_OPEN_MAX);
	store_release(&s);
	intake_release(&in);
	lives_release(&all);
}

TEST("a damaged file is kept, and recording goes on")
{
	_dir_ struct dir d = dir_make();
	struct lives all = {}, loaded = {};
	struct store s;
	struct intake in = {};
	struct life *l = make_life(&all, "web");

	init(&s, &d);
	dir_file(&d, l->file,
		 "this is no database, whatever it may be called; and it is longer "
		 "than the hundred bytes that a header of one takes up");
	CHECK_INT(store_load(&s, &loaded), 0);
	CHECK_INT((long long)loaded.count, 0);
	CHECK_INT(dir_count(&d), 1);
	CHECK_INT(add_opens(&in, 1, 2), 0);
	CHECK_INT(intake_commit(&in, &s, l), 0);
	CHECK_INT(count_rows(&s, l), 2);
	store_release(&s);
	CHECK_INT(dir_count(&d), 3);
	intake_release(&in);
	lives_release(&all);
}

TEST("a store that cannot be written loses nothing")
{
	_dir_ struct dir d = dir_make();
	char *away = dir_path(&d, "away"), *seals = dir_path(&d, "seals");
	struct lives all = {};
	struct store s;
	struct intake in = {};
	struct life *l = make_life(&all, "web");

	store_init(&s, away, seals); /* no such directory yet */
	CHECK_INT(add_opens(&in, 1, 5), 0);
	CHECK(intake_commit(&in, &s, l) < 0);
	CHECK(intake_commit(&in, &s, l) < 0);
	dir_file(&d, "away/.keep", "");
	CHECK_INT(intake_commit(&in, &s, l), 0);
	CHECK_INT(count_rows(&s, l), 5);
	CHECK_INT((long long)l->duplicates, 0);
	store_release(&s);
	intake_release(&in);
	lives_release(&all);
	free(away);
	free(seals);
}

/* One run with the n-th allocation failing: then again, and all must be there once. */
static bool survives(long n)
{
	_dir_ struct dir d = dir_make();
	struct lives all = {};
	struct store s;
	struct intake in = {};
	struct life *l = make_life(&all, "web");
	bool failed;

	init(&s, &d);
	CHECK_INT(add_opens(&in, 1, 20), 0);
	in.meta = true;
	tap_fail_malloc(n);
	int r = intake_commit(&in, &s, l);
	failed = tap_malloc_failed();
	tap_fail_malloc(0);
	if (r < 0)
		r = intake_commit(&in, &s, l);
	CHECK_INT(r, 0);
	CHECK_INT(count_rows(&s, l), 20);
	CHECK_INT((long long)l->duplicates, 0);
	store_release(&s);
	intake_release(&in);
	lives_release(&all);
	return !failed;
}

TEST("an allocation that fails during a commit loses nothing")
{
	long n = 1;

	while (!survives(n) && n < 5000)
		n += n < 100 ? 1 : 7;
	CHECK(n > 10 && n < 5000);
}
