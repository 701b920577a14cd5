/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of attack.c share: each is one act, and returns 0 or the errno it failed with. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The errno of the act itself, at once: what follows may set another. */
#define DID(call) ((long)(call) < 0 ? errno : 0)
#define ACT(name, result)                                                                          \
	static int name(char **a)                                                                  \
	{                                                                                          \
		(void)a;                                                                           \
		return result;                                                                     \
	}
/* What an act needs beforehand must succeed; 99 is nobody's errno in the suites. */
#define NEED(ok)                                                                                   \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "attack: line %d: %s: %s\n", __LINE__, #ok,                \
				strerror(errno));                                                  \
			_exit(99);                                                                 \
		}                                                                                  \
	} while (0)

/* A child that waits to be killed: what processes are tried on. */
static inline pid_t victim(void)
{
	pid_t pid = fork();

	NEED(pid >= 0);
	while (pid == 0)
		pause();
	return pid;
}
