/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecar/common/slot.h"
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include "bpf/abi.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/pins.h"
#include "sidecar/common/util.h"

struct outer {
	int states;
	int rings;
	int lanes;
};

static void outer_release(struct outer *o)
{
	util_close_p(&o->states);
	util_close_p(&o->rings);
	util_close_p(&o->lanes);
}

static int outer_open(struct outer *ret)
{
	ret->states = kbpf_obj_get(PATH_PIN_MAPS "/reeve_states");
	ret->rings = kbpf_obj_get(PATH_PIN_MAPS "/reeve_rings");
	ret->lanes = kbpf_obj_get(PATH_PIN_MAPS "/reeve_lanes");
	if (ret->states < 0)
		return ret->states;
	if (ret->rings < 0)
		return ret->rings;
	return ret->lanes < 0 ? ret->lanes : 0;
}

/* Slots in the making: their maps, side by side for the outer maps' batches. */
struct batch {
	uint32_t slots[SLOT_BATCH];
	int states[SLOT_BATCH];
	int rings[SLOT_BATCH];
	int lanes[SLOT_BATCH];
	unsigned n;
};

static void batch_release(struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		util_close_p(&b->states[i]);
		util_close_p(&b->rings[i]);
		util_close_p(&b->lanes[i]);
	}
	b->n = 0;
}

static int pin(int fd, const char *dir, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path); /* of a maker that was killed */
	return kbpf_obj_pin(fd, path);
}

static int write_state(int state_fd, const struct rv_state *state)
{
	struct rv_state *st = mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, state_fd, 0);

	if (st == MAP_FAILED)
		return -errno;
	*st = *state;
	munmap(st, 4096);
	return 0;
}

/* Makes and pins the maps of one free slot, not yet in the pool's sight. */
static int make(struct batch *b, const struct rv_state *state)
{
	unsigned i = b->n++;
	char dir[128];
	int r;

	b->slots[i] = state->slot;
	b->states[i] = kbpf_create_state("reeve_state", sizeof(struct rv_page));
	b->rings[i] = kbpf_create_ring("reeve_ring", RV_RING_SIZE);
	b->lanes[i] = kbpf_create_ring("reeve_lane", RV_LANE_SIZE);
	if (b->states[i] < 0 || b->rings[i] < 0 || b->lanes[i] < 0)
		return b->states[i] < 0	 ? b->states[i]
		       : b->rings[i] < 0 ? b->rings[i]
					 : b->lanes[i];
	r = write_state(b->states[i], state);
	snprintf(dir, sizeof(dir), PATH_PIN_POOL "/new_%u", state->slot);
	if (!r && mkdir(dir, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (!r)
		r = pin(b->states[i], dir, "state");
	if (!r)
		r = pin(b->rings[i], dir, "ring");
	return r ? r : pin(b->lanes[i], dir, "lane");
}

/* Behind the outer maps, then into the pool. The state page comes last: a slot without one is free.
 */
static int publish(const struct outer *o, const struct batch *b)
{
	char from[128], to[128];
	int r = kbpf_map_update_batch(o->rings, b->slots, b->rings, b->n);

	if (!r)
		r = kbpf_map_update_batch(o->lanes, b->slots, b->lanes, b->n);
	if (!r)
		r = kbpf_map_update_batch(o->states, b->slots, b->states, b->n);
	for (unsigned i = 0; !r && i < b->n; i++) {
		snprintf(from, sizeof(from), PATH_PIN_POOL "/new_%u", b->slots[i]);
		snprintf(to, sizeof(to), PATH_PIN_POOL "/%u", b->slots[i]);
		if (b->slots[i] == RV_SLOT_NODE)
			strcpy(to, PATH_PIN_NODE);
		if (rename(from, to) < 0)
			r = -errno;
	}
	return r;
}

/* The slots in the pool: how many, and each marked. */
static int pool_read(bool taken[static RV_SLOT_MAX], unsigned *ret)
{
	DIR *d = opendir(PATH_PIN_POOL);
	struct dirent *e;
	unsigned n = 0;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		unsigned long slot = strtoul(e->d_name, NULL, 10); /* 0: new_N, or no slot */

		n += slot > 0;
		if (slot < RV_SLOT_MAX)
			taken[slot] = true;
	}
	closedir(d);
	*ret = n;
	return 0;
}

/* Those of containers, by their pins. The outer map knows them all, but to ask it for one that is
 * taken waits for a grace period on 6.1, 12 ms. */
static void mark_containers(bool taken[static RV_SLOT_MAX])
{
	DIR *d = opendir(PATH_PIN_CONTAINERS);
	struct rv_state state;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && pins_state(e->d_name, &state) == 0 &&
		    state.slot < RV_SLOT_MAX)
			taken[state.slot] = true;
	if (d)
		closedir(d);
}

