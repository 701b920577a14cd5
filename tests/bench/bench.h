/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of the bench share: dying loudly, since a figure after a failure is no figure,
 * and a process held in a fresh cgroup until it is let go. */
#pragma once
#include <errno.h>
#include <error.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define DIE(...) error(1, errno, __VA_ARGS__)

/* Virtual time: in the counting guest one nanosecond is one instruction. */
static inline uint64_t clock_read(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) < 0)
		DIE("clock_gettime");
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

struct held {
	pid_t pid;
	int go_fd;
};

/* Makes /sys/fs/cgroup/NAME and forks a child into it, which becomes argv when held_go is called,
 * with env (NAME=VALUE, may be NULL) added. Dies on failure. */
struct held held_start(const char *name, char **argv);
/* Returns the wait status; the cgroup is still there. */
int held_go(struct held *h, const char *env);
/* Removes the cgroup, waiting for the last task to leave it. */
void held_remove(const char *name);
