/* SPDX-License-Identifier: Apache-2.0 */
/* The node-wide ring of argument blocks too big for a container's own ring: drained here into the
 * `args` table of the container each block belongs to. Its reader's place moves only past what is
 * committed. A block of a container nobody knows is waited for BULK_WAIT_MS, then dropped, counted
 * and logged; its exec record shows it as lost. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sidecar/common/loop.h"
#include "sidecar/common/rvring.h"

#define BULK_WAIT_MS 8000
#define BULK_RETRY_MS 1000	     /* for the ring to appear, for a store that refuses */
#define BULK_LOOK_MS 20		     /* while a block waits for its container */
#define BULK_COMMIT_BYTES (4u << 20) /* of one container in one transaction */

struct node;

struct bulk {
	struct loop_watch watch;
	struct loop_timer timer;
	struct rvring ring;
	int map_fd;
	int lock_fd;
	bool mapped;
	bool failing;		   /* the store refuses; said once */
	uint64_t waiting_since_ns; /* for the container of the block at the front; 0 not so */
	uint64_t blocks, bytes, dropped;
};

void bulk_init(struct node *n);
void bulk_release(struct node *n);
/* Stores all that is there now. */
void bulk_drain_all(struct node *n);
