/* SPDX-License-Identifier: Apache-2.0 */
/* See stream.h: who may have a stream, and how many. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/node/node.h"
#include "sidecar/node/peer.h"
#include "sidecar/node/stream_inside.h"

/* Once a second at most. */
static void say_refused(struct node *n, pid_t pid, int r)
{
	n->refused_peers++;
	if (!log_due(&n->refused_said_ns))
		return;
	log_warn(r, "a process that is no agent of ours came to %s: pid %d (%" PRIu64 " so far)",
		 PATH_AGENT_SOCKET, (int)pid, n->refused_peers);
}

static int too_many(struct node *n, int fd)
{
	close(fd);
	n->refused_peers++;
	if (log_due(&n->refused_said_ns))
		log_warn(0, "an agent was turned away, %u are connected", n->stream_count);
	return -EMFILE;
}

/* An agent has one stream, and a second while a successor takes over: one that was taken over by its
 * container must not use up the others' places. */
static int check_share(const struct stream *s)
{
	unsigned same = 0;

	for (const struct stream *o = s->node->streams; o; o = o->next)
		same += strcmp(o->key, s->key) == 0;
	return same > STREAM_SHARE_MAX ? -EUSERS : 0;
}

int stream_open(struct node *n, int fd)
{
	struct stream *s;
	int r;

	if (n->stream_count >= NODE_STREAMS_MAX)
		return too_many(n, fd);
	s = calloc(1, sizeof(*s));
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->node = n;
	s->fd = fd;
	s->next = n->streams;
	n->streams = s;
	n->stream_count++;
	s->watch.ready = stream_ready;
	s->turn.work = stream_turn;
	s->timer.expired = stream_expired;
	s->watch.arg = s->timer.arg = s->turn.arg = s;
	r = peer_check(fd, n->uid, s->key, &s->pid);
	if (r == 0)
		r = check_share(s);
	if (r == 0)
		r = loop_add(&n->loop, &s->watch, fd, EPOLLIN);
	if (r < 0) {
		say_refused(n, s->pid, r);
		stream_free(s);
		return r;
	}
	loop_timer_set(&n->loop, &s->timer, STREAM_HELLO_MS);
	return 0;
}

void streams_release(struct node *n)
{
	while (n->streams)
		stream_end(n->streams);
}
