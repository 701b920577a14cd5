/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are taken away or not stored: which go first, that the ledger stays exact, that the chain
 * tells them, that space comes back, and what a failure in between leaves. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/config.h"
#include "sidecar/node/disk.h"
#include "sidecar/node/index.h"
#include "sidecar/node/intake.h"
#include "sidecar/node/ledger.h"
#include "sidecar/node/removal.h"
#include "sidecar/node/verify.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

#define GENERATION 42
#define SECOND 1000000000ll

struct scene {
	struct dir dir;
	struct lives all;
	struct store store;
	struct life *life;
	struct rv_counters given;
	char seals[128], list[128];
};

static struct life *admit(struct lives *all, const char *id, uint64_t generation)
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

static void begin(struct scene *s)
{
	*s = (struct scene){.dir = dir_make()};
	CHECK_INT(crypt_init(), 0);
	s->life = admit(&s->all, "web", GENERATION);
	snprintf(s->seals, sizeof(s->seals), "%s/seals", s->dir.path);
	snprintf(s->list, sizeof(s->list), "%s/removed", s->dir.path);
	store_init(&s->store, s->dir.path, s->seals);
}

static void end(struct scene *s)
{
	store_release(&s->store);
	lives_release(&s->all);
	dir_remove(&s->dir);
}
#define _scene_ __attribute__((cleanup(end)))

/* The node again, after it was killed. */
static void restart(struct scene *s)
{
	store_release(&s->store);
	lives_release(&s->all);
	CHECK_INT(store_load(&s->store, &s->all), 0);
	s->life = s->all.first;
}

static unsigned kind_of(uint64_t seq)
{
	return seq == 0	      ? RV_KIND_ARMED
	       : seq % 50 == 9 ? RV_KIND_EXEC
	       : seq % 50 == 8 ? RV_KIND_CREATE
	       : seq % 50 == 7 ? RV_KIND_REPEAT
			       : RV_KIND_OPEN;
}

static bool is_denied(uint64_t seq)
{
	return kind_of(seq) == RV_KIND_OPEN && seq % 100 == 1;
}

/* As the kernel counts it: every hundredth open is denied, every number that ends in 50 is lost. */
static bool is_lost(uint64_t seq)
{
	return seq % 1000 == 50;
}

static size_t put_record(struct scene *s, uint8_t *at, uint64_t seq, unsigned kind)
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
				  .generation = GENERATION,
				  .tai_ns = (seq + 1) * SECOND,
				  .verdict = is_denied(seq) ? RV_VERDICT_DENIED : RV_VERDICT_ALLOWED};
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
static void give(struct scene *s, uint64_t seq, unsigned kind)
{
	struct rv_counters *c = &s->given;

	c->taken[kind]++;
	c->lost[kind] += is_lost(seq);
	c->armed |= seq == 0;
	c->issued = seq > c->issued ? seq : c->issued;
	if (kind == RV_KIND_REPEAT)
		c->merged[counters_merge(RV_KIND_OPEN)] += seq;
}

/* Those numbers come, in transactions of a hundred. */
static void come(struct scene *s, uint64_t from, uint64_t to, bool again)
{
	struct intake in = {};
	uint8_t data[4096];
	bool bulk;

	for (uint64_t seq = from; seq <= to; seq++) {
		unsigned kind = kind_of(seq);

		if (!again)
			give(s, seq, kind);
		if (!is_lost(seq))
			CHECK_INT(intake_add(&in, data, put_record(s, data, seq, kind), &bulk), 0);
		in.meta = true;
		s->life->counters = s->given;
		if (seq % 100 == 0 || seq == to)
			CHECK_INT(intake_commit(&in, &s->store, s->life), 0);
	}
	intake_release(&in);
}

static void close_record(struct scene *s, uint64_t seq)
{
	struct intake in = {.meta = true};
	uint8_t data[4096];
	bool bulk;

	s->given.taken[RV_KIND_CLOSE]++;
	CHECK_INT(intake_add(&in, data, put_record(s, data, seq, RV_KIND_CLOSE), &bulk), 0);
	life_end(s->life);
	CHECK_INT(intake_commit(&in, &s->store, s->life), 0);
	intake_release(&in);
}

