/* SPDX-License-Identifier: Apache-2.0 */
/* See scene.h. */
#include "tests/unit/node/scene.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/intake.h"
#include "sidecar/node/verify.h"
#include "tests/unit/tap.h"

struct life *scene_admit(struct lives *all, const char *id, uint64_t generation)
{
	struct meta meta = {.generation = generation,
			    .cgroup_id = 7,
			    .started_wall_ns = generation * 1000000,
			    .key = "0000000000000007"};
	struct life *l = NULL;

	snprintf(meta.id, sizeof(meta.id), "%s", id);
	snprintf(meta.name, sizeof(meta.name), "%s-name", id);
	CHECK_INT(lives_admit(all, &meta, &l), 0);
	return l;
}

void scene_begin(struct scene *s)
{
	*s = (struct scene){.dir = dir_make(), .generation = GENERATION};
	CHECK_INT(crypt_init(), 0);
	s->life = scene_admit(&s->all, "web", GENERATION);
	snprintf(s->seals, sizeof(s->seals), "%s/seals", s->dir.path);
	snprintf(s->list, sizeof(s->list), "%s/removed", s->dir.path);
	store_init(&s->store, s->dir.path, s->seals);
}

void scene_end(struct scene *s)
{
	store_release(&s->store);
	lives_release(&s->all);
	dir_remove(&s->dir);
}

/* The node again, after it was killed. */
void scene_restart(struct scene *s)
{
	store_release(&s->store);
	lives_release(&s->all);
	CHECK_INT(store_load(&s->store, &s->all), 0);
	s->life = s->all.first;
}

unsigned scene_kind(uint64_t seq)
{
	return seq == 0	       ? RV_KIND_ARMED
	       : seq % 50 == 9 ? RV_KIND_EXEC
	       : seq % 50 == 8 ? RV_KIND_CREATE
	       : seq % 50 == 7 ? RV_KIND_REPEAT
			       : RV_KIND_OPEN;
}

static bool is_denied(uint64_t seq)
{
	return scene_kind(seq) == RV_KIND_OPEN && seq % 100 == 1;
}

/* As the kernel counts it: every hundredth open is denied, every number that ends in 50 is lost. */
bool scene_is_lost(uint64_t seq)
{
	return seq % 1000 == 50;
}

size_t scene_put(struct scene *s, uint8_t *at, uint64_t seq, unsigned kind)
{
	static const char path[] = "/srv/some/where/a/file/of/some/length/in/a/directory";
	union {
		struct rv_head head;
		struct rv_armed armed;
		struct rv_open open;
		struct rv_exec exec;
		struct rv_create create;
		struct rv_repeat repeat;
		struct rv_checkpoint checkpoint;
	} r = {};
	size_t len = kind == RV_KIND_ARMED    ? sizeof(r.armed)
		     : kind == RV_KIND_OPEN   ? sizeof(r.open)
		     : kind == RV_KIND_EXEC   ? sizeof(r.exec)
		     : kind == RV_KIND_CREATE ? sizeof(r.create)
		     : kind == RV_KIND_REPEAT ? sizeof(r.repeat)
					      : sizeof(r.checkpoint);

	r.head = (struct rv_head){.kind = (uint16_t)kind,
				  .seq = seq,
				  .generation = s->generation,
				  .tai_ns = (seq + 1) * SECOND,
				  .verdict = kind == RV_KIND_OPEN && is_denied(seq)
						 ? RV_VERDICT_DENIED
						 : RV_VERDICT_ALLOWED};
	if (kind == RV_KIND_OPEN)
		r.open.path_len = sizeof(path) - 1;
	if (kind == RV_KIND_REPEAT) {
		r.repeat.of_kind = RV_KIND_OPEN;
		r.repeat.count = seq;
	}
	if (kind == RV_KIND_CLOSE)
		r.checkpoint.counters = s->given;
	r.head.len = (uint32_t)(len + (kind == RV_KIND_OPEN ? sizeof(path) - 1 : 0));
	memset(at, 0, 4096);
	memcpy(at, &r, len);
	memcpy(at + len, path, r.head.len - len);
	return (r.head.len + 7) & ~7ul;
}

