/* SPDX-License-Identifier: Apache-2.0 */
/* Taking rows away, and the table that says which are gone; the file's size. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/db_inside.h"

enum statement {
	CUT_EVENTS,
	CUT_ARGS,
	CUT_PARTS,
	BEHIND,
	TAKE,
	JOIN,
	PUT,
	SUM,
	GET,
	LAST,
	HAS,
	WEIGH,
	TAIL,
	STATEMENTS,
};

/* What a row takes, its block of arguments and some 48 bytes beside it. */
#define WEIGHT                                                                                     \
	"length(record)+coalesce(length(path),0)+48+"                                              \
	"coalesce((SELECT length(data) FROM args WHERE args.seq=events.seq),0)"

static const char *const statement_text[STATEMENTS] = {
    [CUT_EVENTS] = "DELETE FROM events WHERE seq BETWEEN ?1 AND ?2",
    [CUT_ARGS] = "DELETE FROM args WHERE seq BETWEEN ?1 AND ?2",
    [CUT_PARTS] = "DELETE FROM parts WHERE id BETWEEN ?1 AND ?2",
    [BEHIND] = "SELECT last FROM cuts WHERE first=?1 AND why=?3",
    [TAKE] = "DELETE FROM cuts WHERE first=?1",
    [SUM] = "SELECT coalesce(sum(last-first+1),0) FROM cuts",
    [JOIN] = "UPDATE cuts SET last=?2 WHERE last=?1-1 AND why=?3"
	     " AND first=(SELECT max(first) FROM cuts WHERE first<?1)",
    [PUT] = "INSERT INTO cuts VALUES(?1,?2,?3)",
    /* Ranges do not overlap, so the one before a number is the only one below it that can hold it.
     */
    [GET] = "SELECT first,last FROM cuts WHERE last>=?1 AND first>="
	    "coalesce((SELECT max(first) FROM cuts WHERE first<=?1),0) ORDER BY first LIMIT 1",
    [LAST] = "SELECT last FROM cuts ORDER BY first DESC LIMIT 1",
    [HAS] = "SELECT seq FROM events WHERE seq=?1",
    [WEIGH] = "SELECT seq,kind,verdict,wall_ns," WEIGHT
	      ",CASE kind WHEN 'repeat' THEN record END FROM events WHERE seq>=?1 ORDER BY seq",
    [TAIL] = "SELECT seq," WEIGHT " FROM events WHERE seq>=?1 ORDER BY seq DESC",
};

static const char table_text[] =
    "CREATE TABLE IF NOT EXISTS cuts(first INTEGER PRIMARY KEY,last INTEGER,why TEXT)";

struct db_cuts {
	sqlite3_stmt *statements[STATEMENTS];
};

void db_cuts_free(struct db_cuts *c)
{
	for (unsigned i = 0; c && i < STATEMENTS; i++)
		sqlite3_finalize(c->statements[i]);
	free(c);
}

void db_cuts_end(struct db_cuts *c)
{
	if (c)
		sqlite3_reset(c->statements[WEIGH]);
}

int db_cuts_make(struct db *db)
{
	return db_error(db, sqlite3_exec(db->handle, table_text, NULL, NULL, NULL));
}

/* The statement, reset, with its numbers. -ENOENT: there is no such table. */
static int use(struct db *db, enum statement which, uint64_t first, uint64_t second,
	       sqlite3_stmt **ret)
{
	int code = SQLITE_OK;
	sqlite3_stmt *s;

	if (!db->cuts)
		db->cuts = calloc(1, sizeof(*db->cuts));
	if (!db->cuts)
		return -ENOMEM;
	if (!db->cuts->statements[which])
		code = sqlite3_prepare_v3(db->handle, statement_text[which], -1,
					  SQLITE_PREPARE_PERSISTENT, &db->cuts->statements[which],
					  NULL);
	if (code != SQLITE_OK)
		return code == SQLITE_ERROR ? -ENOENT : db_error(db, code);
	s = db->cuts->statements[which];
	sqlite3_reset(s);
	if (sqlite3_bind_parameter_count(s) > 0)
		sqlite3_bind_int64(s, 1, (sqlite3_int64)first);
	if (sqlite3_bind_parameter_count(s) > 1)
		sqlite3_bind_int64(s, 2, (sqlite3_int64)second);
	*ret = s;
	return 0;
}

/* Without a row in return. */
static int step(struct db *db, enum statement which, uint64_t first, uint64_t second,
		const char *why)
{
	sqlite3_stmt *s;
	int r = use(db, which, first, second, &s);

	if (r < 0)
		return r;
	if (why)
		sqlite3_bind_text(s, 3, why, -1, SQLITE_STATIC);
	r = db_error(db, sqlite3_step(s));
	sqlite3_reset(s);
	return r;
}

int db_cut(struct db *db, uint64_t from, uint64_t to)
{
	int r = step(db, CUT_EVENTS, from, to, NULL);

	return r < 0 ? r : step(db, CUT_ARGS, from, to, NULL);
}

int db_cut_parts(struct db *db, uint64_t from, uint64_t to)
{
	int r = step(db, CUT_PARTS, from, to, NULL);

	return r == -ENOENT ? 0 : r;
}

