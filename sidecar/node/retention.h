/* SPDX-License-Identifier: Apache-2.0 */
/* How long records are kept. Looks around every few seconds: what is too old, too much in one database,
 * too much in all, or in the way of a full disk; then works at one life, in pieces of some milliseconds
 * between which the loop turns. Oldest first: containers that have ended go as whole files, of the others
 * single records, by class (classes.h). */
#pragma once
#include "sidecar/common/loop.h"
#include "sidecar/node/config.h"
#include "sidecar/node/store.h"
#include "sidecar/node/trim.h"

#define RETENTION_LOOK_MS 5000
#define RETENTION_HURRY_MS 500	 /* while the disk is not free */
#define RETENTION_PIECE_MS 5	 /* between two pieces */
#define RETENTION_STAYS 4	 /* a full disk leaves the newest of node_bytes, one part of so many */
#define RETENTION_AGAIN_S 60	 /* before a life that had nothing to give is looked at again */

struct node;

/* Work on one life. */
struct retention_job {
	struct store *store;
	struct life *life; /* NULL: none */
	struct cut_order order;
	uint64_t used_max;  /* bytes: to be reached; 0: as far as the order goes */
	uint64_t records;    /* cut so far */
	uint64_t trimmed_at; /* so many were when the chain was looked at */
	uint64_t trimmed;    /* the last link that has gone; 0 none */
	struct trim trim;
	uint64_t trim_room; /* with more bytes than that it waits, as nothing is cut meanwhile */
	bool trimming;	/* first, as records make room for the chain otherwise */
	bool shrinking; /* nothing is cut any more: space is given back */
};

struct retention {
	struct loop_timer timer;
	struct config config;
	char refused[CONFIG_ERROR_MAX]; /* why the configuration's file is not in force; empty: it is */
	struct retention_job job;
	uint64_t removed, cut; /* files, records, since the node started */
};

/* Reads the configuration, too. */
void retention_init(struct node *n);
void retention_release(struct node *n);
/* Reads the configuration again; a broken one changes nothing, and is said. */
void retention_reload(struct node *n);
