/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a program of ours that outlives its caller and holds nothing of it: own session, cwd /,
 * fds 0-2 on /dev/null, no other fd but those passed, default signals, umask 077, PATH as the only
 * variable, oom_score_adj 0, and a child of nobody who would have to reap it. */
#pragma once
#include <stddef.h>

#define LAUNCH_FDS_MAX 8
#define LAUNCH_FD_FIRST 3

struct launch {
	const char *path;  /* absolute */
	char *const *argv; /* NULL-terminated */
	/* Borrowed; the program finds them as LAUNCH_FD_FIRST, +1, ... in this order. The first one
	 * gets "error: cannot run PATH: why\n" when the program cannot be run. */
	const int *fds;
	size_t fds_count; /* 1..LAUNCH_FDS_MAX */
	int stderr_fd;	  /* borrowed; -1: /dev/null */
	int *cgroup_fd;	  /* borrowed; born in that cgroup, which spares the wait of a move; NULL:
			     ours */
};

/* *ret_pidfd: of the program, close-on-exec, the caller closes it. */
int launch_detached(const struct launch *l, int *ret_pidfd);