/* The range right behind, of the same word: it is taken, to be one with that before it. */
static int take_behind(struct db *db, uint64_t to, const char *why, uint64_t *ret_to)
{
	sqlite3_stmt *s;
	int code, r = use(db, BEHIND, to + 1, 0, &s);

	if (r < 0)
		return r;
	sqlite3_bind_text(s, 3, why, -1, SQLITE_STATIC);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*ret_to = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return code == SQLITE_ROW ? step(db, TAKE, to + 1, 0, NULL) : db_error(db, code);
}

int db_put_cut(struct db *db, uint64_t from, uint64_t to, const char *why)
{
	int r = take_behind(db, to, why, &to);

	if (r == 0)
		r = step(db, JOIN, from, to, why);
	if (r < 0 || sqlite3_changes(db->handle) > 0)
		return r;
	return step(db, PUT, from, to, why);
}

/* A row's first numbers; -ENOENT: none. */
static int get(struct db *db, enum statement which, uint64_t number, uint64_t *ret, int n)
{
	sqlite3_stmt *s;
	int code, r = use(db, which, number, 0, &s);

	if (r < 0)
		return r;
	code = sqlite3_step(s);
	for (int i = 0; i < n && code == SQLITE_ROW; i++)
		ret[i] = (uint64_t)sqlite3_column_int64(s, i);
	r = code == SQLITE_DONE ? -ENOENT : db_error(db, code);
	sqlite3_reset(s);
	return r;
}

int db_get_cut(struct db *db, uint64_t number, uint64_t *ret_from, uint64_t *ret_to)
{
	uint64_t found[2];
	int r = get(db, GET, number, found, 2);

	if (r == 0) {
		*ret_from = found[0];
		*ret_to = found[1];
	}
	return r;
}

int db_last_cut(struct db *db, uint64_t *ret)
{
	return get(db, LAST, 0, ret, 1);
}

int db_sum_cuts(struct db *db, uint64_t *ret)
{
	return get(db, SUM, 0, ret, 1);
}

bool db_has_event(struct db *db, uint64_t seq)
{
	uint64_t found;

	return get(db, HAS, seq, &found, 1) == 0;
}

static const char *text_of(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_TEXT
		   ? (const char *)sqlite3_column_text(s, column)
		   : NULL;
}

int db_weigh_next(struct db *db, struct db_weight *ret)
{
	sqlite3_stmt *s = db->cuts->statements[WEIGH];
	int code = sqlite3_step(s);

	if (code != SQLITE_ROW)
		return code == SQLITE_DONE ? -ENOENT : db_error(db, code);
	*ret = (struct db_weight){
	    .seq = (uint64_t)sqlite3_column_int64(s, 0),
	    .kind = text_of(s, 1),
	    .verdict = text_of(s, 2),
	    .wall_ns = sqlite3_column_int64(s, 3),
	    .bytes = (uint64_t)sqlite3_column_int64(s, 4),
	    .record = sqlite3_column_blob(s, 5),
	    .record_len = (size_t)sqlite3_column_bytes(s, 5),
	};
	return 0;
}

int db_weigh(struct db *db, uint64_t from, struct db_weight *ret)
{
	sqlite3_stmt *s;
	int r = use(db, WEIGH, from, 0, &s);

	return r < 0 ? r : db_weigh_next(db, ret);
}

int db_tail(struct db *db, uint64_t from, uint64_t bytes, uint64_t *ret)
{
	sqlite3_stmt *s;
	uint64_t sum = 0, first = UINT64_MAX;
	int code, r = use(db, TAIL, from, 0, &s);

	if (r < 0)
		return r;
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		sum += (uint64_t)sqlite3_column_int64(s, 1);
		if (sum > bytes && first != UINT64_MAX)
			break;
		first = (uint64_t)sqlite3_column_int64(s, 0);
	}
	*ret = code == SQLITE_ROW ? first : from;
	r = code == SQLITE_ROW ? 0 : db_error(db, code);
	sqlite3_reset(s);
	return r;
}

static int pragma(struct db *db, const char *name, uint64_t *ret)
{
	char text[48];
	sqlite3_stmt *s = NULL;
	int code;

	snprintf(text, sizeof(text), "PRAGMA %s", name);
	code = sqlite3_prepare_v2(db->handle, text, -1, &s, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? -EUCLEAN : db_error(db, code);
}

int db_space(struct db *db, uint64_t *ret_used, uint64_t *ret_free)
{
	uint64_t size = 0, pages = 0, unused = 0;
	int r = pragma(db, "page_size", &size);

	if (r == 0)
		r = pragma(db, "page_count", &pages);
	if (r == 0)
		r = pragma(db, "freelist_count", &unused);
	if (r < 0)
		return r;
	*ret_used = (pages - unused) * size;
	*ret_free = unused * size;
	return 0;
}

int db_shrink(struct db *db, uint64_t bytes)
{
	uint64_t size = 0;
	char text[64];
	int r = pragma(db, "page_size", &size);

	if (r < 0 || size == 0)
		return r;
	snprintf(text, sizeof(text), "PRAGMA incremental_vacuum(%llu)",
		 (unsigned long long)(bytes / size + 1));
	return db_error(db, sqlite3_exec(db->handle, text, NULL, NULL, NULL));
}

int db_fold(struct db *db, bool end)
{
	int mode = end ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
	int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, NULL, NULL);

	return (code & 0xff) == SQLITE_BUSY ? 0 : db_error(db, code);
}
