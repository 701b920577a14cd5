/* SPDX-License-Identifier: Apache-2.0 */
/* How full the disk of the store is, and what is done about it, before it is full and when it is:
 *
 *   level     free space          retention         not stored, but counted
 *   free      the floor or more   as configured
 *   tight     less                makes room now
 *   short     under 1/2 of it     makes room now    acts
 *   scarce    under 1/4           makes room now    acts, changes
 *   full      under 1/8; ENOSPC   makes room now    acts, changes, processes
 *
 * Evidence is always stored: where the file system refuses even that, in the reserve, a file whose space was
 * taken before (spill.h). What finds no room there either is not acknowledged, and stays with its
 * agent. Everything goes back by itself. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sidecar/common/loop.h"
#include "sidecar/node/classes.h"
#include "sidecar/node/spill.h"

#define DISK_LOOK_MS 1000
#define DISK_COMMIT_MS 500 /* while it is full: each transaction takes some pages, however little is in it */
#define DISK_FLOOR_MAX (1ull << 30)   /* bytes: of the floor, where it is not configured */
#define DISK_FLOOR_SHARE 20	      /* and that part of the disk */
#define DISK_RESERVE_MAX (16ull << 20) /* bytes; at most a fourth of the floor */
#define DISK_HELD_NS 5000000000ull /* full on, where it was refused though there is room: a quota */

enum disk_level { DISK_FREE, DISK_TIGHT, DISK_SHORT, DISK_SCARCE, DISK_FULL, DISK_LEVELS };

struct intake;
struct life;
struct node;

struct disk {
	struct loop_timer timer;
	enum disk_level level;
	uint64_t free, floor; /* bytes */
	uint64_t held_ns;     /* when it was refused though there is room; 0 not so */
	uint64_t dropped;     /* records that lives of this node had dropped when it was free last */
	struct spill spill;   /* in PATH_RESERVE */
};

void disk_init(struct node *n);
void disk_release(struct node *n);
/* Looks now, and sets what the store takes. */
void disk_look(struct node *n);
/* intake_commit into the node's store: where that is full, of what it still takes. */
int disk_commit(struct node *n, struct intake *in, struct life *l);
/* A commit has failed with that error. True: for want of space, and trying again is worth it. */
bool disk_refused(struct node *n, int r);
/* How long records are collected for a transaction. */
unsigned disk_commit_ms(const struct node *n);
const char *disk_level_name(enum disk_level level);
/* Of the lives there are. */
uint64_t disk_dropped(const struct node *n);

/* Pure. A level is left for a better one when there is an eighth more than it takes. */
enum disk_level disk_judge(uint64_t free_bytes, uint64_t floor, enum disk_level now);
/* The first class that is stored. */
enum record_class disk_class(enum disk_level level);
uint64_t disk_floor(uint64_t configured, uint64_t size);
