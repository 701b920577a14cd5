/* SPDX-License-Identifier: Apache-2.0 */
/* What verify.c finds out and verify_say.c says; theirs alone. */
#pragma once
#include "sidecar/node/chain.h"
#include "sidecar/node/findings.h"
#include "sidecar/node/numbers.h"
#include "sidecar/node/verify.h"

#define VERIFY_MISFITS_MAX                                                                         \
	1024 /* records that may have changed places; of the rest it is not asked */

/* A record that is not what its link says. */
struct misfit {
	uint64_t seq;
	uint8_t stored[CRYPT_DIGEST], found[CRYPT_DIGEST];
};

struct verify_rules {
	uint64_t version;
	uint64_t link; /* that had the last word */
	uint8_t digest[CRYPT_DIGEST];
};
#define VERIFY_RULES_MAX 4096

/* What the node took away itself, and says so. */
struct verify_cut {
	uint64_t link;
	uint64_t from, to;
	int64_t wall_ns;
	char why[CHAIN_WHY_MAX + 1];
};
#define VERIFY_CUTS_MAX 1024 /* that are listed: the last ones */

enum verify_pass { PASS_LINKS, PASS_EVENTS, PASS_ARGS };

struct verify {
	struct store *store;
	struct life *life;
	uint64_t trims_seen; /* life.trims at the beginning */
	struct db *db; /* during a step */
	size_t read;   /* bytes of records, in it */
	enum verify_pass pass;
	uint64_t at; /* the next number of PASS_EVENTS, PASS_ARGS */

	struct db_link link; /* whose entries are looked at; entries NULL: none */
	size_t done;	     /* bytes of them */
	bool forged;	     /* it is */

	uint64_t links; /* seen so far */
	uint64_t records;
	uint64_t args;
	int64_t first_ns, last_ns;
	uint8_t first_key[CRYPT_KEY];
	uint8_t head[CRYPT_HASH], next[CRYPT_KEY]; /* of the last one */
	bool follows; /* the last one was genuine: what follows must fit it */
	/* Links before the first one, which the chain must say itself are gone; 0: it begins with 1. */
	uint64_t trimmed;
	uint8_t trimmed_head[CRYPT_HASH];
	bool trim_told;
	uint64_t trim_link; /* the last one that said so */
	int64_t trim_ns;    /* when, of those that are gone */
	/* For trim.c alone, from here on: what was found missing, and why is known; heads of links. */
	unsigned every_links, every_entries; /* 0: not for it */
	struct numbers absent, absent_args;
	struct verify_head *heads;
	size_t heads_n, heads_links, heads_entries; /* those two since the last one */
	/* Genuine for themselves, but nothing genuine leads to them: what is behind may. */
	bool loose;
	bool loose_start; /* as links before the first one are gone, which is to be said yet */
	struct numbers loose_events;
	/* Those of a loose start, when the key was lost before that was said: they wait for it. */
	struct numbers start_events;

	struct numbers events, chained_args; /* in the chain */
	struct numbers gone, gone_args; /* of those: not in the database, and no cut tells why */
	struct verify_cut cuts[VERIFY_CUTS_MAX];
	size_t cuts_n;
	struct misfit misfits[VERIFY_MISFITS_MAX];
	size_t misfits_n;
	uint8_t meta[CRYPT_DIGEST];
	bool has_meta;
	struct verify_rules *rules;
	size_t rules_n;
	bool closed, over; /* the closing record was seen; and the end */
	bool late;	   /* there were records before the chain */
	bool sealed;	   /* there is a seal, and it fits */
	uint64_t anchored; /* the last link that an anchor is of; 0 none */

	struct verify_anchor anchors[VERIFY_ANCHORS_MAX];
	unsigned anchors_n;
	struct findings findings;
};

/* verify_entry.c */
int verify_entry(struct verify *v, const struct chain_entry *e);
void verify_find(struct verify *v, enum finding_kind kind, uint64_t number);
void verify_find_all(struct verify *v, enum finding_kind kind, const struct numbers *s);
bool verify_equal(const uint8_t *a, const uint8_t *b); /* digests */
/* verify_trim.c */
int verify_note_head(struct verify *v, const struct db_link *l);
int verify_note_absent(struct verify *v, const struct chain_entry *e);
