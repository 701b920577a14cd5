/* SPDX-License-Identifier: Apache-2.0 */
/* reeve's own branch of the cgroup tree: the anchor, the agents, the place they leave through. */
#pragma once

/* All agents together, us of cpu per us: two cpus. Set on their parent, once: a bound on each would
 * turn the kernel's bandwidth code on and off, by patching it, with every container. */
#define TREE_AGENTS_CPU_MAX "200000 100000"

/* Makes reeve/{anchor,agents,leaving} and enables memory, pids and cpu for the agents where the
 * root offers them. agents/ belongs to user reeve: an agent removes its own cgroup there. Logs. */
int tree_make(void);

/* Removes the branch, deepest first. -EBUSY when a process is left in it. Absent is fine. */
int tree_remove(void);
