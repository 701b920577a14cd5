/* SPDX-License-Identifier: Apache-2.0 */
/* A record that somebody has changed behind the node's back: each way of it is named, by number. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sidecar/common/util.h"
#include "sidecar/node/chain.h"
#include "sidecar/node/index.h"
#include "sidecar/node/intake.h"
#include "sidecar/node/verify.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

#define GENERATION 42

struct scene {
	struct dir dir;
	struct lives all;
	struct store store;
	struct life *life;
	char seals[128], db[512], seal[512];
};

static void begin(struct scene *s)
{
	struct meta meta = {.generation = GENERATION,
			    .cgroup_id = 7,
			    .started_wall_ns = 1000000,
			    .key = "0000000000000007"};

	*s = (struct scene){.dir = dir_make()};
	CHECK_INT(crypt_init(), 0);
	snprintf(meta.id, sizeof(meta.id), "web");
	snprintf(meta.name, sizeof(meta.name), "web");
	CHECK_INT(lives_admit(&s->all, &meta, &s->life), 0);
	snprintf(s->seals, sizeof(s->seals), "%s/seals", s->dir.path);
	store_init(&s->store, s->dir.path, s->seals);
	snprintf(s->db, sizeof(s->db), "%s/%s", s->dir.path, s->life->file);
	store_seal_path(&s->store, s->life, s->seal, sizeof(s->seal));
}

static void end(struct scene *s)
{
	store_release(&s->store);
	lives_release(&s->all);
	dir_remove(&s->dir);
}
#define _scene_ __attribute__((cleanup(end)))

static size_t put_open(uint8_t *at, uint64_t seq)
{
	static const char path[] = "/etc/passwd";
	struct rv_open r = {.head = {.kind = RV_KIND_OPEN,
				     .seq = seq,
				     .generation = GENERATION,
				     .boot_ns = 1000 + seq},
			    .path_len = sizeof(path) - 1};
	size_t len = sizeof(r) + r.path_len;

	r.head.len = (uint32_t)len;
	memset(at, 0, (len + 7) & ~7ul);
	memcpy(at, &r, sizeof(r));
	memcpy(at + sizeof(r), path, r.path_len);
	return (len + 7) & ~7ul;
}

/* One transaction, one link. */
static void store_opens(struct scene *s, uint64_t from, uint64_t to)
{
	struct intake in = {.meta = true};
	uint8_t data[512];
	bool bulk;

	for (uint64_t seq = from; seq <= to; seq++)
		CHECK_INT(intake_add(&in, data, put_open(data, seq), &bulk), 0);
	CHECK_INT(intake_commit(&in, &s->store, s->life), 0);
	intake_release(&in);
}

/* Numbers 1 to 60, ten a link: links 1 to 6; the node is gone. */
static void store_sixty(struct scene *s)
{
	begin(s);
	for (uint64_t n = 1; n < 60; n += 10)
		store_opens(s, n, n + 9);
	store_release(&s->store);
}

