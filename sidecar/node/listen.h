/* SPDX-License-Identifier: Apache-2.0 */
/* The node's place on the host: its directories, its pid file (held locked, so that there is one
 * node), and its two sockets. */
#pragma once

struct node;

/* -EBUSY: another node runs. Logs. */
int listen_lock(int *ret_fd);
/* Makes the directories. Logs. */
int listen_directories(const struct node *n);
/* Opens both sockets, replacing stale ones. Logs. */
int listen_open(struct node *n);
void listen_close(struct node *n);
