/* SPDX-License-Identifier: Apache-2.0 */
/* See db.h. Every statement is prepared once per open database. */
#include "sidecar/node/db_inside.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"

enum statement {
	PUT_EVENT,
	PUT_ARGS,
	PUT_META,
	ROWS,
	ROWS_BACK,
	SEQS,
	GET_RECORD,
	GET_ARGS,
	GET_META,
	GET_LAST,
	PUT_PART,
	DROP_PARTS,
	GET_PART,
	LAST_PART,
	STATEMENTS,
};

static const char *const statement_text[STATEMENTS] = {
    [PUT_EVENT] = "INSERT OR IGNORE INTO events VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [PUT_ARGS] = "INSERT OR IGNORE INTO args VALUES(?1,?2)",
    [PUT_META] = "INSERT OR REPLACE INTO meta VALUES(?1,?2)",
    [ROWS] = "SELECT seq,kind,wall_ns,record FROM events WHERE seq>=?1 ORDER BY seq",
    [ROWS_BACK] = "SELECT seq,kind,wall_ns,record FROM events WHERE seq<=?1 ORDER BY seq DESC",
    [SEQS] = "SELECT seq,kind,wall_ns,CASE kind WHEN 'repeat' THEN record END"
	     " FROM events WHERE seq>=?1 ORDER BY seq",
    [GET_RECORD] = "SELECT record FROM events WHERE seq=?1",
    [GET_ARGS] = "SELECT data FROM args WHERE seq=?1",
    [GET_META] = "SELECT value FROM meta WHERE key=?1",
    [GET_LAST] = "SELECT seq,kind FROM events ORDER BY seq DESC LIMIT 1",
    [PUT_PART] = "INSERT OR REPLACE INTO parts VALUES(?1,?2)",
    [DROP_PARTS] = "DELETE FROM parts WHERE id>=?1",
    [GET_PART] = "SELECT postings FROM parts WHERE id=?1",
    [LAST_PART] = "SELECT id FROM parts ORDER BY id DESC LIMIT 1",
};

#define TEXT_OF(x) TEXT_OF_(x)
#define TEXT_OF_(x) #x
static const char schema_text[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY,kind TEXT,wall_ns INTEGER,verdict TEXT,"
    "pid INTEGER,path TEXT,record BLOB);"
    "CREATE TABLE args(seq INTEGER PRIMARY KEY,data BLOB);"
    "CREATE TABLE meta(key TEXT PRIMARY KEY,value) WITHOUT ROWID;"
    "PRAGMA user_version=" TEXT_OF(DB_SCHEMA_VERSION) ";"
						      "COMMIT";

/* Databases of before have none. */
static const char parts_text[] =
    "CREATE TABLE IF NOT EXISTS parts(id INTEGER PRIMARY KEY,postings BLOB)";

_Static_assert(STATEMENTS <= DB_STATEMENTS_MAX, "");

static int error_of(sqlite3 *handle, int code)
{
	int e = handle ? sqlite3_system_errno(handle) : 0;

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_ERROR: /* while opening: a database, but not one of ours */
		return -EINVAL;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_TOOBIG:
		return -EFBIG;
	default:
		return e > 0 ? -e : -EIO;
	}
}

int db_error(struct db *db, int code)
{
	return error_of(db->handle, code);
}