static void tamper(const struct scene *s, const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	CHECK_INT(sqlite3_open(s->db, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &error);
	CHECK_STR(error ? error : "fine", "fine");
	sqlite3_free(error);
	sqlite3_close(db);
}

/* To the end; how many steps that took. */
static unsigned go_through(struct verify *v)
{
	unsigned steps = 0;
	int r;

	while ((r = verify_step(v)) == 1)
		steps++;
	CHECK_INT(r, 0);
	return steps;
}

/* Every finding, as in "altered 57-57, ", or "intact". */
static const char *findings(struct scene *s, const struct verify_anchor *anchors, unsigned n)
{
	static char text[4096];
	_json_out_ struct json_out *o = json_out_new();
	_json_ struct json *j = NULL;
	struct verify *v = NULL;
	const char *out;
	char error[128];
	size_t len, at = 0;

	CHECK_INT(verify_new(&s->store, s->life, anchors, n, &v), 0);
	go_through(v);
	verify_to_json(v, "web", o);
	CHECK_INT(json_out_text(o, &out, &len), 0);
	CHECK_INT(json_parse(out, len, false, &j, error, sizeof(error)), 0);
	snprintf(text, sizeof(text), "%s", verify_intact(v) ? "intact" : "");
	for (const struct json *f = json_get(j, "findings")->child; f && at < sizeof(text);
	     f = f->next)
		at += (size_t)snprintf(
		    text + at, sizeof(text) - at, "%s %d-%d, ", json_get_string(f, "what", ""),
		    (int)json_get_number(f, "from", 0), (int)json_get_number(f, "to", 0));
	free(verify_to_text(v, "web"));
	verify_free(v);
	return text;
}

static const char *after(struct scene *s, const char *sql)
{
	tamper(s, sql);
	return findings(s, NULL, 0);
}

static void copy(const char *from, const char *to)
{
	_free_ char *data = NULL;
	size_t len;

	CHECK_INT(util_read_file(AT_FDCWD, from, 1 << 24, &data, &len), 0);
	CHECK_INT(util_write_file(to, data, len, 0600), 0);
}

TEST("verify: what the node stored is intact, while it runs and after it came back")
{
	_scene_ struct scene s;

	begin(&s);
	store_opens(&s, 0, 9);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_opens(&s, 11, 20);
	store_opens(&s, 10, 10); /* late */
	store_opens(&s, 5, 15);	 /* again */
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_release(&s.store);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_opens(&s, 21, 30);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_put_args(s.life, 5, "a\0b", 4), 0);
	CHECK_INT(store_put_args(s.life, 5, "other", 5), 0);
	CHECK_INT(store_put_names(s.life, 7, "rules"), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	CHECK_INT(store_put_end(&s.store, s.life), 0);
	CHECK_STR(findings(&s, NULL, 0), "intact");
}

TEST("verify: a transaction that failed leaves no link")
{
	_scene_ struct scene s;

	begin(&s);
	store_opens(&s, 0, 9);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_put_args(s.life, 5, "lost", 4), 0);
	store_abort(&s.store, s.life);
	store_opens(&s, 10, 19);
	CHECK_STR(findings(&s, NULL, 0), "intact");
}

/* A transaction with the n-th allocation failing, again if need be, and verify with one that fails.
 */
static bool survives(long n)
{
	_scene_ struct scene s;
	struct verify *v = NULL;
	bool failed, broken = false;
	int r = 0;

	begin(&s);
	store_opens(&s, 0, 9);
	for (int try = 0; try < 2; try++) {
		tap_fail_malloc(try ? 0 : n);
		r = store_begin(&s.store, s.life);
		if (r == 0) {
			r = store_put_args(s.life, 5, "a", 2);
			r = r == 0 ? store_put_meta(s.life) : r;
			if (r == 0)
				r = store_commit(&s.store, s.life);
			else
				store_abort(&s.store, s.life);
		}
		failed = try == 0 ? tap_malloc_failed() : failed;
		if (r == 0)
			break;
	}
	tap_fail_malloc(0);
	CHECK_INT(r, 0);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	tap_fail_malloc(n);
	r = verify_new(&s.store, s.life, NULL, 0, &v);
	if (r == 0)
		while ((r = verify_step(v)) == 1)
			;
	broken = tap_malloc_failed();
	tap_fail_malloc(0);
	/* It finds nothing wrong, or says that it could not look. */
	CHECK(r < 0 || verify_intact(v));
	verify_free(v);
	return !failed && !broken;
}

TEST("verify: an allocation that fails leaves the chain as it was, and is no finding")
{
	long n = 1;

	while (!survives(n) && n < 3000)
		n += n < 60 ? 1 : 11;
	CHECK(n > 10 && n < 3000);
}

TEST("verify: records that were changed are named")
{
	_scene_ struct scene s;

	store_sixty(&s);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	CHECK_STR(after(&s, "UPDATE events SET path='/etc/shadow' WHERE seq=7"), "altered 7-7, ");
	CHECK_STR(after(&s, "UPDATE events SET path='/etc/passwd' WHERE seq=7"), "intact");
	CHECK_STR(after(&s, "UPDATE events SET pid='0' WHERE seq=7"),
		  "intact"); /* becomes a number */
	CHECK_STR(after(&s, "UPDATE events SET kind='open'||char(0)||'x' WHERE seq IN (7,8)"),
		  "altered 7-8, ");
	CHECK_STR(after(&s,
			"UPDATE events SET kind='open'; UPDATE events SET record="
			"CAST(substr(record,1,50)||x'01'||substr(record,52) AS BLOB) WHERE seq=33"),
		  "altered 33-33, ");
}

