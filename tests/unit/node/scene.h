/* SPDX-License-Identifier: Apache-2.0 */
/* One life whose records come as a kernel gives them, some of them denied, some lost, in a store of its
 * own; and whether the record is exact and intact. */
#pragma once
#include "sidecar/node/ledger.h"
#include "sidecar/node/store.h"
#include "tests/unit/dir.h"

#define GENERATION 42
#define SECOND 1000000000ll

struct scene {
	struct dir dir;
	struct lives all;
	struct store store;
	struct life *life;
	uint64_t generation;
	struct rv_counters given;
	uint64_t denied; /* of those given */
	char seals[128], list[128];
};

void scene_begin(struct scene *s);
void scene_end(struct scene *s);
#define _scene_ __attribute__((cleanup(scene_end)))
/* The node again, after it was killed. */
void scene_restart(struct scene *s);
struct life *scene_admit(struct lives *all, const char *id, uint64_t generation);
/* Those numbers come, in transactions of a hundred; again: for the second time. */
void scene_come(struct scene *s, uint64_t from, uint64_t to, bool again);
void scene_close(struct scene *s, uint64_t seq);
/* One record into at, which has 4096 bytes; its padded length. */
void scene_give(struct scene *s, uint64_t seq); /* the kernel has counted it */
unsigned scene_kind(uint64_t seq);
bool scene_is_lost(uint64_t seq);
size_t scene_put(struct scene *s, uint8_t *at, uint64_t seq, unsigned kind);
struct ledger scene_ledger(struct scene *s);
/* Of a table, with a condition or without. */
uint64_t scene_rows(struct scene *s, const char *where);
/* Behind the node's back. */
void scene_change(struct scene *s, const char *sql);
bool scene_intact(struct scene *s);
uint64_t scene_file_size(struct scene *s);
