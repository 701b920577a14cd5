/* SPDX-License-Identifier: Apache-2.0 */
/* The policy directory: when something changes in it, running containers follow. The node itself
 * neither compiles nor waits for the kernel's grace periods: `reeve policy refresh` does, one at a
 * time, and says what it refused. */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "sidecar/common/loop.h"

#define WATCH_SETTLE_MS 200 /* after the last change: editors and tar make several */
#define WATCH_LOOK_MS 1000  /* for a directory that is not there yet, or was replaced */

struct node;

struct watch {
	int fd; /* inotify, -1 none */
	int descriptor;
	dev_t dev; /* what is watched */
	ino_t ino;
	struct loop_watch watch;
	struct loop_timer look, settle;
	int pidfd; /* the refresh at work, -1 none */
	uint64_t refreshes; /* begun */
};

void watch_init(struct node *n);
void watch_release(struct node *n);
/* Something may have changed. */
void watch_soon(struct node *n);
