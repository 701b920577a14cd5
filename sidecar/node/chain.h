/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of one database: each transaction adds a link, which says what the transaction stored,
 * repeats the head of the link before, names the key of the link after, and is signed by a key
 * that is destroyed as soon as it is used (docs/store.md has the bytes). So what is stored once can
 * neither be changed nor cut off later, not even by who has all that the host still has, without
 * beginning another chain from its first link on; and an anchor tells one from the other.
 *
 * In storage order: numbers come out of order. Knows nothing of containers. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sidecar/node/crypt.h"
#include "sidecar/node/db.h"
#include "sidecar/node/seal.h"

/* What a link says was stored. */
enum chain_type {
	CHAIN_EVENT_SHA = 1, /* id: its number. As earlier versions wrote them; read only */
	CHAIN_ARGS_SHA,	 /* the same */
	CHAIN_META,	 /* the rows of chain_meta_keys; id: 1 ended, 0 not */
	CHAIN_RULES,	 /* rules-VERSION; id: the version */
	CHAIN_LATE,	 /* the chain began late: id records were there before it, unproven */
	CHAIN_BREAK, /* the key was lost. id: links that the seal knew of, CHAIN_NO_SEAL of none */
	CHAIN_CUT,   /* the node itself took records away; digest: chain_cut_read */
	CHAIN_EVENT,	 /* id: its number */
	CHAIN_ARGS,	 /* the same */
	CHAIN_TRIM, /* links up to id are taken away; digest: the first bytes of the head of that one. What they said
		       of what is still there follows, in this link */
	CHAIN_BROKEN, /* id: a link taken away that began with CHAIN_BREAK */
};
#define CHAIN_NO_SEAL UINT64_MAX
#define CHAIN_WHY_MAX 8 /* bytes: one word, why the node did it */

struct chain_entry {
	uint8_t type;
	uint64_t id;
	uint8_t digest[CRYPT_DIGEST];
};
#define CHAIN_ENTRY_SIZE 25 /* type, id little-endian, digest */

struct chain {
	bool ready;
	int fd; /* the seal's */
	uint64_t synced_ns;
	struct seal now;      /* the seal as it is */
	struct crypt_key key; /* of the link that is collected */
	struct seal then;     /* the seal once that link is committed */
	struct crypt_key next;
	uint8_t *entries;
	size_t len, size;
};

/* In a transaction, once for an open database: finds the chain's end and the seal at that path. */
int chain_begin(struct chain *c, struct db *db, const char *seal_path);
int chain_add(struct chain *c, enum chain_type type, uint64_t id,
	      const uint8_t digest[static CRYPT_DIGEST]);
/* An entry of a link that goes: it says in this one what it said there. It counts as no other record. */
int chain_carry(struct chain *c, const uint8_t entry[static CHAIN_ENTRY_SIZE]);
/* The seal onto the disk, as of the last link: no power cut can leave it behind that. */
int chain_settle(struct chain *c);
/* Makes the link of what was added, in the transaction. Nothing was: makes none. */
int chain_link(struct chain *c, struct db *db);
/* After the commit: the key is destroyed, the seal follows; sync: onto the disk. */
void chain_advance(struct chain *c, bool sync);
void chain_release(struct chain *c);

/* As an entry of that type has it. */
void chain_digest_event(enum chain_type type, const struct db_event *e, uint8_t ret[static CRYPT_DIGEST]);
void chain_digest_bytes(enum chain_type type, const void *data, size_t len,
			uint8_t ret[static CRYPT_DIGEST]);
/* Of the meta rows as they are in the database. */
int chain_digest_meta(struct db *db, uint8_t ret[static CRYPT_DIGEST]);

/* Whether the seal is of this chain of so many links: the last one it knows of has the head it knows, each behind
 * that is made by the key that its seed leads to, and the last names the next such key, *ret. Then s has caught
 * up. 1: it is; 0: it is not. */
int chain_fits(struct db *db, struct seal *s, uint64_t links, struct crypt_key *ret);
/* A cut's last number and reason, as they stand in a digest's place. */
void chain_cut_write(uint64_t to, const char *why, uint8_t ret[static CRYPT_DIGEST]);
void chain_cut_read(const uint8_t digest[static CRYPT_DIGEST], uint64_t *ret_to,
		    char ret_why[static CHAIN_WHY_MAX + 1]);

/* The head of a link: what its key signs and the next link repeats. */
void chain_head(const struct db_link *link, uint8_t ret[static CRYPT_HASH]);
/* What a record, or its arguments, has. */
bool chain_is_record(const struct chain_entry *e);
/* data has CHAIN_ENTRY_SIZE bytes. */
void chain_entry_read(const uint8_t *data, struct chain_entry *ret);
