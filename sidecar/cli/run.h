/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `reeve run`: the command held back, its cgroup, a node for as long as it takes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RUN_FAILED                                                                                 \
	125 /* exit status when reeve, not the command, failed; as docker and timeout do */

/* The command, forked and waiting for run_child_go. */
struct run_child {
	pid_t pid;
	int pidfd;
	int go_fd;    /* write end; closing it unused ends the child */
	int error_fd; /* read end: an errno, when the command could not be executed */
};

/* argv[0] is looked up in PATH by the child. Logs. */
int run_child_hold(char *const *argv, struct run_child *ret);
int run_child_go(struct run_child *c);
/* For when c->pidfd is readable: reaps it and returns the exit status as a shell would say it. A
 * failed exec is logged. */
int run_child_status(struct run_child *c, const char *command);
/* Ends the child if it is still there. */
void run_child_release(struct run_child *c);

/* Makes PATH_CGROUP_ROOT/reeve/run/ID and puts the child in. Logs. */
int run_cgroup_make(const char *id, pid_t child);
/* Ends whatever the command left running there. */
void run_cgroup_kill(const char *id);
/* Waits a little for the last process; logs when the cgroup cannot be removed. */
void run_cgroup_remove(const char *id);
/* Waits until the agent of that key is gone, at most timeout_ms. */
void run_cgroup_wait_agent(const char *key, int timeout_ms);

struct run_node {
	int pidfd; /* -1: somebody else's, left alone */
};

/* A node answers when this returns 0. Logs. */
int run_node_ensure(struct run_node *ret);
/* Stops the node if it was started here. */
void run_node_stop(struct run_node *n);

/* Follows the container's record into out while the child runs and until the record ends; passes
 * signals on. Returns the command's exit status. complete: the record came to its end. */
int run_watch(const char *id, bool json, int out, int signal_fd, struct run_child *child,
	      const char *command, bool *ret_complete);
/* Blocks the signals that run_watch passes on; returns the signalfd it wants. Logs. */
int run_watch_signals(void);
