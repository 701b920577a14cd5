/* SPDX-License-Identifier: Apache-2.0 */
/* The record on disk: one SQLite database per container life (db.h is the door to it). What
 * store_commit returned 0 for survives a power cut. Databases open themselves on use; at most
 * STORE_OPEN_MAX are open, the one used longest ago is closed (and its log folded in) first.
 * Schema, for `sqlite3 FILE`:
 *   events(seq INTEGER PRIMARY KEY, kind TEXT, wall_ns INTEGER, verdict TEXT, pid INTEGER,
 *          path TEXT, or BLOB where it is not UTF-8; record BLOB, struct rv_head... of bpf/abi.h)
 *   args(seq INTEGER PRIMARY KEY, data BLOB)    argument blocks too big for their record
 *   parts(id INTEGER PRIMARY KEY, postings BLOB) the index, see index.h; all of it can be deleted
 *   meta(key TEXT PRIMARY KEY, value)           container, state, ended_wall_ns, counters,
 *                                               duplicates, refused, tai_offset_ns;
 *                                               rules-VERSION (8 hex digits): a line per rule
 *                                               cuts: what was taken away or not stored, cuts.h
 *   cuts(first INTEGER PRIMARY KEY, last, why)  the numbers of that; why: age, bytes, node, disk, full
 *   chain(link INTEGER PRIMARY KEY, ...)        what each transaction stored, signed: chain.h
 * All functions block on the disk. Errors: -ENOSPC, -EROFS, -EIO, -EBUSY (a foreign writer),
 * -EUCLEAN (not a database of ours any more), -ENOMEM. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "sidecar/common/event.h"
#include "sidecar/node/counts.h"
#include "sidecar/node/life.h"
#include "sidecar/node/numbers.h"

#define STORE_OPEN_MAX 128

struct db;
struct verify;
struct store {
	const char *dir;
	const char *seals; /* directory of the chains' seals, there before the first commit */
	struct store_db *open; /* used last first */
	unsigned open_count;
	/* Records of classes before it are not stored, but counted: the disk is full. CLASS_ACTS: all are. */
	enum record_class from_class;
	struct counts counts;
};

void store_init(struct store *s, const char *dir, const char *seals);
/* Closes every database. */
void store_release(struct store *s);

/* Closes those of lives that have ended: their logs are folded in and gone. */
void store_rest(struct store *s);

/* Reads the meta of every database into new lives. A file that cannot be read is logged, skipped
 * and left as it is. */
int store_load(struct store *s, struct lives *all);

/* One transaction at a time, of one life. A life's first one creates its file. */
int store_begin(struct store *s, struct life *l);
/* 1: stored, 0: that number is already there. data: the record's bytes, e decoded from them. */
int store_put_event(struct life *l, const struct event *e, const uint8_t *data, int64_t wall_ns);
int store_put_args(struct life *l, uint64_t seq, const void *data, size_t len);
int store_put_meta(struct life *l);
/* What the rules of a policy's version are called, as list.h writes it. */
int store_put_names(struct life *l, uint32_t version, const char *text);
void store_names_key(char ret[static 32], uint32_t version); /* of the row in meta */
/* Takes records away, from one number to another, both included, and says so in the chain. why: a word
 * of at most CHAIN_WHY_MAX bytes. */
int store_cut(struct life *l, uint64_t from, uint64_t to, const char *why);
/* The same of records that come and are not stored. */
int store_put_dropped(struct life *l, const struct numbers *dropped);
/* In a transaction: that number is stored, or was and is cut, or came and was dropped. */
bool store_was_here(const struct life *l, uint64_t seq);
/* index.c's postings; -ENOENT: none. The first part from which on there is none at all; without any 0. */
#define INDEX_TIMES 15 /* a term of no record's */
/* A transaction for the index alone: the chain does not hear of it. */
int store_begin_parts(struct store *s, struct life *l);
int store_put_part(struct life *l, uint64_t part, unsigned term, const void *data, size_t len);
int store_drop_parts(struct life *l, uint64_t from);
int store_cut_parts(struct life *l, uint64_t from, uint64_t end); /* end not included */
int store_get_part(struct store *s, struct life *l, uint64_t part, unsigned term, uint8_t **ret, size_t *ret_len);
int store_parts_end(struct store *s, struct life *l, uint64_t *ret);
/* Ends a life, in a transaction of its own; on failure it has not. */
int store_put_end(struct store *s, struct life *l);
/* Retention's piece of work on one life, in a transaction of its own. 1: it has gone on, 0: there is
 * nothing that could go. */