TEST("verify: records that are gone, moved or added are named")
{
	_scene_ struct scene s;

	store_sixty(&s);
	CHECK_STR(after(&s,
			"UPDATE events SET seq=-1 WHERE seq=4; UPDATE events SET seq=4 WHERE seq=5;"
			"UPDATE events SET seq=5 WHERE seq=-1"),
		  "moved 4-4, moved 5-5, ");
	CHECK_STR(after(&s,
			"INSERT INTO events SELECT 1000,kind,wall_ns,verdict,pid,path,record FROM "
			"events WHERE seq=9"),
		  "added 1000-1000, moved 4-4, moved 5-5, ");
	CHECK_STR(after(&s, "DELETE FROM events WHERE seq IN (4,5,1000)"), "removed 4-5, ");
	CHECK_STR(after(&s, "DELETE FROM events WHERE seq>55"), "removed 4-5, removed 56-60, ");
	CHECK_STR(after(&s, "UPDATE meta SET value='ended' WHERE key='state'"),
		  "removed 4-5, removed 56-60, meta-altered 0-0, ");
}

TEST("verify: arguments and rules' names are records, too")
{
	_scene_ struct scene s;

	begin(&s);
	store_opens(&s, 0, 9);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_put_args(s.life, 5, "a\0b", 4), 0);
	CHECK_INT(store_put_args(s.life, 6, "c", 2), 0);
	CHECK_INT(store_put_names(s.life, 7, "rules"), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	store_release(&s.store);
	CHECK_STR(
	    after(&s, "UPDATE args SET data=x'00' WHERE seq=5; DELETE FROM args WHERE seq=6;"
		      "INSERT INTO args VALUES(8,'x'); UPDATE meta SET value='x' WHERE key "
		      "LIKE 'rules%'"),
	    "arguments-altered 5-5, arguments-added 8-8, arguments-removed 6-6, rules-altered "
	    "7-7, ");
}

TEST("verify: a tail that is cut off with its links is known to the seal")
{
	_scene_ struct scene s;

	store_sixty(&s);
	CHECK_STR(after(&s, "DELETE FROM events WHERE seq>40; DELETE FROM chain WHERE link>4"),
		  "link-cut 5-6, ");
	/* Recording goes on, and the chain says what happened. */
	store_opens(&s, 61, 70);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 5-5, ");
}

TEST("verify: links that are changed or gone leave their records unproven, and no others")
{
	_scene_ struct scene s;

	store_sixty(&s);
	CHECK_STR(after(&s, "UPDATE chain SET wall_ns=wall_ns+1 WHERE link=3"),
		  "link-forged 3-3, unproven 21-30, ");
	CHECK_STR(after(&s, "UPDATE chain SET key='text' WHERE link=3"),
		  "link-forged 3-3, added 21-30, ");
	CHECK_STR(after(&s, "DELETE FROM chain WHERE link=3"), "link-removed 3-3, added 21-30, ");
	CHECK_STR(after(&s, "UPDATE chain SET link=100 WHERE link=5; UPDATE chain SET link=5 WHERE "
			    "link=6; UPDATE chain SET link=6 WHERE link=100"),
		  "link-removed 3-3, link-forged 5-6, unproven 31-40, unproven 51-60, unproven "
		  "41-50, added "
		  "21-30, seal-differs 0-0, ");
}

TEST(
    "verify: what the node took away itself is no finding, and is told; what went beside it is one")
{
	_scene_ struct scene s;

	store_sixty(&s);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_cut(s.life, 0, 15, "age"), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	store_opens(&s, 61, 70);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_release(&s.store);
	CHECK_STR(after(&s, "DELETE FROM events WHERE seq IN (16,17)"), "removed 16-17, ");
	store_opens(&s, 5, 5); /* stored after the cut: it covers this no more */
	store_release(&s.store);
	CHECK_STR(findings(&s, NULL, 0), "removed 16-17, ");
	CHECK_STR(after(&s, "DELETE FROM events WHERE seq=5"), "removed 5-5, removed 16-17, ");
}

/* The chain as it is, followed to have so many of its links trimmed at a time. */
static struct verify *followed(struct scene *s, unsigned links)
{
	struct verify *v = NULL;

	CHECK_INT(verify_new(&s->store, s->life, NULL, 0, &v), 0);
	verify_to_trim(v, links, UINT_MAX);
	go_through(v);
	CHECK(verify_may_trim(v));
	return v;
}

