/* SPDX-License-Identifier: Apache-2.0 */
/* A running container as the kernel has it: its slot, its state page, its table. Needs root, but
 * neither node nor agent. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "kept.h"
#include "sidecar/common/meta.h"
#include "sidecar/common/tables.h"

struct target {
	struct meta meta;
	struct kept_id id;
	uint32_t slot;
	struct rv_state *state; /* mapped: it stays that container's, whoever has the slot next */
	struct tables tables;
};
#define TARGET_NONE {.tables = TABLES_NONE}

void target_release(struct target *t);
#define _target_ __attribute__((cleanup(target_release)))

/* The running container that people mean by a word, by meta_fits.
 * t: TARGET_NONE. Logs. -ENOENT: none, -EEXIST: several. */
int target_find(const char *word, struct target *t);
/* That of a key, 16 hex digits; silent. -ENOENT, -ESTALE: not prepared, or ended. */
int target_open(const char *key, struct target *t);
/* Calls each() with the key of every running container until it does not return 0. */
int target_each(int (*each)(void *arg, const char *key), void *arg);

/* A pidfd of one of its processes; -ESRCH: there is none. */
int target_process(const struct target *t);
/* Still that life, and guarded. */
bool target_alive(const struct target *t);
/* Copy of the table in force, free() it. -ENOENT: no policy. */
int target_table(const struct target *t, struct rv_table **ret);
