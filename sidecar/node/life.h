/* SPDX-License-Identifier: Apache-2.0 */
/* One life of one container as the node knows it: what its store's meta table says plus what is
 * only true while this node runs. The registry holds every life there is a database of. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/abi.h"
#include "sidecar/common/meta.h"
#include "sidecar/node/cuts.h"

#define LIFE_FILE_MAX (META_ID_MAX + 32) /* bytes, NUL included */
#define LIFE_FILE_ID_MAX 200		 /* characters; with the rest below NAME_MAX */
#define LIFE_SETTLE_NS 200000000ull /* a number missing that long after its successors is a gap */

struct stream;
struct client;
struct store_db;

struct life {
	struct life *next;
	struct meta meta;
	char file[LIFE_FILE_MAX]; /* ID@STARTEDMS.db; an id over LIFE_FILE_ID_MAX is cut there */

	/* kept in the meta table */
	bool ended;
	uint64_t ended_wall_ns; /* 0 while running */
	struct rv_counters counters;
	uint64_t duplicates; /* records that came again, by number */
	uint64_t refused;    /* records of another generation */
	int64_t tai_offset_ns;
	struct cuts cuts;

	/* known from the events table */
	bool armed;	  /* record 0 is stored */
	bool closed;	  /* CLOSE is stored */
	bool any;	  /* some record is stored, high is valid */
	uint64_t high;	  /* largest number stored */
	uint64_t settled; /* life_settle keeps it */
	uint64_t settling;
	uint64_t settling_since_ns;

	/* known from the table cuts */
	uint64_t cut_high;    /* the largest number in it; 0 none */
	uint64_t cut_changes; /* goes up whenever records are taken away, while this node runs */

	/* index.c's, known from the parts table */
	uint64_t indexed; /* no part from here on is */
	bool indexed_known;
	bool index_failed;
	bool spoilt; /* the file was no database of ours any more while it was written */

	/* only while this node runs */
	struct stream *stream; /* the agent's, NULL when none is connected */
	struct client *followers;
	struct store_db *db;	 /* store.c's, NULL while closed */
	uint64_t stored, denied, would_deny; /* records that came */
	uint64_t alone_since_ns; /* running without stream, pins or spool since then; 0 not so */
	uint64_t spared_ns; /* util_now_ns: retention leaves it alone for a while from then on; 0 not so */
	uint64_t aged_wall_ns; /* when its oldest records were looked at */
	bool overfull; /* it was said that its bound cannot be kept */
	uint64_t trims; /* goes up whenever links of its chain are taken away, while this node runs */
	uint64_t untrimmed_ns; /* util_now_ns: its chain could not be trimmed, and stays as it is for a while; 0 not so */
	bool cutting; /* retention is at it: more will go */
	bool gone;    /* its files are removed; only who still points to it knows it */
};

struct lives {
	struct life *first; /* newest registration first */
	size_t count;
	uint64_t added; /* lives ever registered */
	struct life *gone; /* removed, and perhaps still pointed to */
};

/* A life from its meta, not yet registered. Takes meta over (it is emptied). NULL: no memory. */
struct life *life_new(struct meta *meta);
void life_free(struct life *l);
static inline void life_free_p(struct life **l)
{
	life_free(*l);
}
#define _life_ __attribute__((cleanup(life_free_p)))

void lives_add(struct lives *all, struct life *l);
void lives_release(struct lives *all);
/* Its record was removed: nobody finds it any more, memory is freed by lives_forget. */
void lives_remove(struct lives *all, struct life *l);
/* Nobody points to a life that was removed. */
void lives_forget(struct lives *all);
/* The life a meta speaks of, registered if it is new; takes the meta over. -EEXIST: another life
 * has its file, -ENOMEM. */
int lives_admit(struct lives *all, struct meta *meta, struct life **ret);
struct life *lives_by_generation(const struct lives *all, uint64_t generation, uint64_t cgroup_id);
struct life *lives_by_file(const struct lives *all, const char *file);
struct life *lives_running_by_key(const struct lives *all, const char *key);

/* The life people mean by a word, by meta_fits: of one container's lives the one started last, of several
 * containers of one name in one place the one that runs. -ENOENT, or -EEXIST when it fits others as well,
 * which are then named in error. */
int lives_find(const struct lives *all, const char *word, struct life **ret, char *error,
	       size_t error_size);

/* Notes that record seq is stored; head.kind tells armed and closed. */
void life_note(struct life *l, uint64_t seq, unsigned kind);
/* Numbers up to the returned one have had LIFE_SETTLE_NS to come: one that is missing is a gap. */
uint64_t life_settle(struct life *l);
/* It has ended, now. */
void life_end(struct life *l);
/* Takes counters over unless they are older than what is known. */
void life_count(struct life *l, const struct rv_counters *c);
uint64_t life_lost(const struct life *l);
/* For qsort of pointers to lives: the one started first. */
int life_by_start(const void *a, const void *b);
/* "preparing", "running" or "ended". */
const char *life_state(const struct life *l);