/* As trim.c does it: so many links; retention has looked at all records below that one. */
static int trim(struct scene *s, unsigned links, uint64_t looked_at)
{
	struct verify *v = followed(s, links);
	int r;

	s->life->cuts.below[CLASS_ACTS] = looked_at;
	r = store_trim(&s->store, s->life, v, 0);
	verify_free(v);
	return r;
}

/* Links 1 to 6 as store_sixty's, 7: what lies beside records, 8: a cut, 9: ten more; 1 to 3 are trimmed. */
static void store_trimmed(struct scene *s)
{
	store_sixty(s);
	CHECK_INT(store_begin(&s->store, s->life), 0);
	CHECK_INT(store_put_args(s->life, 5, "cut", 3), 0);
	CHECK_INT(store_put_args(s->life, 25, "stays", 5), 0);
	CHECK_INT(store_put_names(s->life, 7, "rules"), 0);
	CHECK_INT(store_commit(&s->store, s->life), 0);
	CHECK_INT(store_begin(&s->store, s->life), 0);
	CHECK_INT(store_cut(s->life, 1, 19, "bytes"), 0);
	CHECK_INT(store_cut(s->life, 22, 22, "bytes"), 0);
	CHECK_INT(store_commit(&s->store, s->life), 0);
	store_opens(s, 61, 70);
	CHECK_INT(trim(s, 3, 31), 1);
}

/* The database, with nobody at it, to be put back as it is now. */
static void keep(struct scene *s, char old[static 512])
{
	store_release(&s->store);
	snprintf(old, 512, "%s/old", s->dir.path);
	copy(s->db, old);
}

static void back(struct scene *s, const char *old)
{
	store_release(&s->store);
	copy(old, s->db);
}

TEST("verify: links that retention has trimmed are no finding, and what they proved is proven")
{
	_scene_ struct scene s;
	char old[512];

	store_trimmed(&s);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	CHECK_INT(trim(&s, 2, 31), 0); /* 41 has not been looked at */
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_opens(&s, 71, 80);
	store_release(&s.store);
	store_opens(&s, 81, 90);
	CHECK_INT(trim(&s, 7, 71), 1); /* and with them the one that had said so */
	CHECK_STR(findings(&s, NULL, 0), "intact");
	keep(&s, old);
	CHECK_STR(after(&s, "DELETE FROM events WHERE seq IN (20,25)"), "removed 20-20, removed 25-25, ");
	back(&s, old);
	CHECK_STR(after(&s, "UPDATE events SET pid=9 WHERE seq=30"), "altered 30-30, ");
	back(&s, old);
	CHECK_STR(after(&s, "DELETE FROM args WHERE seq=25"), "arguments-removed 25-25, ");
	back(&s, old);
	CHECK_STR(after(&s, "UPDATE meta SET value='other' WHERE key='rules-00000007'"), "rules-altered 7-7, ");
	back(&s, old);
	CHECK_STR(after(&s, "INSERT INTO events SELECT 5,kind,wall_ns,verdict,pid,path,record FROM events WHERE seq=30"),
		  "added 5-5, ");
}

TEST("verify: links that are gone without the node's word are named, also where some were trimmed")
{
	_scene_ struct scene s;
	char old[512];

	store_trimmed(&s);
	keep(&s, old);
	CHECK_STR(after(&s, "DELETE FROM chain WHERE link=4"), "added 31-40, link-removed 1-4, ");
	back(&s, old);
	CHECK_STR(after(&s, "DELETE FROM chain WHERE link=5"), "link-removed 5-5, unproven 31-40, added 41-50, ");
	back(&s, old);
	CHECK_STR(after(&s, "UPDATE chain SET previous=zeroblob(32) WHERE link=4"),
		  "link-forged 4-4, unproven 31-40, link-removed 1-3, ");
	back(&s, old);
	CHECK_STR(after(&s, "DELETE FROM chain WHERE link=10"),
		  "added 20-21, added 23-30, link-removed 1-3, link-cut 10-10, meta-altered 0-0, unproven 31-70, ");
}

/* The key was lost behind 60; then 1 to cut_to are cut. */
static void store_key_lost(struct scene *s, uint64_t cut_to)
{
	store_sixty(s);
	CHECK_INT(unlink(s->seal), 0);
	store_opens(s, 61, 70);
	store_opens(s, 71, 80);
	CHECK_INT(store_begin(&s->store, s->life), 0);
	CHECK_INT(store_cut(s->life, 1, cut_to, "bytes"), 0);
	CHECK_INT(store_commit(&s->store, s->life), 0);
}

