/* SPDX-License-Identifier: Apache-2.0 */
/* Where the policy directory comes from, when it is not edited by hand: a directory such as a
 * mounted ConfigMap, whose policies are copied to PATH_POLICIES, where hooks and agents of the host
 * read them. All of them or none: a mistake in one leaves the earlier set in force. */
#pragma once
#include <stddef.h>
#include "sidecar/common/loop.h"

#define SOURCE_SETTLE_MS 200
#define SOURCE_LOOK_MS 1000    /* for a directory that is not there yet, and to try again */
#define SOURCE_MARK "..source" /* in PATH_POLICIES: it is ours to replace */

struct node;

struct source {
	const char *path; /* NULL: no source */
	int fd;		  /* inotify, -1 none */
	bool refused;	  /* and said so */
	struct loop_watch watch;
	struct loop_timer again;
};

void source_init(struct node *n, const char *path);
void source_release(struct node *n);

/* Copies the policies of directory from to directory to, replacing it by one exchange. 1: done; 0:
 * they are the same; -EEXIST: to is somebody else's; -EINVAL: one is no policy. The reason is put
 * in error. */
int source_copy(const char *from, const char *to, char *error, size_t error_size);
