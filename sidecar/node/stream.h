/* SPDX-License-Identifier: Apache-2.0 */
/* One agent's connection, bound to one container: hello, records, acknowledgements, end. It costs
 * the node bounded memory and a bounded share of each turn; what it does wrong closes it alone. */
#pragma once

struct node;
struct stream;

#define STREAM_HELLO_MS 5000 /* to say who it is */
#define STREAM_RETRY_MS 1000 /* between tries to write a store that refuses */
#define STREAM_STATE_MS 1000 /* counters without records reach the disk that late */
#define STREAM_TURN_READS 8  /* of 64 KiB or more, in one turn */
#define STREAM_SHARE_MAX 4   /* connections of one agent's cgroup */
#define STREAM_OUT_MAX 65536 /* bytes of answers an agent may leave unread */

/* Takes fd over, also on failure. */
int stream_open(struct node *n, int fd);
/* Commits what it can and closes all. */
void streams_release(struct node *n);
