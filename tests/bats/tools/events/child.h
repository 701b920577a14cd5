/* SPDX-License-Identifier: Apache-2.0 */
/* For the families that act in children. */
#pragma once
#include "say.h"
#include <sys/wait.h>

/* Runs what in a child and waits for its good end. */
static inline void in_child(void (*what)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		what();
		fflush(stdout);
		_exit(0);
	}
	MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}
