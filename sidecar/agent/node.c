/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's side of its stream to the node: hello, records, counters, end; acknowledgements move
 * the spool. The node may be away at any time; nothing is lost by that, it is only not sent. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

#define RETRY_NS 200000000ull
#define STATE_NS 1000000000ull
#define IN_FLIGHT_MAX (1u << 20) /* bytes sent and not acknowledged */
#define FRAME_MAX (64u << 10)

void node_drop(struct agent *a)
{
	if (a->node_fd >= 0)
		close(a->node_fd);
	a->node_fd = -1;
	a->welcome = 0;
	wire_buf_release(&a->in);
	wire_buf_release(&a->out);
	a->in = a->out = (struct wire_buf){};
}

static void say_hello(struct agent *a)
{
	size_t len;
	const char *meta = spool_meta(&a->spool, &len);

	if (wire_put(&a->out, WIRE_HELLO, a->meta.generation, 0, meta, len))
		node_drop(a);
	a->sent = spool_begin(&a->spool);
	a->end_sent = false;
	a->state_sent_ns = 0;
}

static void reach(struct agent *a, uint64_t now_ns)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = PATH_AGENT_SOCKET};
	struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP};
	int fd;

	if (a->tried_ns && now_ns - a->tried_ns < RETRY_NS)
		return;
	a->tried_ns = now_ns;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	e.data.fd = fd;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0) {
		close(fd);
		return;
	}
	a->node_fd = fd;
	say_hello(a);
}

static void take_frame(struct agent *a, const struct wire_frame *f)
{
	switch (f->head.type) {
	case WIRE_WELCOME:
		a->welcome = 1;
		break;
	case WIRE_ACK:
		spool_ack(&a->spool, f->head.position);
		/* Of the records; the end itself is on its way, or not yet. */
		if (a->end_sent && f->head.position == a->sent && a->out.done == a->out.len)
			a->done = 1;
		break;
	case WIRE_REFUSED:
		log_warn(0, "the node refused the stream of container %s: %.*s", a->meta.id,
			 (int)(f->head.length > 200 ? 200 : f->head.length),
			 (const char *)f->payload);
		node_drop(a);
		break;
	default:
		break; /* a newer node's word: skipped by its length */
	}
}

static void listen_to(struct agent *a)
{
	struct wire_frame f;
	int r;

	while (a->node_fd >= 0 && (r = wire_fill(&a->in, a->node_fd)) != 0) {
		if (r < 0) {
			node_drop(a);
			return;
		}
		while (a->node_fd >= 0 && (r = wire_next(&a->in, &f)) == 1)
			take_frame(a, &f);
		if (r < 0)
			node_drop(a);
	}
}

static int put_state(struct agent *a, uint64_t now_ns)
{
	struct rv_counters c;

	if (!a->state || a->state->counters.issued == a->state_issued ||
	    (now_ns - a->state_sent_ns < STATE_NS && !a->closed))
		return 0;
	c = a->state->counters;
	a->state_issued = c.issued;
	a->state_sent_ns = now_ns;
	return wire_put(&a->out, WIRE_STATE, a->meta.generation, 0, &c, sizeof(c));
}

static int put_records(struct agent *a)
{
	const void *bytes;
	uint64_t next;
	size_t n;
	int r = 0;

	while (r == 0 && a->out.len - a->out.done < 2 * FRAME_MAX &&
	       a->sent - spool_begin(&a->spool) < IN_FLIGHT_MAX &&
	       (n = spool_read(&a->spool, a->sent, FRAME_MAX, &bytes, &next)) > 0) {
		r = wire_put(&a->out, WIRE_RECORDS, a->meta.generation, next, bytes, n);
		if (r == 0)
			a->sent = next;
	}
	if (r == 0 && a->closed && a->sent == spool_end(&a->spool) && !a->end_sent) {
		r = wire_put(&a->out, WIRE_END, a->meta.generation, a->sent, NULL, 0);
		a->end_sent = r == 0;
	}
	return r;
}

void node_turn(struct agent *a, uint64_t now_ns)
{
	int r;

	if (a->node_fd < 0)
		reach(a, now_ns);
	listen_to(a);
	if (a->node_fd < 0)
		return;
	r = a->welcome ? put_state(a, now_ns) : 0;
	if (r == 0 && a->welcome)
		r = put_records(a);
	if (r == 0)
		r = wire_flush(&a->out, a->node_fd);
	if (r < 0)
		node_drop(a);
}
