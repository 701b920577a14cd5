/* SPDX-License-Identifier: Apache-2.0 */
/* See nodelog.h. There is no lock for the rings: the one of PATH_NODE_PID lets one node live at a
 * time. */
#include "sidecar/node/nodelog.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "sidecar/common/kbpf.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/node.h"

#define NODELOG_ID "node"

/* Programs of another layout would be read wrongly. */
static int check_abi(void)
{
	_close_ int fd = kbpf_obj_get(PATH_PIN_MAPS "/reeve_meta");
	struct rv_meta meta;
	uint32_t zero = 0;
	int r = fd < 0 ? fd : kbpf_map_lookup(fd, &zero, &meta);

	return r < 0 ? r : meta.abi_version == RV_ABI_VERSION ? 0 : -EPROTO;
}

static int map_slot(struct nodelog *g)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *state;
	int r = 0;

	g->state_fd = kbpf_obj_get(PATH_PIN_NODE "/state");
	g->ring_fd = kbpf_obj_get(PATH_PIN_NODE "/ring");
	g->lane_fd = kbpf_obj_get(PATH_PIN_NODE "/lane");
	if (g->state_fd < 0 || g->ring_fd < 0 || g->lane_fd < 0)
		return g->state_fd < 0 ? g->state_fd : g->ring_fd < 0 ? g->ring_fd : g->lane_fd;
	state = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, g->state_fd, 0);
	if (state == MAP_FAILED)
		return -errno;
	g->state = state;
	r = rvring_init(&g->ring, g->ring_fd, RV_RING_SIZE);
	return r < 0 ? r : rvring_init(&g->lane, g->lane_fd, RV_LANE_SIZE);
}

/* Earlier lives whose end nobody saw. */
static void end_others(struct nodelog *g)
{
	for (struct life *l = g->lives.first; l; l = l->next) {
		if (l == g->life || l->ended)
			continue;
		if (store_put_end(&g->store, l) == 0)
			log_info("the node's log %s has ended without a closing record", l->file);
		clients_notify(l, NULL, 0);
	}
}

static int begin_life(struct nodelog *g)
{
	uint64_t generation = g->state->generation;
	uint64_t started = util_wall_ns() - (util_boot_ns() - generation);
	struct life *l = lives_by_generation(&g->lives, generation, RV_CGROUP_ROOT);
	int r = l ? 0 : -EEXIST;

	/* A life's file is named by the millisecond; a clock set back can meet an earlier one. */
	for (; r == -EEXIST; started += 1000000) {
		struct meta meta = {.id = NODELOG_ID,
				    .name = NODELOG_ID,
				    .generation = generation,
				    .cgroup_id = RV_CGROUP_ROOT,
				    .started_wall_ns = started};

		snprintf(meta.key, sizeof(meta.key), "%016x", RV_CGROUP_ROOT);
		r = lives_admit(&g->lives, &meta, &l);
	}
	if (r < 0)
		return r;
	g->life = l;
	g->intake.meta = true;
	end_others(g);
	return 0;
}

static void detach(struct node *n)
{
	struct nodelog *g = &n->nodelog;

	loop_remove(&n->loop, &g->ring_watch);
	loop_remove(&n->loop, &g->lane_watch);
	rvring_release(&g->ring);
	rvring_release(&g->lane);
	if (g->state)
		munmap(g->state, (size_t)sysconf(_SC_PAGESIZE));
	g->state = NULL;
	util_close_p(&g->state_fd);
	util_close_p(&g->ring_fd);
	util_close_p(&g->lane_fd);
	g->state_fd = g->ring_fd = g->lane_fd = -1;
	g->intake.len = 0;
	g->life = NULL;
	g->closing = g->closed = false;
}

static int attach(struct node *n)
{
	struct nodelog *g = &n->nodelog;
	int r = check_abi();

	if (r == 0)
		r = map_slot(g);
	if (r == 0)
		r = begin_life(g);
	if (r == 0)
		r = loop_add(&n->loop, &g->ring_watch, g->ring_fd, 0);
	if (r == 0)
		r = loop_add(&n->loop, &g->lane_watch, g->lane_fd, 0);
	if (r == 0)
		return 0;
	detach(n);
	if (r != -ENOENT && !g->failing)
		log_err(r, "record the node's own log from %s", PATH_PIN_NODE);
	g->failing = r != -ENOENT;
	return r;
}

/* The pin is gone or another map now: the programs were unloaded, perhaps loaded anew. */
static bool replaced(const struct nodelog *g)
{
	_close_ int fd = kbpf_obj_get(PATH_PIN_NODE "/state");
	struct bpf_map_info ours, theirs;

	if (fd < 0)
		return fd == -ENOENT;
	return kbpf_info(g->state_fd, &ours, sizeof(ours)) == 0 &&
	       kbpf_info(fd, &theirs, sizeof(theirs)) == 0 && ours.id != theirs.id;
}

static void take(struct nodelog *g, struct rvring *ring)
{
	const void *record;
	uint32_t len;

	while (g->intake.len < INTAKE_COMMIT_BYTES && rvring_peek(ring, &record, &len)) {
		bool bulk;
		/* The ring pads to 8, too: what is read beyond is the record's own. */
		int r = intake_add(&g->intake, record, (len + 7) & ~7u, &bulk);

		if (r == -ENOMEM)
			return;
		if (r < 0) {
			g->dropped++;
			log_err(r, "a record of %u bytes in the node's ring was dropped", len);
		}
		rvring_step(ring, len);
	}
}