static uint64_t cut(struct scene *s, const struct cut_order *o, unsigned pieces)
{
	uint64_t records, sum = 0;

	for (int r = 1; pieces > 0 && r == 1; pieces--) {
		r = store_cut_some(&s->store, s->life, o, &records);
		CHECK(r >= 0);
		sum += records;
	}
	return sum;
}

static uint64_t everything(struct scene *s, uint64_t keep)
{
	struct cut_order o = {.why = "bytes", .keep = keep, .before_ns = INT64_MAX, .share = 1 << 30};

	return cut(s, &o, 10000);
}

static struct ledger ledger_of(struct scene *s)
{
	struct numbers gone = {};
	struct ledger l = {.settled = UINT64_MAX, .cuts = s->life->cuts};
	struct store_row row;
	uint64_t told = 0, counted = cuts_cut(&l.cuts) + cuts_dropped(&l.cuts);
	struct event e;

	CHECK_INT(store_cuts_from(&s->store, s->life, 0, &gone), 0);
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

static uint64_t rows(struct scene *s, const char *where)
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

static bool intact(struct scene *s)
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

static uint64_t file_size(struct scene *s)
{
	char path[512];
	struct stat st = {};

	snprintf(path, sizeof(path), "%s/%s", s->dir.path, s->life->file);
	CHECK_INT(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

TEST("cut: acts and changes before processes before evidence; record 0 and the last stay")
{
	_scene_ struct scene s;
	struct cut_order o = {.why = "bytes", .keep = 500, .before_ns = INT64_MAX, .share = 1 << 30};
	uint64_t records;

	begin(&s);
	come(&s, 0, 9999, false);
	/* Acts and changes first, all of them. */
	while (s.life->cuts.below[CLASS_ACTS] < 9500)
		REQUIRE(store_cut_some(&s.store, s.life, &o, &records) == 1);
	CHECK_INT((long long)rows(&s, "events WHERE seq<9500 AND kind IN ('open','create','repeat') "
				      "AND verdict!='denied'"),
		  0);
	CHECK_INT((long long)rows(&s, "events WHERE kind='exec'"), 200);
	CHECK_INT((long long)rows(&s, "events WHERE verdict='denied'"), 100);
	CHECK_INT((long long)rows(&s, "events WHERE seq>=9500"), 500);
	CHECK(ledger_of(&s).exact);
	CHECK(intact(&s));
	/* Then processes, then denials. */
	while (s.life->cuts.below[CLASS_PROCESSES] < 9500)
		REQUIRE(store_cut_some(&s.store, s.life, &o, &records) == 1);
	CHECK_INT((long long)rows(&s, "events WHERE kind='exec' AND seq<9500"), 0);
	CHECK_INT((long long)rows(&s, "events WHERE verdict='denied'"), 100);
	CHECK_INT((long long)s.life->cuts.denials, 0);
	(void)everything(&s, 500);
	CHECK_INT((long long)s.life->cuts.denials, 95);
	CHECK_INT((long long)rows(&s, "events"), 501);
	CHECK_INT((long long)rows(&s, "events WHERE seq=0"), 1);
	CHECK_INT((long long)s.life->cuts.kept[CLASS_PROCESSES], 0);
	CHECK_INT((long long)s.life->cuts.kept[CLASS_EVIDENCE], 0);
	CHECK_INT((long long)everything(&s, 500), 0);
	CHECK(ledger_of(&s).exact);
	CHECK(intact(&s));
}

TEST("cut: more processes than their share go before newer acts")
{
	_scene_ struct scene s;
	struct cut_order o = {.why = "bytes", .keep = 100, .before_ns = INT64_MAX, .share = 2000};

	begin(&s);
	come(&s, 0, 9999, false);
	for (unsigned i = 0; i < 100 && s.life->cuts.below[CLASS_ACTS] < 5000; i++)
		(void)cut(&s, &o, 1);
	CHECK(rows(&s, "events WHERE kind='exec' AND seq<2000") == 0);
	CHECK(rows(&s, "events WHERE kind='open' AND seq>6200") > 3000);
	CHECK(ledger_of(&s).exact);
}

TEST("cut: by age, what is older and no more; processes and denials stay")
{
	_scene_ struct scene s;
	struct cut_order o = {.why = "age", .keep = 100, .before_ns = 3000 * SECOND};

	begin(&s);
	come(&s, 0, 4999, false);
	o.before_ns -= s.life->tai_offset_ns;
	CHECK(cut(&s, &o, 100) > 2000);
	CHECK_INT((long long)rows(&s, "events WHERE seq<2999 AND kind='open' AND verdict!='denied'"),
		  0);
	CHECK_INT((long long)rows(&s, "events WHERE seq>=2999"), 1999);
	CHECK_INT((long long)rows(&s, "events WHERE kind='exec'"), 100);
	CHECK_INT((long long)rows(&s, "events WHERE verdict='denied'"), 50);
	CHECK_INT((long long)cut(&s, &o, 100), 0);
	CHECK(ledger_of(&s).exact);
	CHECK(intact(&s));
}

TEST("cut: the ledger of a life that has ended adds up by kind, and repetitions; and after a restart")
{
	_scene_ struct scene s;
	struct ledger l;
	char *text;

	begin(&s);
	come(&s, 0, 4998, false);
	close_record(&s, 4999);
	CHECK(ledger_of(&s).exact);
	CHECK(everything(&s, 100) > 4000);
	l = ledger_of(&s);
	CHECK(l.exact);
	CHECK_INT((long long)l.missing, 5);
	CHECK_INT((long long)l.expected, 5000);
	CHECK(l.cuts.repeats_cut[counters_merge(RV_KIND_OPEN)] > 0);
	text = ledger_to_text(&l, "web");
	CHECK(strstr(text, " + ") && strstr(text, " cut)"));
	CHECK(strstr(text, "missing      50 to 50\n") != NULL);
	free(text);
	restart(&s);
	l = ledger_of(&s);
	CHECK(l.exact);
	CHECK(intact(&s));
	/* One that is missing and was neither lost nor cut is found still. */
	CHECK_INT(store_begin(&s.store, s.life), 0);
	store_abort(&s.store, s.life);
	s.life->cuts.cut[RV_KIND_OPEN]--;
	s.life->cuts.cut[RV_KIND_CREATE]++;
	CHECK(!ledger_of(&s).exact);
}

TEST("cut: what was cut and comes again is a duplicate; what comes late for the first time is stored")
{
	_scene_ struct scene s;
	uint64_t stored;
	uint8_t data[4096];
	struct intake in = {};
	bool bulk;

	begin(&s);
	come(&s, 0, 2999, false);
	(void)everything(&s, 100);
	restart(&s);
	stored = rows(&s, "events");
	come(&s, 2000, 2999, true);
	CHECK_INT((long long)rows(&s, "events"), (long long)stored);
	CHECK_INT((long long)s.life->duplicates, 999);
	CHECK(ledger_of(&s).exact);
	/* 1050 was counted as lost; now it comes. */
	CHECK_INT(intake_add(&in, data, put_record(&s, data, 1050, RV_KIND_OPEN), &bulk), 0);
	CHECK_INT(intake_commit(&in, &s.store, s.life), 0);
	CHECK_INT((long long)in.stored_len, 1);
	CHECK_INT((long long)ledger_of(&s).missing, 2);
	intake_release(&in);
}

TEST("dropped: by class, counted by kind, exact, told in the chain; not twice when it comes again")
{
	_scene_ struct scene s;
	struct ledger l;

	begin(&s);
	come(&s, 0, 999, false);
	s.store.from_class = CLASS_CHANGES;
	come(&s, 1000, 1999, false);
	s.store.from_class = CLASS_EVIDENCE;
	come(&s, 2000, 2999, false);
	come(&s, 1500, 2999, true);
	restart(&s);
	come(&s, 500, 2999, true);
	s.store.from_class = CLASS_ACTS;
	come(&s, 500, 2999, true);
	come(&s, 3000, 3998, false);
	close_record(&s, 3999);
	CHECK_INT((long long)rows(&s, "events WHERE verdict='denied'"), 40);
	CHECK_INT((long long)rows(&s, "events WHERE kind='create' AND seq BETWEEN 1000 AND 1999"), 20);
	CHECK_INT((long long)rows(&s, "events WHERE kind='exec' AND seq BETWEEN 1000 AND 1999"), 20);
	CHECK_INT((long long)rows(&s, "events WHERE kind='exec' AND seq BETWEEN 2000 AND 2999"), 0);
	CHECK_INT((long long)rows(&s, "events WHERE kind='open' AND verdict!='denied' AND seq "
				      "BETWEEN 1000 AND 2999"),
		  0);
	l = ledger_of(&s);
	CHECK(l.exact);
	CHECK_INT((long long)l.cuts.dropped[RV_KIND_EXEC], 20);
	CHECK_INT((long long)l.missing, 4);
	CHECK(intact(&s));
	CHECK(everything(&s, 100) > 0);
	CHECK(ledger_of(&s).exact);
	CHECK(intact(&s));
}

TEST("cut: the index forgets it, arguments go with their exec, and an old row does not come back")
{
	_scene_ struct scene s;
	uint8_t *data;
	size_t len;

	begin(&s);
	come(&s, 0, 3 * INDEX_PART, false);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_put_args(s.life, 59, "a", 1), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	close_record(&s, 3 * INDEX_PART + 1);
	index_advance(&s.store, s.life);
	index_advance(&s.store, s.life);
	CHECK(rows(&s, "parts") > 0);
	(void)everything(&s, 100);
	CHECK_INT(store_get_args(&s.store, s.life, 59, &data, &len), -ENOENT);
	CHECK_INT((long long)rows(&s, "parts WHERE id<32"), 0);
	CHECK(intact(&s));
}

TEST("cut: space goes back to the file system")
{
	_scene_ struct scene s;
	uint64_t before, used, unused;

	begin(&s);
	come(&s, 0, 9999, false);
	CHECK_INT(store_fold(&s.store, s.life), 0);
	before = file_size(&s);
	(void)everything(&s, 100);
	CHECK_INT(store_space(&s.store, s.life, &used, &unused), 0);
	CHECK(unused > before / 2);
	for (unsigned i = 0; i < 1000 && unused > 0; i++) {
		CHECK_INT(store_shrink(&s.store, s.life, 64 << 10), 0);
		CHECK_INT(store_space(&s.store, s.life, &used, &unused), 0);
	}
	CHECK_INT((long long)unused, 0);
	CHECK_INT(store_fold(&s.store, s.life), 0);
	CHECK(file_size(&s) < before / 3);
	CHECK(intact(&s));
	CHECK(ledger_of(&s).exact);
}

/* One piece with the n-th allocation failing; then again, and all must be as if nothing had been. */
static bool cuts_whole(long n)
{
	_scene_ struct scene s;
	struct cut_order o = {.why = "bytes", .keep = 100, .before_ns = INT64_MAX, .share = 1 << 30};
	uint64_t records;
	bool failed;
	int r;

	begin(&s);
	come(&s, 0, 999, false);
	tap_fail_malloc(n);
	r = store_cut_some(&s.store, s.life, &o, &records);
	failed = tap_malloc_failed();
	tap_fail_malloc(0);
	CHECK(r >= 0 || cuts_cut(&s.life->cuts) == 0);
	(void)everything(&s, 100);
	CHECK_INT((long long)rows(&s, "events"), 101);
	CHECK(ledger_of(&s).exact);
	restart(&s);
	CHECK(ledger_of(&s).exact);
	CHECK(intact(&s));
	return !failed;
}

TEST("cut: an allocation that fails in a piece leaves all of it or nothing")
{
	long n = 1;

	while (!cuts_whole(n) && n < 2000)
		n += n < 40 ? 1 : 23;
	CHECK(n > 10 && n < 2000);
}

TEST("removal: database, log and seal go, the list says so with an anchor, and nobody finds it")
{
	_scene_ struct scene s;
	_json_ struct json *j = NULL;
	_free_ char *text = NULL;
	char said[256], error[64];
	struct life *other;
	size_t len;

	begin(&s);
	come(&s, 0, 199, false);
	close_record(&s, 200);
	other = admit(&s.all, "other", GENERATION + 1);
	CHECK_INT(dir_count(&s.dir), 4); /* with its log, and the seals */
	CHECK_INT(removal_do(&s.store, &s.all, s.life, "age", s.list), 0);
	CHECK_INT(dir_count(&s.dir), 2);
	CHECK(s.all.first == other && s.all.count == 1 && s.life->gone);
	CHECK_INT(store_rows(&s.store, s.life, 0), -ENOENT); /* who still points to it */
	CHECK_INT(store_begin(&s.store, s.life), -ENOENT);
	CHECK_INT(dir_count(&s.dir), 2);
	CHECK_INT(util_read_file(AT_FDCWD, s.list, 65536, &text, &len), 0);
	CHECK_INT(json_parse(text, len, false, &j, error, sizeof(error)), 0);
	CHECK_STR(json_get_string(j, "id", ""), "web");
	CHECK_INT(json_get_number(j, "last", 0), 200);
	CHECK_INT(json_get_number(json_get(j, "anchor"), "links", 0), 4);
	CHECK(removal_find(s.list, "we", said, sizeof(said)));
	CHECK(strstr(said, "'we' (web, ended ") && strstr(said, "by retention: age"));
	CHECK(removal_find(s.list, "web-name", said, sizeof(said)));
	CHECK(!removal_find(s.list, "age", said, sizeof(said)));
	CHECK(!removal_find(s.list, "", said, sizeof(said)));
	lives_forget(&s.all);
}

TEST("removal: one that was interrupted is finished, and nothing else")
{
	_scene_ struct scene s;

	begin(&s);
	dir_file(&s.dir, "a@1.db.gone", "x");
	dir_file(&s.dir, "a@1.db-wal", "x");
	dir_file(&s.dir, "seals/a@1.seal", "x");
	dir_file(&s.dir, "seals/b@1.seal", "x");
	dir_file(&s.dir, "b@1.db", "x");
	dir_file(&s.dir, "gone", "x");
	dir_file(&s.dir, ".db.gone", "x");
	removal_finish(&s.store);
	CHECK_INT(dir_count(&s.dir), 3); /* and the one that begins with a dot */
}

TEST("disk: a level is entered at its part of the floor, and left with an eighth more")
{
	static const struct {
		uint64_t free;
		enum disk_level now, then;
	} cases[] = {
	    {800, DISK_FREE, DISK_FREE},   {799, DISK_FREE, DISK_TIGHT},  {850, DISK_TIGHT, DISK_TIGHT},
	    {900, DISK_TIGHT, DISK_FREE},  {399, DISK_TIGHT, DISK_SHORT}, {400, DISK_TIGHT, DISK_TIGHT},
	    {440, DISK_SHORT, DISK_SHORT}, {450, DISK_SHORT, DISK_TIGHT}, {199, DISK_FREE, DISK_SCARCE},
	    {99, DISK_FREE, DISK_FULL},	   {0, DISK_FULL, DISK_FULL},	  {112, DISK_FULL, DISK_SCARCE},
	    {5000, DISK_FULL, DISK_FREE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_INT(disk_judge(cases[i].free, 800, cases[i].now), cases[i].then);
	CHECK_INT(disk_judge(0, 0, DISK_FREE), DISK_FREE);
	CHECK_INT((long long)disk_floor(CONFIG_FREE_AUTO, 4 << 20), (4 << 20) / 20);
	CHECK_INT((long long)disk_floor(CONFIG_FREE_AUTO, 1ull << 50), 1 << 30);
	CHECK_INT((long long)disk_floor(5, 1ull << 50), 5);
	CHECK_INT(disk_class(DISK_TIGHT), CLASS_ACTS);
	CHECK_INT(disk_class(DISK_FULL), CLASS_EVIDENCE);
}