struct cut_order {
	const char *why; /* as of store_cut */
	uint64_t keep;	 /* so many of the last numbers stay, unless they are more than one and a half shares */
	int64_t before_ns; /* acts and changes of before alone; INT64_MAX: as much as there is, by class */
	uint64_t share;	   /* bytes of processes, and of evidence, that stay as long as others can go */
	bool acts_only;	   /* and others cannot: what of processes, and of evidence, is their share stays */
};
int store_cut_some(struct store *s, struct life *l, const struct cut_order *o, uint64_t *ret_records);
/* Takes the chain's oldest links away, in a transaction of its own, if retention has been at all their records: those
 * from the n-th head to the next of a chain that was followed to be trimmed. What they prove of what is still there
 * is said again. 1: gone; 0: they may not go, or there are no more; -EBADMSG: they are others. */
int store_trim(struct store *s, struct life *l, const struct verify *v, size_t n);
int store_chain_bytes(struct store *s, struct life *l, uint64_t *ret); /* about what it takes */
/* Bytes of its file that are in use, and that could be given back; and giving some back. */
int store_space(struct store *s, struct life *l, uint64_t *ret_used, uint64_t *ret_free);
int store_shrink(struct store *s, struct life *l, uint64_t bytes);
/* The log into the file, which then ends where it can. end: the log's file, too. */
int store_fold(struct store *s, struct life *l, bool end);
/* After a failure of any of them the transaction is gone, as if it had never begun. */
int store_commit(struct store *s, struct life *l);
void store_abort(struct store *s, struct life *l);

/* Reading: rows in order of seq from a number on. Pointers are valid until the next call for that
 * life; store_end closes the read (an open one keeps the log from being folded in). */
struct store_row {
	uint64_t seq;
	int64_t wall_ns;
	const char *kind;
	const uint8_t *record; /* from store_seqs NULL but for repeat, a ledger adds those up */
	size_t record_len;
};
int store_rows(struct store *s, struct life *l, uint64_t from);
int store_rows_back(struct store *s, struct life *l, uint64_t from); /* from there down */
int store_seqs(struct store *s, struct life *l, uint64_t from);
/* 1: a row, 0: no more. */
int store_next(struct life *l, struct store_row *ret);
void store_end(struct life *l);

/* How long the life's files are, with what is not folded in yet; and what they take of the disk. Opens
 * nothing. */
uint64_t store_bytes(const struct store *s, const struct life *l);
uint64_t store_allocated(const struct store *s, const struct life *l);

/* The open database, for reading until the next call for any life; store_end ends the read. */
int store_db(struct store *s, struct life *l, struct db **ret);
/* Numbers that were cut or dropped, from that one on, into *ret: 1: so many ranges, and there are more;
 * 0: all of them. And how many numbers there are. */
int store_cuts_from(struct store *s, struct life *l, uint64_t from, size_t max, struct numbers *ret);
int store_cuts_sum(struct store *s, struct life *l, uint64_t *ret);
void store_seal_path(const struct store *s, const struct life *l, char *ret, size_t size);

/* One record or argument block, copied; the caller frees it. -ENOENT. */
int store_get_record(struct store *s, struct life *l, uint64_t seq, uint8_t **ret, size_t *ret_len);
int store_get_args(struct store *s, struct life *l, uint64_t seq, uint8_t **ret, size_t *ret_len);
int store_get_names(struct store *s, struct life *l, uint32_t version, char **ret);
