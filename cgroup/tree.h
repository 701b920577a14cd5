/* SPDX-License-Identifier: Apache-2.0 */
/* reeve's own branch of the cgroup tree: the anchor, the agents, the place they leave through. */
#pragma once

/* All agents together weigh as much as ten ordinary cgroups: their containers must not keep them from
 * their rings, nor from being ready in time, and what they take is a small part of what those do. Not
 * cpu.max: the first one on a host switches the kernel's bandwidth code on, for every task there is. */
#define TREE_CPU_WEIGHT "1000"

/* Makes reeve/{anchor,agents,leaving}; enables memory and pids for the agents, and cpu for reeve/, where
 * the root offers them. agents/ belongs to user reeve: an agent removes its own cgroup there. Logs. */
int tree_make(void);
/* Of a branch that an earlier build has made: its weight as it is to be. Logs. */
int tree_weigh(void);

/* Removes the branch, deepest first. -EBUSY when a process is left in it. Absent is fine. */
int tree_remove(void);
