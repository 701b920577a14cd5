/* SPDX-License-Identifier: Apache-2.0 */
/* An agent's own cgroup: bounded, and not its caller's, which would take the agent down with it.
 * The one door to libcgroup. */
#pragma once

#define OWN_MEMORY_MAX "33554432" /* bytes; page cache of the spool included */
#define OWN_PIDS_MAX "4"

/* What an agent keeps to step out of its cgroup and remove it once it has no privilege. */
struct own {
	int agents_fd;	/* the directory reeve/agents */
	int leaving_fd; /* reeve/leaving/cgroup.procs, opened with the rights of that moment */
	char key[24];
};

/* Creates reeve/agents/KEY, sets the bounds and moves the calling process into it. Logs. */
int own_enter(const char *key, struct own *ret);

/* Moves out and removes it. For the last moment of the process. */
void own_leave(struct own *own);
