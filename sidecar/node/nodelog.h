/* SPDX-License-Identifier: Apache-2.0 */
/* The node's own log: what the kernel records of acts that belong to no container. Its slot
 * (PATH_PIN_NODE) is a container's in small, and the node is its own agent: ring -> intake -> a
 * database in PATH_STORE_NODE, the rings' reader's place moved only past what is committed. One
 * life lasts from loading the programs to unloading them, however often the node restarts in
 * between. It stands in a store and a registry apart: no container can be taken for it. Only
 * records of the kernel go in. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sidecar/common/loop.h"
#include "sidecar/common/rvring.h"
#include "sidecar/node/intake.h"
#include "sidecar/node/life.h"
#include "sidecar/node/store.h"

#define NODELOG_LOOK_MS 1000  /* for the slot to appear or go, for a store that refuses */
#define NODELOG_CLOSING_MS 20 /* for a program under way when the last number was given */

struct node;

struct nodelog {
	struct loop_watch ring_watch, lane_watch;
	struct loop_timer timer;
	struct store store;
	struct lives lives;
	struct life *life; /* the one that is recorded; NULL: nothing is loaded */
	struct intake intake;
	struct rvring ring, lane;
	struct rv_state *state;
	int ring_fd, lane_fd, state_fd;
	bool failing; /* the store refuses, or the slot cannot be used; said once */
	bool closing; /* the programs are unloaded: the rest, then CLOSE */
	bool closed;  /* CLOSE is in the intake */
	uint64_t dropped;
};

void nodelog_init(struct node *n);
/* Stores what is there now. */
void nodelog_release(struct node *n);
/* The life that is recorded, else the last one; NULL: there never was one. */
struct life *nodelog_life(struct nodelog *g);
