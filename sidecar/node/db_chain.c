/* SPDX-License-Identifier: Apache-2.0 */
/* The chain's table, and the rows it speaks of, read as strictly as they were written: whoever
 * changes a database by hand can put anything anywhere. */
#include <errno.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "sidecar/node/db_inside.h"

enum statement {
	PUT_LINK,
	LAST_LINK,
	GET_LINK,
	COUNT_EVENTS,
	GET_EVENT,
	NEXT_EVENT,
	NEXT_ARGS,
	DROP_LINKS,
	SPAN,
	STATEMENTS,
};

static const char *const statement_text[STATEMENTS] = {
    [PUT_LINK] = "INSERT INTO chain VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    [LAST_LINK] = "SELECT max(link) FROM chain",
    [GET_LINK] = "SELECT link,wall_ns,records,key,next,previous,signature,entries FROM chain"
		 " WHERE link>=?1 ORDER BY link LIMIT 1",
    [COUNT_EVENTS] = "SELECT count(*) FROM events",
    [GET_EVENT] = "SELECT kind,wall_ns,verdict,pid,path,record FROM events WHERE seq=?1",
    [NEXT_EVENT] = "SELECT seq FROM events WHERE seq>=?1 ORDER BY seq LIMIT 1",
    [NEXT_ARGS] = "SELECT seq FROM args WHERE seq>=?1 ORDER BY seq LIMIT 1",
    [DROP_LINKS] = "DELETE FROM chain WHERE link<=?1",
    [SPAN] = "SELECT (SELECT max(link) FROM chain)-(SELECT min(link) FROM chain)+1,"
	     "(SELECT records FROM chain ORDER BY link DESC LIMIT 1)"
	     "-(SELECT records FROM chain ORDER BY link LIMIT 1)",
};

static const char table_text[] =
    "CREATE TABLE IF NOT EXISTS chain(link INTEGER PRIMARY KEY,wall_ns INTEGER,records INTEGER,"
    "key BLOB,next BLOB,previous BLOB,signature BLOB,entries BLOB)";

struct db_chain {
	sqlite3_stmt *statements[STATEMENTS];
};

void db_chain_free(struct db_chain *c)
{
	for (unsigned i = 0; c && i < STATEMENTS; i++)
		sqlite3_finalize(c->statements[i]);
	free(c);
}

int db_chain_make(struct db *db)
{
	return db_error(db, sqlite3_exec(db->handle, table_text, NULL, NULL, NULL));
}

/* The statement, reset. A database that has no such table yet has no statement for it. */
static int use(struct db *db, enum statement which, sqlite3_stmt **ret)
{
	int code = SQLITE_OK;

	if (!db->chain)
		db->chain = calloc(1, sizeof(*db->chain));
	if (!db->chain)
		return -ENOMEM;
	if (!db->chain->statements[which])
		code = sqlite3_prepare_v3(db->handle, statement_text[which], -1,
					  SQLITE_PREPARE_PERSISTENT, &db->chain->statements[which],
					  NULL);
	if (code != SQLITE_OK)
		return code == SQLITE_ERROR ? -ENOENT : db_error(db, code);
	*ret = db->chain->statements[which];
	sqlite3_reset(*ret);
	return 0;
}

/* 0: a row is there; -ENOENT: none, or the table is gone. The caller resets the statement. */
static int row_of(struct db *db, sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_DONE || code == SQLITE_ERROR)
		return -ENOENT;
	return code == SQLITE_ROW ? 0 : db_error(db, code);
}

int db_put_link(struct db *db, const struct db_link *l)
{
	sqlite3_stmt *s;
	int code, r = use(db, PUT_LINK, &s);

	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r; /* another table of that name */
	sqlite3_bind_int64(s, 1, (sqlite3_int64)l->number);
	sqlite3_bind_int64(s, 2, l->wall_ns);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)l->records);
	sqlite3_bind_blob(s, 4, l->key, sizeof(l->key), SQLITE_STATIC);
	sqlite3_bind_blob(s, 5, l->next, sizeof(l->next), SQLITE_STATIC);
	sqlite3_bind_blob(s, 6, l->previous, sizeof(l->previous), SQLITE_STATIC);
	sqlite3_bind_blob(s, 7, l->signature, sizeof(l->signature), SQLITE_STATIC);
	sqlite3_bind_blob64(s, 8, l->entries, l->entries_len, SQLITE_STATIC);
	code = sqlite3_step(s);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return db_error(db, code);
}

static int get_number(struct db *db, enum statement which, uint64_t from, uint64_t *ret)
{
	sqlite3_stmt *s;
	int r = use(db, which, &s);

	if (r < 0)
		return r;
	if (sqlite3_bind_parameter_count(s) > 0)
		sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
	r = row_of(db, s);
	if (r == 0)
		*ret = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return r;
}

int db_last_link(struct db *db, uint64_t *ret)
{
	uint64_t last = 0;
	int r = get_number(db, LAST_LINK, 0, &last);

	if (r == 0 || r == -ENOENT)
		*ret = last;
	return r == -ENOENT ? 0 : r;
}