static int run(struct db *db, const char *sql)
{
	return error_of(db->handle, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

void db_free(struct db *db)
{
	if (!db)
		return;
	db_chain_free(db->chain);
	db_cuts_free(db->cuts);
	for (unsigned i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	free(db);
}

static void db_free_p(struct db **db)
{
	db_free(*db);
}
#define _db_ __attribute__((cleanup(db_free_p)))

static int pragma(struct db *db, const char *text, int *ret)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->handle, text, -1, &s, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return error_of(db->handle, code);
}

static int prepare_all(struct db *db)
{
	for (unsigned i = 0; i < STATEMENTS; i++) {
		int code = sqlite3_prepare_v3(db->handle, statement_text[i], -1,
					      SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL);

		/* On a medium that cannot be written an older one stays without the index. */
		if (code != SQLITE_OK && i < PUT_PART)
			return error_of(db->handle, code);
	}
	return 0;
}

static int set_up(struct db *db, bool create, bool writable)
{
	int version = 0, pages = 1, r = 0;

	/* Before a file's first write; it writes to one that has it already, each time. */
	if (create)
		r = pragma(db, "PRAGMA page_count", &pages);
	if (r == 0 && pages == 0)
		r = run(db, "PRAGMA auto_vacuum=INCREMENTAL");
	if (r == 0 && writable)
		r = run(db, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL");
	if (r == 0)
		r = run(db, "PRAGMA cache_size=-512");

	if (r == 0)
		r = pragma(db, "PRAGMA user_version", &version);
	if (r == 0 && version == 0 && create)
		r = run(db, schema_text);
	else if (r == 0 && version != DB_SCHEMA_VERSION)
		r = -EUCLEAN;
	if (r == 0 && writable)
		r = run(db, parts_text);
	if (r == 0)
		r = prepare_all(db);
	return r == -EINVAL ? -EUCLEAN : r;
}

/* SQLite says "cannot open" for what a read-only file system does to its log files. */
static int reason(const char *path, int r)
{
	_free_ char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash || r == -EUCLEAN || r == -ENOMEM)
		return r;
	*slash = '\0';
	return access(dir, W_OK) < 0 ? -errno : r;
}

/* What somebody has put into the file beside rows is not carried out. */
static int only_rows(sqlite3 *handle)
{
	static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
				  SQLITE_DBCONFIG_TRUSTED_SCHEMA};
	int code = SQLITE_OK;

	for (unsigned i = 0; i < ARRAY_SIZE(off) && code == SQLITE_OK; i++)
		code = sqlite3_db_config(handle, off[i], 0, NULL);
	return error_of(handle, code);
}

/* alone: nobody else can open it meanwhile. */
static int open_as(const char *path, int flags, bool create, bool alone, struct db **ret)
{
	_db_ struct db *db = calloc(1, sizeof(*db));
	int code, r;

	if (!db)
		return -ENOMEM;
	flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	code = sqlite3_open_v2(path, &db->handle, flags, NULL);
	r = error_of(db->handle, code);
	if (r == 0)
		r = only_rows(db->handle);
	if (r == 0 && alone)
		r = run(db, "PRAGMA locking_mode=EXCLUSIVE");
	if (r == 0)
		r = set_up(db, create, flags & SQLITE_OPEN_READWRITE);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(db);
	return 0;
}

int db_open(const char *path, bool create, struct db **ret)
{
	int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
	char uri[PATH_MAX + 32], log[PATH_MAX];
	int r = open_as(path, flags, create, false, ret);

	if (r == 0)
		return 0;
	r = reason(path, r);
	/* Sharing it takes a file beside it, for which a full disk has no room. */
	if (r == -ENOSPC && !create)
		return open_as(path, flags, false, true, ret);
	snprintf(log, sizeof(log), "%s-wal", path);
	if (r != -EROFS || create || access(log, F_OK) == 0)
		return r;
	snprintf(uri, sizeof(uri), "file:%s?immutable=1", path);
	return open_as(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, false, false, ret);
}

int db_begin(struct db *db)
{
	return run(db, "BEGIN IMMEDIATE");
}

int db_commit(struct db *db)
{
	return run(db, "COMMIT");
}

/* Steps a statement that returns no row. *ret_changes may be NULL. */
static int step(struct db *db, sqlite3_stmt *s, int *ret_changes)
{
	int code = sqlite3_step(s);
	int r = error_of(db->handle, code);

	if (code == SQLITE_DONE && ret_changes)
		*ret_changes = sqlite3_changes(db->handle);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return r;
}

static void bind_path(sqlite3_stmt *s, int column, const char *path, size_t len)
{
	if (!path || len == 0)
		return;
	if (memchr(path, 0, len) || utf8_check(path, len) < len)
		sqlite3_bind_blob64(s, column, path, len, SQLITE_STATIC);
	else
		sqlite3_bind_text64(s, column, path, len, SQLITE_STATIC, SQLITE_UTF8);
}

int db_put_event(struct db *db, const struct db_event *e)
{
	sqlite3_stmt *s = db->statements[PUT_EVENT];
	int changes = 0, r;

	sqlite3_bind_int64(s, 1, (sqlite3_int64)e->seq);
	sqlite3_bind_text(s, 2, e->kind, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, e->wall_ns);
	sqlite3_bind_text(s, 4, e->verdict, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 5, e->pid);
	bind_path(s, 6, e->path, e->path_len);
	sqlite3_bind_blob64(s, 7, e->record, e->record_len, SQLITE_STATIC);
	r = step(db, s, &changes);
	return r < 0 ? r : changes;
}

int db_put_args(struct db *db, uint64_t seq, const void *data, size_t len)
{
	sqlite3_stmt *s = db->statements[PUT_ARGS];
	int changes = 0, r;

	sqlite3_bind_int64(s, 1, (sqlite3_int64)seq);
	sqlite3_bind_blob64(s, 2, data, len, SQLITE_STATIC);
	r = step(db, s, &changes);
	return r < 0 ? r : changes;
}

int db_put_text(struct db *db, const char *key, const char *text)
{
	sqlite3_stmt *s = db->statements[PUT_META];

	sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, text, -1, SQLITE_STATIC);
	return step(db, s, NULL);
}

int db_put_number(struct db *db, const char *key, uint64_t n)
{
	sqlite3_stmt *s = db->statements[PUT_META];

	sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)n);
	return step(db, s, NULL);
}

static int read_from(struct db *db, enum statement which, uint64_t from)
{
	db_end(db);
	db->reading = db->statements[which];
	return error_of(db->handle, sqlite3_bind_int64(db->reading, 1, (sqlite3_int64)from));
}

