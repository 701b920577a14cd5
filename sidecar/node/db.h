/* SPDX-License-Identifier: Apache-2.0 */
/* One open database file of the schema in store.h, and the one door to sqlite3. Knows statements
 * and SQLite's errors; knows no container. Errors are those of store.h. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_SCHEMA_VERSION 1

struct db;

/* Without create, a file on a read-only file system opens for reading (writing it is -EROFS), and
 * one on a full disk for us alone. -EUCLEAN: not a database, or not one of ours, or of a later version. create: make what is
 * missing, file and schema. */
int db_open(const char *path, bool create, struct db **ret);
/* NULL allowed. An open transaction is undone; the write-ahead log is folded in. */
void db_free(struct db *db);

int db_begin(struct db *db);
int db_commit(struct db *db);

struct db_event {
	uint64_t seq;
	const char *kind;
	int64_t wall_ns;
	const char *verdict;
	uint32_t pid;
	const char *path; /* NULL: none */
	size_t path_len;
	const uint8_t *record;
	size_t record_len;
};
/* 1: stored, 0: that number was there. */
int db_put_event(struct db *db, const struct db_event *e);
int db_put_args(struct db *db, uint64_t seq, const void *data, size_t len); /* same */
int db_put_text(struct db *db, const char *key, const char *text);
int db_put_number(struct db *db, const char *key, uint64_t n);

/* Rows by number; record only when asked for. Pointers of db_next hold until the next call. */
int db_rows(struct db *db, uint64_t from, bool record);
int db_rows_back(struct db *db, uint64_t from); /* from that number down */
int db_next(struct db *db, struct db_event *ret); /* 1: a row, 0: no more */
void db_end(struct db *db);

/* -ENOENT. The caller frees. */
int db_get_record(struct db *db, uint64_t seq, uint8_t **ret, size_t *ret_len);
int db_get_args(struct db *db, uint64_t seq, uint8_t **ret, size_t *ret_len);
int db_get_text(struct db *db, const char *key, char **ret);
int db_get_number(struct db *db, const char *key, uint64_t *ret);
/* Number and kind of the last record; -ENOENT when there is none. *ret_kind: the caller frees. */
int db_get_last(struct db *db, uint64_t *ret_seq, char **ret_kind);

/* The index's rows. -ENOENT. The caller frees. */
int db_put_part(struct db *db, uint64_t id, const void *data, size_t len);
int db_drop_parts(struct db *db, uint64_t from);
int db_get_part(struct db *db, uint64_t id, uint8_t **ret, size_t *ret_len);
int db_last_part(struct db *db, uint64_t *ret);

/* The table of the chain (chain.h), which is made with its first link. */
struct db_link {
	uint64_t number; /* from 1 */
	int64_t wall_ns; /* when it was made */
	uint64_t records; /* in the chain so far, its own included */
	uint8_t key[32], next[32], previous[32], signature[64];
	uint8_t *entries;
	size_t entries_len;
};
#define DB_ENTRIES_MAX (64u << 20) /* bytes; more is no link of ours */

int db_chain_make(struct db *db); /* in a transaction */
int db_put_link(struct db *db, const struct db_link *l);
/* 0: there is no link. */
int db_last_link(struct db *db, uint64_t *ret);
/* The first link from that number on; -ENOENT: none. -EUCLEAN: it has not the form of one, number is
 * valid. The caller releases it. */
int db_get_link(struct db *db, uint64_t from, struct db_link *ret);
void db_link_release(struct db_link *l);
/* Takes the links up to that one away, in a transaction. */
int db_drop_links(struct db *db, uint64_t to);
/* How many links there are, and how many records the last one counts that the first one does not. */
int db_chain_span(struct db *db, uint64_t *ret_links, uint64_t *ret_records);
int db_count_events(struct db *db, uint64_t *ret);
/* A whole row; -ENOENT; -EUCLEAN: its columns have not the types we give them. Pointers hold until
 * the next call for that database, db_end ends the read. */
int db_get_event(struct db *db, uint64_t seq, struct db_event *ret);
/* The next number in events, or else in args, from one on. -ENOENT. */
int db_next_seq(struct db *db, bool args, uint64_t from, uint64_t *ret);

/* The table of what was cut (store.h), which is made with its first row. */
int db_cuts_make(struct db *db); /* in a transaction */
/* Takes those numbers away, both of them included, with their arguments. */
int db_cut(struct db *db, uint64_t from, uint64_t to);
/* Notes that they are; joins the ranges before and behind where it can. */
int db_put_cut(struct db *db, uint64_t from, uint64_t to, const char *why);
/* The first range that ends at that number or behind it; -ENOENT: none. */
int db_get_cut(struct db *db, uint64_t number, uint64_t *ret_from, uint64_t *ret_to);
int db_last_cut(struct db *db, uint64_t *ret); /* the largest number in it; -ENOENT */
int db_sum_cuts(struct db *db, uint64_t *ret); /* how many numbers; -ENOENT */
bool db_has_event(struct db *db, uint64_t seq);
/* For retention: what a row weighs and tells. */
struct db_weight {
	uint64_t seq;
	const char *kind, *verdict; /* until the next call; NULL: not as we write them */
	int64_t wall_ns;
	uint64_t bytes;
	const uint8_t *record; /* of repeat alone */
	size_t record_len;
};
/* The first row from that number on. -ENOENT. */
int db_weigh(struct db *db, uint64_t from, struct db_weight *ret);
int db_weigh_next(struct db *db, struct db_weight *ret); /* and those behind it; -ENOENT: no more */
/* From which number on, but not before from, the last rows weigh at most so much; the very last one in any case. */
int db_tail(struct db *db, uint64_t from, uint64_t bytes, uint64_t *ret);
/* Parts of the index, from one id to another, both included. */
int db_cut_parts(struct db *db, uint64_t from, uint64_t to);
/* Bytes that are in use, and bytes that the file could do without. */
int db_space(struct db *db, uint64_t *ret_used, uint64_t *ret_free);
/* Gives so many bytes back at most, outside a transaction. A file of an earlier version cannot: what is
 * free in it is used again. */
int db_shrink(struct db *db, uint64_t bytes);
/* Folds the write-ahead log in, to be written from its beginning again, or to end there, as far as no
 * reader needs it. */
int db_fold(struct db *db, bool end);