int slot_pool_fill(unsigned target)
{
	bool taken[RV_SLOT_MAX] = {};
	__attribute__((cleanup(outer_release))) struct outer o = {-1, -1, -1};
	__attribute__((cleanup(batch_release))) struct batch batch = {};
	unsigned n = 0, made = 0;
	int r = pool_read(taken, &n);

	if (r || n >= target)
		return r;
	r = outer_open(&o);
	mark_containers(taken);
	for (uint32_t slot = 1; !r && n + made < target && slot < RV_SLOT_MAX; slot++) {
		struct rv_state state = {.slot = slot};
		uint32_t id;

		if (taken[slot] || kbpf_map_lookup(o.states, &slot, &id) != -ENOENT)
			continue;
		r = make(&batch, &state);
		made++;
		if (!r && batch.n == SLOT_BATCH) {
			r = publish(&o, &batch);
			batch_release(&batch);
		}
	}
	if (!r && batch.n > 0)
		r = publish(&o, &batch);
	return r ? r : made ? 0 : -ENOSPC;
}

/* Complete before any program can see it. */
int slot_node_make(void)
{
	__attribute__((cleanup(outer_release))) struct outer o = {-1, -1, -1};
	__attribute__((cleanup(batch_release))) struct batch batch = {};
	struct rv_state state = {.slot = RV_SLOT_NODE,
				 .generation = util_boot_ns(),
				 .cgroup_id = RV_CGROUP_ROOT,
				 .record = RV_RECORD_ALL,
				 .agent_idle = 1,
				 .prepared = RV_PREPARED};
	int r;

	if (access(PATH_PIN_NODE, F_OK) == 0)
		return 0;
	r = outer_open(&o);
	if (!r)
		r = make(&batch, &state);
	return r ? r : publish(&o, &batch);
}

int slot_pool_count(unsigned *ret)
{
	bool taken[RV_SLOT_MAX];

	return pool_read(taken, ret);
}

int slot_claim(const char *key, uint32_t *ret_slot)
{
	char from[128], to[128];
	DIR *d;
	struct dirent *e;
	int r = -ENOENT;

	snprintf(to, sizeof(to), PATH_PIN_CONTAINERS "/%s", key);
	if (access(to, F_OK) == 0)
		return -EEXIST;
	d = opendir(PATH_PIN_POOL);
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(from, sizeof(from), PATH_PIN_POOL "/%.16s", e->d_name);
		if (rename(from, to) == 0) {
			*ret_slot = (uint32_t)strtoul(e->d_name, NULL, 10);
			r = 0;
			break;
		}
		if (errno != ENOENT) {
			r = -errno;
			break;
		}
	}
	closedir(d);
	return r;
}

static void ring(int signal)
{
	(void)signal;
}

/* flock() that waits in the kernel, in line, until then. The alarm goes on ringing, as it may ring
 * before the wait has begun. */
static int lock_until(int fd, uint64_t end)
{
	const struct sigaction action = {.sa_handler = ring};
	const struct itimerval never = {};
	struct itimerval alarm = {.it_interval = {.tv_usec = 10000}};
	uint64_t now = util_now_ns(), left_us = now < end ? (end - now) / 1000 + 1 : 1;
	struct sigaction before;
	sigset_t set, mask;
	int r;

	alarm.it_value.tv_sec = (time_t)(left_us / 1000000);
	alarm.it_value.tv_usec = (suseconds_t)(left_us % 1000000);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, &before);
	sigprocmask(SIG_UNBLOCK, &set, &mask);
	setitimer(ITIMER_REAL, &alarm, NULL);
	do
		r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
	while (r == -EINTR && util_now_ns() < end);
	setitimer(ITIMER_REAL, &never, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGALRM, &before, NULL);
	return r == -EINTR ? -ETIMEDOUT : r;
}

int slot_lock(int deadline_ms, int *ret_fd)
{
	_close_ int fd = -1;
	uint64_t end = util_now_ns() + (uint64_t)deadline_ms * 1000000;
	int r = 0;

	if (mkdir(PATH_RUN, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(PATH_LOAD_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? lock_until(fd, end) : -errno;
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}