int db_rows(struct db *db, uint64_t from, bool record)
{
	return read_from(db, record ? ROWS : SEQS, from);
}

int db_rows_back(struct db *db, uint64_t from)
{
	return read_from(db, ROWS_BACK, from);
}

int db_next(struct db *db, struct db_event *ret)
{
	sqlite3_stmt *s = db->reading;
	int code = sqlite3_step(s);

	if (code != SQLITE_ROW)
		return error_of(db->handle, code);
	*ret = (struct db_event){
	    .seq = (uint64_t)sqlite3_column_int64(s, 0),
	    .kind = (const char *)sqlite3_column_text(s, 1),
	    .wall_ns = sqlite3_column_int64(s, 2),
	};
	if (!ret->kind)
		ret->kind = "";
	ret->record = sqlite3_column_blob(s, 3);
	ret->record_len = (size_t)sqlite3_column_bytes(s, 3);
	return 1;
}

void db_end(struct db *db)
{
	db_chain_end(db->chain);
	db_cuts_end(db->cuts);
	if (db->reading)
		sqlite3_reset(db->reading);
	db->reading = NULL;
}

/* Column 0 of a statement's only row, copied and NUL-terminated. */
static int get_bytes(struct db *db, sqlite3_stmt *s, char **ret, size_t *ret_len)
{
	int code = sqlite3_step(s);
	int r = code == SQLITE_DONE ? -ENOENT : error_of(db->handle, code);

	if (code == SQLITE_ROW) {
		const void *data = sqlite3_column_blob(s, 0);
		size_t len = (size_t)sqlite3_column_bytes(s, 0);
		char *copy = malloc(len + 1);

		r = copy ? 0 : -ENOMEM;
		if (copy) {
			if (len > 0)
				memcpy(copy, data, len);
			copy[len] = 0;
			*ret = copy;
			*ret_len = len;
		}
	}
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return r;
}

/* The same, a number. */
static int get_number(struct db *db, sqlite3_stmt *s, uint64_t *ret)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return code == SQLITE_DONE ? -ENOENT : error_of(db->handle, code);
}

int db_get_record(struct db *db, uint64_t seq, uint8_t **ret, size_t *ret_len)
{
	sqlite3_bind_int64(db->statements[GET_RECORD], 1, (sqlite3_int64)seq);
	return get_bytes(db, db->statements[GET_RECORD], (char **)ret, ret_len);
}

int db_get_args(struct db *db, uint64_t seq, uint8_t **ret, size_t *ret_len)
{
	sqlite3_bind_int64(db->statements[GET_ARGS], 1, (sqlite3_int64)seq);
	return get_bytes(db, db->statements[GET_ARGS], (char **)ret, ret_len);
}

int db_put_part(struct db *db, uint64_t id, const void *data, size_t len)
{
	sqlite3_stmt *s = db->statements[PUT_PART];

	sqlite3_bind_int64(s, 1, (sqlite3_int64)id);
	sqlite3_bind_blob64(s, 2, data, len, SQLITE_STATIC);
	return s ? step(db, s, NULL) : -EROFS;
}

int db_drop_parts(struct db *db, uint64_t from)
{
	sqlite3_stmt *s = db->statements[DROP_PARTS];

	sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
	return s ? step(db, s, NULL) : -EROFS;
}

int db_get_part(struct db *db, uint64_t id, uint8_t **ret, size_t *ret_len)
{
	sqlite3_stmt *s = db->statements[GET_PART];

	sqlite3_bind_int64(s, 1, (sqlite3_int64)id);
	return s ? get_bytes(db, s, (char **)ret, ret_len) : -ENOENT;
}

int db_last_part(struct db *db, uint64_t *ret)
{
	return db->statements[LAST_PART] ? get_number(db, db->statements[LAST_PART], ret) : -ENOENT;
}

int db_get_text(struct db *db, const char *key, char **ret)
{
	size_t len;

	sqlite3_bind_text(db->statements[GET_META], 1, key, -1, SQLITE_STATIC);
	return get_bytes(db, db->statements[GET_META], ret, &len);
}

int db_get_number(struct db *db, const char *key, uint64_t *ret)
{
	sqlite3_bind_text(db->statements[GET_META], 1, key, -1, SQLITE_STATIC);
	return get_number(db, db->statements[GET_META], ret);
}

int db_get_last(struct db *db, uint64_t *ret_seq, char **ret_kind)
{
	sqlite3_stmt *s = db->statements[GET_LAST];
	int code = sqlite3_step(s);
	int r = code == SQLITE_DONE ? -ENOENT : error_of(db->handle, code);

	if (code == SQLITE_ROW) {
		const char *kind = (const char *)sqlite3_column_text(s, 1);
		char *copy = strdup(kind ? kind : "");

		r = copy ? 0 : -ENOMEM;
		if (copy) {
			*ret_seq = (uint64_t)sqlite3_column_int64(s, 0);
			*ret_kind = copy;
		}
	}
	sqlite3_reset(s);
	return r;
}
