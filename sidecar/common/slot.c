/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecar/common/slot.h"
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include "bpf/abi.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/paths.h"
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

static int put(int outer, uint32_t slot, int inner, const char *pin)
{
	uint32_t value = (uint32_t)inner;
	int r;

	if (inner < 0)
		return inner;
	r = kbpf_obj_pin(inner, pin);
	return r ? r : kbpf_map_update(outer, &slot, &value, BPF_ANY);
}

/* Makes the maps of one free slot and shows them in the pool under their number, last of all. */
static int make(const struct outer *o, uint32_t slot)
{
	char dir[128], ready[128], pin[160];
	_close_ int state = kbpf_create_state("reeve_state", sizeof(struct rv_state));
	_close_ int ring = kbpf_create_ring("reeve_ring", RV_RING_SIZE);
	_close_ int lane = kbpf_create_ring("reeve_lane", RV_LANE_SIZE);
	int r;

	snprintf(dir, sizeof(dir), PATH_PIN_POOL "/new_%u", slot);
	snprintf(ready, sizeof(ready), PATH_PIN_POOL "/%u", slot);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	snprintf(pin, sizeof(pin), "%s/state", dir);
	unlink(pin);
	r = put(o->states, slot, state, pin);
	snprintf(pin, sizeof(pin), "%s/ring", dir);
	unlink(pin);
	if (!r)
		r = put(o->rings, slot, ring, pin);
	snprintf(pin, sizeof(pin), "%s/lane", dir);
	unlink(pin);
	if (!r)
		r = put(o->lanes, slot, lane, pin);
	if (!r && rename(dir, ready) < 0)
		r = -errno;
	return r;
}

static int pool_count(unsigned *ret)
{
	DIR *d = opendir(PATH_PIN_POOL);
	struct dirent *e;
	unsigned n = 0;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		n += e->d_name[0] >= '0' && e->d_name[0] <= '9';
	closedir(d);
	*ret = n;
	return 0;
}

int slot_pool_fill(unsigned target)
{
	__attribute__((cleanup(outer_release))) struct outer o = {-1, -1, -1};
	unsigned n = 0;
	int r = pool_count(&n);

	if (r == 0 && n < target)
		r = outer_open(&o);
	for (uint32_t slot = 1; r == 0 && n < target; slot++) {
		uint32_t id;

		if (slot == RV_SLOT_MAX)
			return -ENOSPC;
		/* A slot is given back by taking its state page out last. */
		if (kbpf_map_lookup(o.states, &slot, &id) != -ENOENT)
			continue;
		r = make(&o, slot);
		n++;
	}
	return r;
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

int slot_lock(int deadline_ms, int *ret_fd)
{
	_close_ int fd = -1;
	uint64_t end = util_now_ns() + (uint64_t)deadline_ms * 1000000;

	if (mkdir(PATH_RUN, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(PATH_LOAD_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (util_now_ns() > end)
			return -ETIMEDOUT;
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int slot_count_free(unsigned *ret)
{
	_close_ int states = kbpf_obj_get(PATH_PIN_MAPS "/reeve_states");
	unsigned n = 0;

	if (states < 0)
		return states;
	for (uint32_t slot = 1, id; slot < RV_SLOT_MAX; slot++)
		n += kbpf_map_lookup(states, &slot, &id) == -ENOENT;
	*ret = n;
	return 0;
}