/* The last number of all, once the rings are empty: no program gives one any more. */
static void take_close(struct nodelog *g)
{
	struct rv_checkpoint c;
	bool bulk;

	if (g->closed || rvring_used(&g->ring) || rvring_used(&g->lane))
		return;
	event_make_close(&c, g->state, "reeve-node");
	g->closed = intake_add(&g->intake, (const uint8_t *)&c, sizeof(c), &bulk) == 0;
}

/* Everything taken goes to disk and is given back to the kernel, or waits for the next try. */
static int commit(struct node *n)
{
	struct nodelog *g = &n->nodelog;
	struct rv_counters counters = g->state->counters, before = g->life->counters;
	int r = 0;

	if (g->intake.len > 0 || g->intake.meta) {
		g->intake.meta = true;
		if (!g->closed)
			life_count(g->life, &counters);
		else
			life_end(g->life);
		counts_advance(&g->store.counts, &before, &g->life->counters);
		r = intake_commit(&g->intake, &g->store, g->life);
		if (r < 0) {
			(void)disk_refused(n, r);
			g->life->ended = false;
			if (!g->failing)
				log_err(r, "write %s/%s: tried every second", g->store.dir,
					g->life->file);
			g->failing = true;
			return r;
		}
		clients_notify(g->life, g->intake.stored.of, g->intake.stored.n);
	}
	g->failing = false;
	rvring_publish(&g->ring);
	rvring_publish(&g->lane);
	return 0;
}

/* Milliseconds until the next look. Going to sleep is announced first, and then looked again: what
 * was on its way unwoken even then is found by the look a second later. */
static unsigned drain(struct node *n)
{
	struct nodelog *g = &n->nodelog;
	bool any;

	take(g, &g->lane);
	take(g, &g->ring);
	if (g->closing)
		take_close(g);
	any = g->intake.len > 0;
	if (commit(n) < 0)
		return NODELOG_LOOK_MS;
	if (any)
		return INTAKE_COMMIT_MS;
	__atomic_store_n(&g->state->agent_idle, 1, __ATOMIC_SEQ_CST);
	return rvring_used(&g->ring) || rvring_used(&g->lane) ? INTAKE_COMMIT_MS : NODELOG_LOOK_MS;
}

static void turn(struct node *n)
{
	struct nodelog *g = &n->nodelog;
	unsigned again = NODELOG_LOOK_MS;

	if (g->life && !g->closing && replaced(g)) {
		__atomic_store_n(&g->state->prepared, RV_CLOSING, __ATOMIC_SEQ_CST);
		g->closing = true;
		again = NODELOG_CLOSING_MS;
	} else if (g->life || attach(n) == 0) {
		again = drain(n);
	}
	if (g->life && g->life->ended)
		detach(n);
	if (g->life) {
		uint32_t events = again == NODELOG_LOOK_MS && !g->failing ? EPOLLIN : 0;

		loop_change(&n->loop, &g->ring_watch, events);
		loop_change(&n->loop, &g->lane_watch, events);
	}
	loop_timer_set(&n->loop, &g->timer, again);
}

/* Others will follow: collected for a moment, without another wake-up. */
static void ready(void *arg, uint32_t events)
{
	struct node *n = arg;
	struct nodelog *g = &n->nodelog;

	(void)events;
	g->state->agent_idle = 0;
	loop_change(&n->loop, &g->ring_watch, 0);
	loop_change(&n->loop, &g->lane_watch, 0);
	loop_timer_set(&n->loop, &g->timer, INTAKE_COMMIT_MS);
}

static void expired(void *arg)
{
	turn(arg);
}

void nodelog_init(struct node *n)
{
	struct nodelog *g = &n->nodelog;
	int r;

	g->state_fd = g->ring_fd = g->lane_fd = -1;
	g->ring_watch.ready = g->lane_watch.ready = ready;
	g->ring_watch.arg = g->lane_watch.arg = g->timer.arg = n;
	g->timer.expired = expired;
	store_init(&g->store, PATH_STORE_NODE, PATH_SEAL_NODE);
	r = store_load(&g->store, &g->lives);
	if (r < 0)
		log_err(r, "read %s: nothing of before is known", PATH_STORE_NODE);
	turn(n);
}

void nodelog_release(struct node *n)
{
	struct nodelog *g = &n->nodelog;

	loop_timer_stop(&n->loop, &g->timer);
	for (size_t left = RV_RING_SIZE + RV_LANE_SIZE; left > 0 && g->life; left -= 1u << 16)
		if (drain(n) != INTAKE_COMMIT_MS)
			break;
	detach(n);
	store_release(&g->store);
	lives_release(&g->lives);
	intake_release(&g->intake);
}

struct life *nodelog_life(struct nodelog *g)
{
	struct life *last = g->life;

	for (struct life *l = g->lives.first; l && !g->life; l = l->next)
		if (!last || l->meta.started_wall_ns > last->meta.started_wall_ns)
			last = l;
	return last;
}