/* What the kernel does for a record. */
void scene_give(struct scene *s, uint64_t seq)
{
	unsigned kind = scene_kind(seq);
	struct rv_counters *c = &s->given;

	c->taken[kind]++;
	c->lost[kind] += scene_is_lost(seq);
	s->denied += is_denied(seq);
	c->armed |= seq == 0;
	c->issued = seq > c->issued ? seq : c->issued;
	if (kind == RV_KIND_REPEAT)
		c->merged[counters_merge(RV_KIND_OPEN)] += seq;
}

/* Those numbers come, in transactions of a hundred. */
void scene_come(struct scene *s, uint64_t from, uint64_t to, bool again)
{
	struct intake in = {};
	uint8_t data[4096];
	bool bulk;

	for (uint64_t seq = from; seq <= to; seq++) {
		unsigned kind = scene_kind(seq);

		if (!again)
			scene_give(s, seq);
		if (!scene_is_lost(seq))
			CHECK_INT(intake_add(&in, data, scene_put(s, data, seq, kind), &bulk), 0);
		in.meta = true;
		s->life->counters = s->given;
		if (seq % 100 == 0 || seq == to)
			CHECK_INT(intake_commit(&in, &s->store, s->life), 0);
	}
	intake_release(&in);
}

void scene_close(struct scene *s, uint64_t seq)
{
	struct intake in = {.meta = true};
	uint8_t data[4096];
	bool bulk;

	s->given.taken[RV_KIND_CLOSE]++;
	CHECK_INT(intake_add(&in, data, scene_put(s, data, seq, RV_KIND_CLOSE), &bulk), 0);
	life_end(s->life);
	CHECK_INT(intake_commit(&in, &s->store, s->life), 0);
	intake_release(&in);
}

struct ledger scene_ledger(struct scene *s)
{
	struct numbers gone = {};
	struct ledger l = {.settled = UINT64_MAX, .cuts = s->life->cuts};
	struct store_row row;
	uint64_t told = 0, counted = cuts_cut(&l.cuts) + cuts_dropped(&l.cuts);
	struct event e;

	CHECK_INT(store_cuts_from(&s->store, s->life, 0, SIZE_MAX, &gone), 0);
	for (size_t i = 0; i < gone.n; i++)
		told += gone.of[i].to - gone.of[i].from + 1;
	CHECK_INT((long long)told, (long long)counted);
	ledger_gone(&l, &gone);
	CHECK_INT(store_seqs(&s->store, s->life, 0), 0);
	while (store_next(s->life, &row) == 1) {
		if (row.record && event_decode(row.record, row.record_len, &e) > 0)
			ledger_repeat(&l, e.repeat.of_kind, e.repeat.count);
		ledger_add(&l, row.seq, counters_kind(row.kind));
	}
	store_end(s->life);
	ledger_finish(&l, &s->life->counters, s->life->ended);
	l.gone = NULL;
	numbers_release(&gone);
	return l;
}

uint64_t scene_rows(struct scene *s, const char *where)
{
	char path[512], sql[256];
	sqlite3_stmt *q;
	sqlite3 *db;
	uint64_t n;

	snprintf(path, sizeof(path), "%s/%s", s->dir.path, s->life->file);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", where);
	CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_INT(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_step(q), SQLITE_ROW);
	n = (uint64_t)sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

void scene_change(struct scene *s, const char *sql)
{
	char path[512];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/%s", s->dir.path, s->life->file);
	CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

bool scene_intact(struct scene *s)
{
	struct verify *v = NULL;
	bool is;
	int r;

	CHECK_INT(verify_new(&s->store, s->life, NULL, 0, &v), 0);
	while ((r = verify_step(v)) == 1)
		;
	CHECK_INT(r, 0);
	is = verify_intact(v);
	if (!is) {
		char *text = verify_to_text(v, "web");

		fputs(text, stderr);
		free(text);
	}
	verify_free(v);
	return is;
}

uint64_t scene_file_size(struct scene *s)
{
	char path[512];
	struct stat st = {};

	snprintf(path, sizeof(path), "%s/%s", s->dir.path, s->life->file);
	CHECK_INT(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}
