/* SPDX-License-Identifier: Apache-2.0 */
/* An agent's own cgroup: bounded, and not its caller's, which would take the agent down with it.
 * By hand: libcgroup brings 800 KB of tables and most of an agent's start-up into every agent. */
#pragma once

#define OWN_MEMORY_MAX "268435456" /* bytes; the compiling of its policy and the spool's page cache included */
#define OWN_PIDS_MAX "4"

/* Makes reeve/agents/KEY with its bounds, for an agent to be born in; *ret_fd is its directory. A
 * controller that is not offered there has no bound. -ENOENT: reeve-load has not run. */
int own_make(const char *key, int *ret_fd);

/* Removes it if nobody is in it: for whoever started an agent in vain. */
void own_remove(const char *key);

/* What an agent keeps to step out of its cgroup and remove it once it has no privilege. */
struct own {
	int agents_fd;	/* the directory reeve/agents */
	int leaving_fd; /* reeve/leaving/cgroup.procs, opened with the rights of that moment */
	char key[24];
};

/* In the agent: it must have been born in reeve/agents/KEY. Logs. */
int own_enter(const char *key, struct own *ret);

/* Moves out and removes it. For the last moment of the process. */
void own_leave(struct own *own);
