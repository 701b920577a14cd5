/* SPDX-License-Identifier: Apache-2.0 */
/* reeve's own branch of the cgroup tree: the anchor, the agents, the place they leave through. */
#pragma once

/* All agents together weigh as much as one ordinary cgroup. Not cpu.max: the first one on a host
 * switches the kernel's bandwidth code on, for every task there is. */
#define TREE_AGENTS_CPU_WEIGHT "100"

/* Makes reeve/{anchor,agents,leaving} and enables memory, pids and cpu for the agents where the
 * root offers them. agents/ belongs to user reeve: an agent removes its own cgroup there. Logs. */
int tree_make(void);

/* Removes the branch, deepest first. -EBUSY when a process is left in it. Absent is fine. */
int tree_remove(void);
