/* SPDX-License-Identifier: Apache-2.0 */
/* Rings -> spool -> node. A record leaves the ring only once it stands in the spool; it leaves the
 * spool only once the node has committed it. When the spool is full nothing is taken out, the
 * rings fill up, and the kernel counts what it cannot place: loss happens in one place only. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/event.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

#define BUSY_MS 10		 /* how long a record may wait for company */
#define IDLE_TURNS 8		 /* empty turns before going to sleep */
#define AWAY_MS 500		 /* between looks for the node while something waits for it */
#define END_WAIT_NS 700000000ull /* after the container's end, for the last acknowledgement */
#define CLOSING_NS 20000000ull
#define BATCH 512

/* Moves what is committed in a ring into the spool; the number of records. */
static unsigned take(struct agent *a, struct rvring *ring)
{
	const void *record;
	uint32_t len;
	unsigned n = 0;

	while (n < BATCH && rvring_peek(ring, &record, &len)) {
		if (spool_append(&a->spool, record, len))
			break;
		rvring_step(ring, len);
		n++;
	}
	if (n)
		rvring_publish(ring);
	return n;
}

static unsigned take_all(struct agent *a)
{
	return a->state ? take(a, &a->lane) + take(a, &a->ring) : 0;
}

static int populated(struct agent *a)
{
	char text[256];
	ssize_t n;

	if (a->events_fd < 0)
		return 0;
	n = pread(a->events_fd, text, sizeof(text) - 1, 0);
	if (n == 0 || (n < 0 && (errno == ENODEV || errno == ENOENT)))
		return 0; /* the cgroup is gone */
	if (n < 0)
		return 1; /* asked again at the next turn */
	text[n] = 0;
	return strstr(text, "populated 1") != NULL;
}

/* The last number of all is the agent's own: nobody is left in the cgroup to take one. */
static int put_close(struct agent *a)
{
	struct rv_checkpoint c;
	int r;

	event_make_close(&c, a->state, "reeve-agent");
	r = spool_append(&a->spool, &c, sizeof(c));
	if (r)
		return r;
	a->closed = true;
	return 0;
}

/* From here on no number is given: a process that was moved out in time could still end, and take
 * the number the closing record is about to get. Then until what was under way has come. */
static void stop_numbers(struct agent *a)
{
	struct epoll_event e;
	uint64_t until = util_now_ns() + CLOSING_NS;

	__atomic_store_n(&a->state->prepared, RV_CLOSING, __ATOMIC_SEQ_CST);
	for (uint64_t now = util_now_ns(); now < until; now = util_now_ns()) {
		take_all(a);
		node_turn(a, now);
		epoll_wait(a->epoll_fd, &e, 1, 5);
	}
}

/* The container has ended: the rest out of the rings, the closing ledger, the kernel objects back;
 * then a moment for the node. What it does not acknowledge stays in the spool. */
static void end(struct agent *a)
{
	uint64_t until = util_now_ns() + END_WAIT_NS;
	struct epoll_event e;

	stop_numbers(a);
	while (!a->done) {
		uint64_t now = util_now_ns();
		bool told = a->closed || repeat_end(a);

		if (!a->closed && take_all(a) == 0 && told &&
		    (rvring_used(&a->ring) | rvring_used(&a->lane)) == 0 && put_close(a) == 0)
			finish_container(a);
		node_turn(a, now);
		if (a->done || now > until)
			break;
		if (!a->closed || a->node_fd >= 0)
			epoll_wait(a->epoll_fd, &e, 1, 2);
		else if (a->closed)
			break; /* nobody to wait for */
	}
}

static void deliver_only(struct agent *a)
{
	struct epoll_event e;

	a->closed = true;
	for (unsigned i = 0; !a->done; i++) {
		node_turn(a, util_now_ns());
		if (a->node_fd < 0 && i)
			return; /* whoever started us is gone again */
		epoll_wait(a->epoll_fd, &e, 1, BUSY_MS);
	}
}

/* While records come they are taken every BUSY_MS, and at once what is urgent or fills a quarter of a ring, for which
 * the kernel wakes us: looking without a pause would take the processor from those that have to do with them.
 * Going to sleep is announced first, and what was already on its way then, unwoken, is looked for
 * at growing distances; only then is the sleep without end. */
static int wait_ms(struct agent *a, unsigned idle_turns)
{
	static const int looks[] = {BUSY_MS, 100, 1000};

	if (idle_turns < IDLE_TURNS)
		return BUSY_MS;
	__atomic_store_n(&a->state->agent_idle, 1, __ATOMIC_SEQ_CST);
	if (a->node_fd < 0 || rvring_used(&a->ring) || rvring_used(&a->lane))
		return AWAY_MS; /* the node is away, or the spool has no room */
	if (spool_begin(&a->spool) != spool_end(&a->spool))
		return BUSY_MS;
	return idle_turns - IDLE_TURNS < ARRAY_SIZE(looks) ? looks[idle_turns - IDLE_TURNS] : -1;
}

static int watch(struct agent *a, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

int pump_run(struct agent *a)
{
	struct epoll_event e[8];
	unsigned idle_turns = 0;
	int r;

	if (!a->slot) {
		deliver_only(a);
		return 0;
	}
	/* By edge: what cannot be taken out now must not keep us awake. */
	r = watch(a, a->ring_fd, EPOLLIN | EPOLLET);
	if (!r)
		r = watch(a, a->lane_fd, EPOLLIN | EPOLLET);
	if (!r && a->events_fd >= 0)
		r = watch(a, a->events_fd, EPOLLPRI);
	if (r)
		return log_err(r, "watch the rings of container %s", a->meta.id);
	if (a->taken_over)
		repeat_adopt(a);
	for (;;) {
		unsigned moved;

		/* Asked before the rings are emptied: what came before the end is in them. */
		if (!populated(a))
			break;
		repeat_turn(a, util_now_ns());
		moved = take_all(a);
		node_turn(a, util_now_ns());
		if (moved) {
			idle_turns = 0;
			a->state->agent_idle = 0;
		}
		epoll_wait(a->epoll_fd, e, ARRAY_SIZE(e),
			   repeat_wait_ms(a, util_now_ns(), moved >= BATCH ? 0 : wait_ms(a, idle_turns)));
		if (!moved && idle_turns < 2 * IDLE_TURNS)
			idle_turns++;
	}
	end(a);
	return 0;
}