int db_drop_links(struct db *db, uint64_t to)
{
	sqlite3_stmt *s;
	int code, r = use(db, DROP_LINKS, &s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)to);
	code = sqlite3_step(s);
	sqlite3_reset(s);
	return db_error(db, code);
}

int db_chain_span(struct db *db, uint64_t *ret_links, uint64_t *ret_records)
{
	sqlite3_stmt *s;
	int r = use(db, SPAN, &s);

	*ret_links = *ret_records = 0;
	if (r == 0)
		r = row_of(db, s);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*ret_links = (uint64_t)sqlite3_column_int64(s, 0);
	*ret_records = (uint64_t)sqlite3_column_int64(s, 1);
	sqlite3_reset(s);
	return 0;
}

int db_count_events(struct db *db, uint64_t *ret)
{
	return get_number(db, COUNT_EVENTS, 0, ret);
}

int db_next_seq(struct db *db, bool args, uint64_t from, uint64_t *ret)
{
	return get_number(db, args ? NEXT_ARGS : NEXT_EVENT, from, ret);
}

static bool take_blob(sqlite3_stmt *s, int column, uint8_t *to, int size)
{
	if (sqlite3_column_type(s, column) != SQLITE_BLOB ||
	    sqlite3_column_bytes(s, column) != size)
		return false;
	memcpy(to, sqlite3_column_blob(s, column), (size_t)size);
	return true;
}

static int take_link(sqlite3_stmt *s, struct db_link *ret)
{
	size_t len = (size_t)sqlite3_column_bytes(s, 7);

	ret->number = (uint64_t)sqlite3_column_int64(s, 0);
	ret->wall_ns = sqlite3_column_int64(s, 1);
	ret->records = (uint64_t)sqlite3_column_int64(s, 2);
	if (!take_blob(s, 3, ret->key, sizeof(ret->key)) ||
	    !take_blob(s, 4, ret->next, sizeof(ret->next)) ||
	    !take_blob(s, 5, ret->previous, sizeof(ret->previous)) ||
	    !take_blob(s, 6, ret->signature, sizeof(ret->signature)) ||
	    sqlite3_column_type(s, 7) != SQLITE_BLOB || len > DB_ENTRIES_MAX)
		return -EUCLEAN;
	ret->entries = malloc(len + 1);
	if (!ret->entries)
		return -ENOMEM;
	memcpy(ret->entries, sqlite3_column_blob(s, 7), len);
	ret->entries_len = len;
	return 0;
}

int db_get_link(struct db *db, uint64_t from, struct db_link *ret)
{
	sqlite3_stmt *s;
	int r = use(db, GET_LINK, &s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
	*ret = (struct db_link){};
	r = row_of(db, s);
	if (r == 0)
		r = take_link(s, ret);
	sqlite3_reset(s);
	return r;
}

void db_link_release(struct db_link *l)
{
	free(l->entries);
	l->entries = NULL;
}

/* As db_put_event binds it. */
static bool good_path(sqlite3_stmt *s, int column)
{
	const char *path = sqlite3_column_blob(s, column);
	size_t len = (size_t)sqlite3_column_bytes(s, column);
	bool text = path && !memchr(path, 0, len) && utf8_check(path, len) == len;

	return sqlite3_column_type(s, column) == (len == 0 ? SQLITE_NULL
						  : text   ? SQLITE_TEXT
							   : SQLITE_BLOB);
}

/* Text without a NUL inside. */
static bool good_text(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_TEXT &&
	       strlen((const char *)sqlite3_column_text(s, column)) ==
		   (size_t)sqlite3_column_bytes(s, column);
}

static bool good_pid(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_INTEGER &&
	       sqlite3_column_int64(s, column) >= 0 &&
	       sqlite3_column_int64(s, column) <= UINT32_MAX;
}

int db_get_event(struct db *db, uint64_t seq, struct db_event *ret)
{
	sqlite3_stmt *s;
	int r = use(db, GET_EVENT, &s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)seq);
	r = row_of(db, s);
	if (r < 0)
		return r;
	if (!good_text(s, 0) || sqlite3_column_type(s, 1) != SQLITE_INTEGER || !good_text(s, 2) ||
	    !good_pid(s, 3) || !good_path(s, 4) || sqlite3_column_type(s, 5) != SQLITE_BLOB)
		return -EUCLEAN;
	*ret = (struct db_event){
	    .seq = seq,
	    .kind = (const char *)sqlite3_column_text(s, 0),
	    .wall_ns = sqlite3_column_int64(s, 1),
	    .verdict = (const char *)sqlite3_column_text(s, 2),
	    .pid = (uint32_t)sqlite3_column_int64(s, 3),
	    .path = sqlite3_column_blob(s, 4),
	    .path_len = (size_t)sqlite3_column_bytes(s, 4),
	    .record = sqlite3_column_blob(s, 5),
	    .record_len = (size_t)sqlite3_column_bytes(s, 5),
	};
	return 0;
}

void db_chain_end(struct db_chain *c)
{
	if (c)
		sqlite3_reset(c->statements[GET_EVENT]);
}
