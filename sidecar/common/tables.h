/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's compiled policy lives in the kernel: one map per size of table
 * (bpf/table.h), slot -> table. */
#pragma once
#include <stdint.h>
#include "bpf/abi.h"

#define TABLES_N 3

struct tables {
	int fd[TABLES_N]; /* -1: not open */
};
#define TABLES_NONE {{-1, -1, -1}}

/* Opens the pinned maps. 0 or -errno; what was opened stays. */
int tables_open(struct tables *t);
void tables_close(struct tables *t);

/* Puts size bytes of value in as the slot's table of that number (1..TABLES_N): programs that decide
 * from then on find it whole. Needs the right to make maps. */
int tables_put(const struct tables *t, uint32_t slot, unsigned number, const void *value,
	       uint32_t size);
/* Returns when no program is under way any more that began before the call. The slot has a table of
 * that number. */
int tables_wait(const struct tables *t, uint32_t slot, unsigned number);
/* Takes it out; programs under way keep it until they are done. 0 also if there was none. */
int tables_drop(const struct tables *t, uint32_t slot, unsigned number);
/* For rv_state.asked. */
uint32_t tables_asked(const struct rv_table *t);
/* A copy of the slot's table, with its hit counters; free() it. -ENOENT. */
int tables_get(const struct tables *t, uint32_t slot, unsigned number, struct rv_table **ret);
