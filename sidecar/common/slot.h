/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: a container's state page and its two rings, made ahead and kept pinned in a pool, since
 * putting a map behind an outer map waits for a grace period (8 to 14 ms on 6.1 and 6.12).
 * A slot is claimed by renaming its directory, which is atomic without any lock. */
#pragma once
#include <stdint.h>

#define SLOT_POOL_TARGET 8
#define SLOT_BATCH 2 /* that wait for their grace periods together; then others can have them */

/* Brings the pool to target slots. Caller holds the load lock and may create maps.
 * -ENOSPC: all RV_SLOT_MAX slots are in use. */
int slot_pool_fill(unsigned target);

/* Makes the node's own slot, RV_SLOT_NODE, unless it is there: from then on acts that belong to no
 * container are recorded, pinned in PATH_PIN_NODE. Caller as above. */
int slot_node_make(void);

/* Slots ready in the pool. -ENOENT: nothing is loaded. */
int slot_pool_count(unsigned *ret);

/* Takes a slot for KEY: its pins then stand in PATH_PIN_CONTAINERS/KEY. -EEXIST: KEY has one.
 * -ENOENT: the pool is empty (fill it). */
int slot_claim(const char *key, uint32_t *ret_slot);

/* Takes the load lock; the fd owns it. Waits up to deadline_ms without using the processor; SIGALRM
 * and its timer are used meanwhile. -ETIMEDOUT. */
int slot_lock(int deadline_ms, int *ret_fd);