TEST("verify: a lost key is told also when its link has been trimmed")
{
	_scene_ struct scene s;

	store_key_lost(&s, 65);
	CHECK_INT(trim(&s, 7, 71), 1);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
	store_opens(&s, 81, 90);
	CHECK_INT(trim(&s, 3, 200), 1);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
}

TEST("verify: a key that is lost behind a trimmed beginning leaves that as proven as it was")
{
	_scene_ struct scene s;

	store_key_lost(&s, 19);
	CHECK_INT(trim(&s, 3, 31), 1);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
	store_opens(&s, 81, 90);
	CHECK_INT(trim(&s, 2, 51), 1);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
	/* Without what says where the end is, nothing vouches for any of it. */
	store_release(&s.store);
	CHECK_INT(unlink(s.seal), 0);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, seal-missing 0-0, unproven 51-60, unproven 20-50, unproven 61-90, ");
}

TEST("verify: what somebody changes between the following and the trimming is not trimmed away")
{
	_scene_ struct scene s;
	struct verify *v;
	char old[512];

	store_sixty(&s);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_cut(s.life, 1, 19, "bytes"), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	s.life->cuts.below[CLASS_ACTS] = 41;
	v = followed(&s, 4);
	keep(&s, old);
	/* Links, and what they prove. */
	tamper(&s, "DELETE FROM chain WHERE link<4; DELETE FROM events WHERE seq<31");
	CHECK_INT(store_trim(&s.store, s.life, v, 0), -EBADMSG);
	back(&s, old);
	tamper(&s, "UPDATE chain SET entries=(SELECT entries FROM chain WHERE link=2) WHERE link=3");
	CHECK_INT(store_trim(&s.store, s.life, v, 0), -EBADMSG);
	back(&s, old);
	/* A record, and a word about it in the table that anybody can write to. */
	tamper(&s, "DELETE FROM events WHERE seq=25; UPDATE cuts SET last=last-1; INSERT INTO cuts VALUES(25,25,'bytes')");
	CHECK_INT(store_trim(&s.store, s.life, v, 0), 1);
	CHECK_STR(findings(&s, NULL, 0), "removed 25-25, ");
	verify_free(v);
}

TEST("verify: the last word on a version's rules is carried on, once, and what came late stays the last")
{
	_scene_ struct scene s;
	static const char *const texts[] = {"first", "second", "first", "third"};

	store_sixty(&s);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_INT(store_begin(&s.store, s.life), 0);
		CHECK_INT(store_put_names(s.life, 7, texts[i]), 0);
		CHECK_INT(store_commit(&s.store, s.life), 0);
		store_opens(&s, 61 + i, 61 + i);
		if (i == 2)
			CHECK_INT(trim(&s, 8, 100), 1);
		CHECK_STR(findings(&s, NULL, 0), "intact");
	}
	CHECK_INT(trim(&s, 3, 100), 1);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_opens(&s, 70, 70);
	CHECK_INT(trim(&s, 4, 100), 1);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_release(&s.store);
	CHECK_STR(after(&s, "UPDATE meta SET value='first' WHERE key='rules-00000007'"), "rules-altered 7-7, ");
}

