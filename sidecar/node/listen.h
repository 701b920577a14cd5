/* SPDX-License-Identifier: Apache-2.0 */
/* The node's place on the host: its directories, its pid file (held locked, so that there is one
 * node), and its two sockets. */
#pragma once
#include "sidecar/common/loop.h"

struct node;

struct listener {
	struct node *node;
	int fd;
	int (*opened)(struct node *n, int fd); /* takes the connection over, also on failure */
	struct loop_watch watch;
	struct loop_timer pause; /* out of descriptors: look again later */
};

/* -EBUSY: another node runs. Logs. */
int listen_lock(int *ret_fd);
/* Makes the directories. Logs. */
int listen_directories(const struct node *n);
/* Opens both sockets, replacing stale ones. Logs. */
int listen_open(struct node *n);
void listen_close(struct node *n);
/* One more of any family, l->node, fd (listening, non-blocking) and opened set: accepts on it. */
int listen_add(struct listener *l);
void listen_remove(struct listener *l); /* closes fd */
