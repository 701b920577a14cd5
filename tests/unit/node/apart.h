/* SPDX-License-Identifier: Apache-2.0 */
/* A test in a process and a mount namespace of its own, with an empty /etc and a small, empty /var/lib:
 * what has fixed paths can be tried as it is. */
#pragma once
#include <stdio.h>
#include <unistd.h>

#define APART_BYTES "96m" /* of /var/lib */

/* Runs it there and checks that every HOLDS did; skips the test where that takes more privilege. */
void apart(void (*run)(void));
/* Appends until there is no room. */
void apart_fill(const char *path);

#define HOLDS(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #cond);               \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)