TEST("verify: arguments of a record that was dropped as the disk was full stay proven when their link goes")
{
	_scene_ struct scene s;

	begin(&s);
	store_opens(&s, 0, 9);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_put_args(s.life, 10, "early", 5), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	CHECK_INT(store_put_dropped(s.life, &(struct numbers){.of = &(struct numbers_range){10, 10}, .n = 1}), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	store_opens(&s, 11, 20);
	CHECK_INT(trim(&s, 3, 21), 1);
	CHECK_STR(findings(&s, NULL, 0), "intact");
}

TEST("verify: who is following a chain while it is trimmed begins again")
{
	_scene_ struct scene s;
	struct verify *v = NULL;

	begin(&s);
	for (uint64_t n = 0; n < 3000; n += 100)
		store_opens(&s, n, n + 99);
	CHECK_INT(verify_new(&s.store, s.life, NULL, 0, &v), 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK_INT(verify_step(v), 1);
	CHECK_INT(trim(&s, 20, 2500), 1);
	CHECK(go_through(v) > 3);
	CHECK(verify_intact(v));
	verify_free(v);
}

TEST("verify: a seal that was written with a new key, and fell behind, catches up")
{
	_scene_ struct scene s;
	char old[512];

	store_sixty(&s);
	snprintf(old, sizeof(old), "%s/old", s.dir.path);
	CHECK_INT(unlink(s.seal), 0);
	CHECK_INT(store_begin(&s.store, s.life), 0);
	copy(s.seal, old); /* made, and the link that says so is not */
	CHECK_INT(store_put_args(s.life, 5, "args", 4), 0);
	CHECK_INT(store_commit(&s.store, s.life), 0);
	store_opens(&s, 61, 70);
	store_release(&s.store);
	copy(old, s.seal);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
	store_opens(&s, 71, 80);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
}

/* As somebody does it who has the database and this very program, but no key: from one link on. The last one names
 * the key that it named, with which the node will go on. */
static void recompute(const struct scene *s, uint64_t from, bool own_first_key)
{
	uint8_t seed[CRYPT_SEED] = {1}, previous[CRYPT_HASH] = {};
	uint64_t last = 0;
	struct db_link l;
	struct db *db;
	char sql[128];

	CHECK_INT(db_open(s->db, false, &db), 0);
	CHECK_INT(db_last_link(db, &last), 0);
	for (uint64_t n = 1; db_get_link(db, n, &l) == 0; n++) {
		struct crypt_key key, next;
		uint8_t digest[CRYPT_DIGEST];
		struct db_event e;

		for (size_t at = 0; n >= from && at < l.entries_len; at += CHAIN_ENTRY_SIZE) {
			struct chain_entry entry;

			chain_entry_read(l.entries + at, &entry);
			if (entry.type == CHAIN_EVENT && db_get_event(db, entry.id, &e) == 0) {
				chain_digest_event(CHAIN_EVENT, &e, digest);
				memcpy(l.entries + at + 9, digest, CRYPT_DIGEST);
			}
		}
		db_end(db);
		if (n >= from) {
			crypt_key_of(seed, &key);
			crypt_next(seed);
			crypt_key_of(seed, &next);
			if (n > from || own_first_key)
				memcpy(l.key, key.public, CRYPT_KEY);
			if (n < last)
				memcpy(l.next, next.public, CRYPT_KEY);
			memcpy(l.previous, previous, CRYPT_HASH);
		}
		chain_head(&l, previous);
		if (n >= from) {
			crypt_sign(&key, previous, l.signature);
			snprintf(sql, sizeof(sql), "DELETE FROM chain WHERE link=%" PRIu64, n);
			tamper(s, sql);
			CHECK_INT(db_put_link(db, &l), 0);
		}
		db_link_release(&l);
	}
	db_free(db);
}

TEST("verify: a chain that is computed anew without the key is named from there on")
{
	for (int own = 0; own < 2; own++) {
		_scene_ struct scene s;

		store_sixty(&s);
		tamper(&s, "UPDATE events SET path='/etc/shadow' WHERE seq=37");
		recompute(&s, 4, own);
		CHECK_STR(findings(&s, NULL, 0),
			  "link-forged 4-4, unproven 31-60, seal-differs 0-0, ");
	}
}

TEST("verify: a whole chain that is another's is none for the node to go on with")
{
	_scene_ struct scene s;
	char old[512];

	store_sixty(&s);
	tamper(&s, "UPDATE events SET path='/etc/shadow' WHERE seq=37");
	recompute(&s, 1, true);
	CHECK_STR(findings(&s, NULL, 0), "seal-differs 0-0, ");
	store_opens(&s, 61, 61);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
	end(&s);
	/* Nor is it where the seal is behind, as after a power cut. */
	begin(&s);
	store_opens(&s, 1, 10);
	snprintf(old, sizeof(old), "%s/old", s.dir.path);
	copy(s.seal, old);
	store_opens(&s, 11, 20);
	store_opens(&s, 21, 30);
	store_release(&s.store);
	copy(old, s.seal);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	tamper(&s, "UPDATE events SET path='/etc/shadow' WHERE seq=7");
	recompute(&s, 1, true);
	CHECK_STR(findings(&s, NULL, 0), "seal-differs 0-0, ");
	store_opens(&s, 31, 31);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 4-4, ");
}

static struct verify_anchor anchor_of(struct scene *s)
{
	_json_out_ struct json_out *o = json_out_new();
	struct verify_anchor list[VERIFY_ANCHORS_MAX] = {};
	_json_ struct json *j = NULL;
	const char *out;
	char error[128], text[1024];
	uint64_t links;
	size_t len;
	unsigned n;

	CHECK_INT(verify_anchor_json(&s->store, s->life, "web", o, &links), 0);
	CHECK_INT(json_out_text(o, &out, &len), 0);
	snprintf(text, sizeof(text), "[%.*s]", (int)len, out);
	CHECK_INT(json_parse(text, strlen(text), false, &j, error, sizeof(error)), 0);
	CHECK_INT(verify_anchors_read(j, list, &n, error, sizeof(error)), 0);
	CHECK_INT(n, 1);
	return list[0];
}

TEST("verify: an anchor of a link that was trimmed proves nothing, and says so; a later one does")
{
	struct verify_anchor anchors[2] = {{.links = 2}};
	_scene_ struct scene s;

	store_trimmed(&s);
	CHECK_STR(findings(&s, anchors, 1), "anchor-trimmed 2-2, ");
	anchors[1] = anchor_of(&s);
	store_opens(&s, 71, 80);
	CHECK_STR(findings(&s, anchors, 2), "intact");
	CHECK_INT(unlink(s.seal), 0); /* as on another host */
	CHECK_STR(findings(&s, anchors, 2), "seal-missing 0-0, ");
}

TEST("verify: a chain that is made up from its first link on, seal and all, is not the anchor's")
{
	_scene_ struct scene s;
	struct verify_anchor anchor;

	begin(&s);
	store_opens(&s, 1, 10);
	store_opens(&s, 11, 20);
	anchor = anchor_of(&s);
	CHECK_INT((long long)anchor.links, 2);
	store_opens(&s, 21, 30);
	CHECK_STR(findings(&s, &anchor, 1), "intact");
	store_release(&s.store);

	CHECK_INT(unlink(s.db), 0);
	CHECK_INT(unlink(s.seal), 0);
	store_opens(&s, 1, 10);
	CHECK_STR(findings(&s, NULL, 0), "intact"); /* as the threat model says */
	CHECK_STR(findings(&s, &anchor, 1), "anchor-cut 2-2, ");
	store_opens(&s, 11, 19);
	CHECK_STR(findings(&s, &anchor, 1), "anchor-differs 2-2, ");
}

TEST("verify: a seal that is behind its chain catches up, one that is ahead tells")
{
	_scene_ struct scene s;
	char old[300], older[300];

	begin(&s);
	snprintf(old, sizeof(old), "%s/old", s.dir.path);
	snprintf(older, sizeof(older), "%s/older", s.dir.path);
	store_opens(&s, 1, 10);
	copy(s.seal, old);
	store_release(&s.store);
	copy(s.db, older);
	store_opens(&s, 11, 20);
	store_opens(&s, 21, 30);
	store_release(&s.store);
	copy(old, s.seal); /* the power went: what was not on disk is gone */
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_opens(&s, 31, 40);
	CHECK_STR(findings(&s, NULL, 0), "intact");
	store_release(&s.store);
	copy(older, s.db);
	CHECK_STR(findings(&s, NULL, 0), "link-cut 2-4, ");
}

TEST("verify: without a seal it says so, and with somebody else's")
{
	_scene_ struct scene s;
	_scene_ struct scene other;

	store_sixty(&s);
	store_sixty(&other);
	copy(other.seal, s.seal);
	CHECK_STR(findings(&s, NULL, 0), "seal-differs 0-0, ");
	dir_file(&s.dir, "damaged", "this is no seal");
	CHECK_INT(unlink(s.seal), 0);
	CHECK_STR(findings(&s, NULL, 0), "seal-missing 0-0, ");
	store_opens(&s, 61, 70);
	CHECK_STR(findings(&s, NULL, 0), "key-lost 7-7, ");
}

TEST("verify: a database of before there were chains is said to be one, and goes on with one")
{
	_scene_ struct scene s;

	store_sixty(&s);
	tamper(&s, "DROP TABLE chain");
	CHECK_INT(unlink(s.seal), 0);
	CHECK_STR(findings(&s, NULL, 0), "unchained 1-60, not-chained 0-0, ");
	store_opens(&s, 61, 70);
	CHECK_STR(findings(&s, NULL, 0), "unchained 1-60, ");
	CHECK_STR(after(&s, "UPDATE events SET path='/etc/shadow' WHERE seq=65"),
		  "unchained 1-60, altered 65-65, ");
}

TEST("verify: anchors that are none are refused")
{
	static const char *const bad[] = {"[{}]", "[{\"links\":0,\"head\":\"\"}]", "{}", "[1]",
					  "[{\"links\":1,\"head\":\"zz\"}]"};
	struct verify_anchor list[VERIFY_ANCHORS_MAX];
	unsigned n;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		_json_ struct json *j = NULL;
		char error[128] = "";

		CHECK_INT(json_parse(bad[i], strlen(bad[i]), false, &j, error, sizeof(error)), 0);
		CHECK_INT(verify_anchors_read(j, list, &n, error, sizeof(error)), -EINVAL);
		CHECK(strstr(error, "expected"));
	}
}

TEST("verify: a search of a file that came without its seal adds nothing to its chain")
{
	struct filter f = {.pid = 1, .uid = -1, .rule = -1, .port = -1};
	char before[4096];
	_scene_ struct scene s;
	struct index_part p = {};

	begin(&s);
	for (uint64_t n = 0; n < 1500; n += 500)
		store_opens(&s, n, n + 499);
	CHECK_INT(store_put_end(&s.store, s.life), 0);
	store_release(&s.store);
	CHECK_INT(unlink(s.seal), 0);
	tamper(&s, "DELETE FROM parts");
	snprintf(before, sizeof(before), "%s", findings(&s, NULL, 0));
	s.life->indexed_known = false;
	CHECK(index_look(&s.store, s.life, &f, 5, &p));
	CHECK(p.indexed);
	CHECK_STR(findings(&s, NULL, 0), before);
	CHECK(access(s.seal, F_OK) < 0);
}

TEST("verify: the last link there can be is looked at once, and nothing is recorded behind it")
{
	_scene_ struct scene s;
	struct store_row row;

	store_sixty(&s);
	tamper(&s, "UPDATE chain SET link=9223372036854775807 WHERE link=6");
	CHECK(strstr(findings(&s, NULL, 0), "link-removed"));
	store_release(&s.store);
	store_opens(&s, 61, 70); /* in a file of its own */
	CHECK_INT(store_rows(&s.store, s.life, 0), 0);
	CHECK(store_next(s.life, &row) == 1 && row.seq == 61);
	store_end(s.life);
}

/* Tries again as the node does; how often it took. */
static int store_until(struct scene *s, uint64_t seq)
{
	struct intake in = {.meta = true};
	uint8_t data[512];
	int tries = 1;
	bool bulk;

	CHECK_INT(intake_add(&in, data, put_open(data, seq), &bulk), 0);
	while (tries < 10 && intake_commit(&in, &s->store, s->life) < 0)
		tries++;
	intake_release(&in);
	return tries;
}

TEST("verify: what somebody has made of the file does not keep the node from recording")
{
	static const char *const ways[] = {
	    "DROP TABLE chain; CREATE TABLE chain(other)",
	    "DROP TABLE chain; CREATE VIEW chain AS SELECT 1 AS link",
	    "DROP TABLE parts; CREATE TABLE parts(other)",
	    "CREATE TRIGGER t BEFORE INSERT ON events BEGIN SELECT RAISE(IGNORE); END",
	    "CREATE TRIGGER t BEFORE INSERT ON chain BEGIN SELECT RAISE(IGNORE); END",
	    "UPDATE chain SET key=NULL",
	    "DELETE FROM chain WHERE link>2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		_scene_ struct scene s;
		uint8_t *record = NULL;
		size_t len;

		store_sixty(&s);
		tamper(&s, ways[i]);
		CHECK(store_until(&s, 61) < 4);
		CHECK_INT((long long)s.life->duplicates, 0);
		CHECK_INT(store_get_record(&s.store, s.life, 61, &record, &len), 0);
		free(record);
	}
}

TEST("verify: a database of before, whose digests are SHA-256, is proven as it was")
{
	_free_ char *sql = NULL;
	_scene_ struct scene s;
	size_t len;

	begin(&s);
	REQUIRE(util_read_file(AT_FDCWD, "tests/unit/node/chain_sha.sql", 1 << 20, &sql, &len) == 0);
	tamper(&s, sql);
	CHECK_STR(findings(&s, NULL, 0), "seal-missing 0-0, ");
	CHECK_STR(after(&s, "UPDATE events SET pid=pid+1 WHERE seq=3; DELETE FROM events WHERE seq=5"),
		  "removed 5-5, seal-missing 0-0, altered 3-3, ");
}
