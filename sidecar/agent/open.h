/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent opens as root and keeps: maps, lock, rings, spool, the container's end. All log,
 * all return 0 or -errno. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "sidecar/agent/agent.h"

int open_ids(uid_t *uid, gid_t *gid); /* of user reeve */
int open_map(const char *name, int *ret);
int open_maps(struct agent *a); /* those the agent keeps, reeve_repeats, the directory of pins */
/* 1: a living agent holds it. */
int open_lock(struct agent *a, uid_t uid, gid_t gid);
int open_state(struct agent *a); /* -ENOENT, not logged: no such pin */
int open_rings(struct agent *a);
/* existing: only where KEY.spool is already; then -ENOENT is not logged. */
int open_spool(struct agent *a, bool existing, uid_t uid, gid_t gid);
int open_events(struct agent *a, int cgroup_fd);
