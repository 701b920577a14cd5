/* SPDX-License-Identifier: Apache-2.0 */
/* What a dead agent left behind gets a successor: a container's pins nobody pumps, a spool nobody
 * delivers. Looked for every second, and at once when a stream breaks off. The agent's lock file
 * says whether one lives; the waiting for a successor is done by a forked child. */
#pragma once
#include <stdint.h>
#include "sidecar/common/loop.h"

#define ADOPT_SCAN_MS 1000
#define ADOPT_SOON_MS 20       /* after a stream broke off: its process may still be exiting */
#define ADOPT_START_MS 5000    /* for a successor to be ready */
#define ADOPT_FRESH_S 2	       /* a lock file younger than that may be about to be taken */
#define ADOPT_ABANDONED_S 3    /* what has no lock file at all is left alone that long */
#define ADOPT_BACKOFF_MAX_S 60 /* between tries for a container whose successors fail */
#define ADOPT_CHILDREN_MAX 8   /* successors being started at a time */

struct node;
struct attempt;

struct adopt {
	struct loop_timer timer;
	struct attempt *attempts;
	unsigned children;
	uint64_t started;
};

void adopt_init(struct node *n);
void adopt_release(struct node *n);
/* Looks soon instead of at the next second. */
void adopt_soon(struct node *n);
/* SIGCHLD has come. */
void adopt_reap(struct node *n);
