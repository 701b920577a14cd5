/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that needs root, in the order that leaves no gap: the state page is complete before
 * any program can see it, and "prepared" is stored last. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "cgroup/place.h"
#include "sidecar/agent/agent.h"
#include "sidecar/agent/open.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/slot.h"
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"

#define LOCK_DEADLINE_MS 3000
#define LOCK_TRY_MS 50
#define ATTACH_TRIES 20

static const char *const cgroup_programs[] = {
#define H(NAME, number, attach, prog, kind, since) prog,
#define N(NAME, number, attach, prog, kind, since)
    RV_HOOKS(H, N)
#undef H
#undef N
};

/* Where none is ready, who has the lock makes some, for those who wait as well: we, or somebody whose
 * first ones will do. Others may be quicker to take what we have made. */
static int claim_any(struct agent *a)
{
	uint64_t end = util_now_ns() + LOCK_DEADLINE_MS * 1000000ull;
	_close_ int lock = -1;

	while (true) {
		int r = slot_claim(a->meta.key, &a->slot);

		if (r != -ENOENT)
			return r;
		if (util_now_ns() > end)
			return -ETIMEDOUT;
		r = lock < 0 ? slot_lock(LOCK_TRY_MS, &lock)
			     : slot_pool_fill(SLOT_POOL_TARGET / 2);
		if (r < 0 && r != -ETIMEDOUT)
			return r;
	}
}

static int claim(struct agent *a)
{
	int r = claim_any(a);

	if (r)
		return log_err(r, "claim a slot for container %s (at most %d at a time)",
			       a->meta.id, RV_SLOT_MAX - 1);
	return 0;
}

static int attach_one(struct agent *a, const char *prog, int cgroup_fd)
{
	char path[128], pin[160];
	_close_ int fd = -1;
	_close_ int link = -EINVAL;
	int r;

	snprintf(path, sizeof(path), PATH_PIN_PROGS "/%s", prog);
	snprintf(pin, sizeof(pin), PATH_PIN_CONTAINERS "/%s/link_%s", a->meta.key, prog);
	fd = kbpf_obj_get(path);
	if (fd < 0)
		return log_err(fd, "open program %s: run 'reeve-load'", path);
	for (int i = 0; i < ATTACH_TRIES && link == -EINVAL; i++) {
		if (i)
			nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		link = kbpf_link_cgroup(fd, cgroup_fd);
	}
	if (link < 0)
		return log_err(link, "attach %s to cgroup %s", prog, a->meta.cgroup);
	r = kbpf_obj_pin(link, pin);
	return r ? log_err(r, "pin %s", pin) : 0;
}

static int attach(struct agent *a, int cgroup_fd)
{
	struct rv_place place = {.slot = a->slot, .generation = a->meta.generation};
	_close_ int places = -1;
	int r = open_map("reeve_place", &places);

	for (size_t i = 0; !r && i < ARRAY_SIZE(cgroup_programs); i++)
		r = attach_one(a, cgroup_programs[i], cgroup_fd);
	if (r)
		return r;
	/* The cgroup's storage came into being, zeroed, with the first link. */
	r = kbpf_map_update(places, &a->meta.cgroup_id, &place, BPF_EXIST);
	if (!r)
		r = kbpf_map_update(a->maps.cgroups, &a->meta.cgroup_id, &place, BPF_ANY);
	return r ? log_err(r, "tell the programs of cgroup %s", a->meta.cgroup) : 0;
}

/* Init is known by the task itself, never by a number that can be taken over. */
static int mark_init(struct agent *a, int init_fd)
{
	struct rv_task mark = {.generation = a->meta.generation,
			       .slot = a->slot,
			       .flags = RV_TASK_HELPER | RV_TASK_INIT};
	_close_ int tasks = -1;
	int r = open_map("reeve_tasks", &tasks);

	if (!r)
		r = kbpf_map_update(tasks, &init_fd, &mark, BPF_ANY);
	return r ? log_err(r, "mark the init task of container %s: is it still alive?", a->meta.id)
		 : 0;
}

static int write_meta(struct agent *a)
{
	_close_ int dir =
	    openat(a->run_fd, a->meta.key, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int fd = -1;
	struct json_out *o = json_out_new();
	const char *text;
	size_t len;
	int r = o ? meta_to_json(&a->meta, o) : -ENOMEM;

	if (!r)
		r = json_out_text(o, &text, &len);
	if (!r) {
		fd = openat(dir, "meta",
			    O_WRONLY | O_NONBLOCK | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			    0644);
		r = fd < 0 ? -errno : util_write_all(fd, text, len);
	}
	if (!r)
		r = spool_set_meta(&a->spool, text, len);
	json_out_free(o);
	return r ? log_err(r, "write " PATH_RUN_CONTAINERS "/%s/meta", a->meta.key) : 0;
}

static int meta_from_spool(struct agent *a)
{
	struct json *j __attribute__((cleanup(json_free_p))) = NULL;
	char error[256] = "";
	struct meta meta = {};
	size_t len;
	const char *text = spool_meta(&a->spool, &len);
	int r = json_parse(text, len, false, &j, error, sizeof(error));

	if (!r)
		r = meta_from_json(j, &meta, error, sizeof(error));
	if (!r && strcmp(meta.key, a->meta.key) != 0) {
		snprintf(error, sizeof(error), "it speaks of %s", meta.key);
		r = -EBADMSG;
	}
	if (!r && a->state && meta.generation != a->state->generation) {
		snprintf(error, sizeof(error), "it is of another life of that cgroup");
		r = -ESTALE;
	}
	if (r) {
		meta_release(&meta);
	} else {
		meta_release(&a->meta);
		a->meta = meta;
	}
	return r ? log_err(0, "read the spool of %s: %s", a->meta.key, error), r : 0;
}

/* The spool was taken away: a new one, and what the container is from beside the lock. */
static int begin_spool(struct agent *a, uid_t uid, gid_t gid)
{
	_free_ char *text = NULL;
	char path[128];
	size_t len;
	int r = open_spool(a, false, uid, gid);

	snprintf(path, sizeof(path), PATH_RUN_CONTAINERS "/%s/meta", a->meta.key);
	if (!r)
		r = util_read_file(AT_FDCWD, path, SPOOL_META_MAX, &text, &len);
	if (!r)
		r = spool_set_meta(&a->spool, text, len);
	return r ? log_err(r, "begin a new spool from %s", path) : meta_from_spool(a);
}

/* What an agent before us left of this container. 0: taken over; 1: it was only half made, and is
 * cleared away. */
static int take_over(struct agent *a)
{
	_place_ struct place place = PLACE_NONE;
	uid_t uid;
	gid_t gid;
	int r = open_state(a);

	if (r == -ENOENT) {
		finish_pins(a); /* it died at the very end of giving them back */
		return 1;
	}
	if (r)
		return r;
	a->slot = a->state->slot;
	if (!a->state->prepared) {
		finish_container(a);
		munmap(a->state, 4096);
		a->state = NULL;
		return 1;
	}
	a->taken_over = 1;
	r = open_rings(a);
	if (!r)
		r = open_ids(&uid, &gid);
	if (!r)
		r = open_spool(a, true, uid, gid);
	if (!r)
		r = meta_from_spool(a);
	else if (r == -ENOENT)
		r = begin_spool(a, uid, gid);
	if (!r && place_of_id(a->meta.cgroup_id, &place) == 0)
		r = open_events(a, place.fd);
	return r;
}

int setup_new(struct agent *a, struct options *o)
{
	char path[128], id[META_ID_MAX];
	uint32_t policy = 0, asked = 0;
	uid_t uid;
	gid_t gid;
	int r = open_ids(&uid, &gid);

	if (!r)
		r = open_lock(a, uid, gid);
	if (r)
		return r;
	r = own_enter(a->meta.key, &a->own);
	if (!r)
		r = open_maps(a);
	/* Pins without a living agent: the one before us died. Go on where it stopped, or, if it
	 * did not get as far as PREPARED, begin again. */
	snprintf(path, sizeof(path), PATH_PIN_CONTAINERS "/%s", a->meta.key);
	if (!r && access(path, F_OK) == 0) {
		snprintf(id, sizeof(id), "%s", a->meta.id);
		r = take_over(a);
		if (!r && strcmp(id, a->meta.id) != 0)
			return log_err(
			    -EBUSY,
			    "the cgroup still belongs to container %s, whose agent died: a "
			    "running reeve-node brings that to its end",
			    a->meta.id);
		if (r != 1)
			return r;
		r = 0;
	}
	if (!r)
		r = claim(a);
	if (!r)
		r = open_state(a);
	if (!r)
		r = open_rings(a);
	a->meta.generation = util_boot_ns();
	a->meta.started_wall_ns = util_wall_ns();
	if (!r)
		r = rules_publish(a, o, &policy, &asked);
	if (r)
		return r;
	a->state->generation = a->meta.generation;
	a->state->cgroup_id = a->meta.cgroup_id;
	a->state->policy = policy;
	a->state->asked = asked;
	a->state->record = o->record.kinds;
	a->state->options = o->record.options;
	r = tag_need(o->record.kinds, asked);
	if (r)
		return log_err(r, "have the tags of opened files read");
	r = open_spool(a, false, uid, gid);
	if (!r)
		r = write_meta(a);
	if (!r)
		r = open_events(a, o->cgroup_fd);
	if (!r)
		r = attach(a, o->cgroup_fd);
	if (!r)
		r = mark_init(a, o->init_fd);
	if (!r && lchown(path, uid, gid) < 0)
		r = log_err(-errno, "give %s to user %s", path, REEVE_USER);
	if (!r)
		__atomic_store_n(&a->state->prepared, 1, __ATOMIC_RELEASE);
	return r;
}

int setup_adopt(struct agent *a, const char *key)
{
	char path[128];
	uid_t uid;
	gid_t gid;
	int r = open_ids(&uid, &gid);

	snprintf(a->meta.key, sizeof(a->meta.key), "%s", key);
	a->meta.cgroup_id = strtoull(key, NULL, 16);
	if (!r)
		r = open_lock(a, uid, gid);
	if (!r)
		r = own_enter(key, &a->own);
	snprintf(path, sizeof(path), PATH_PIN_CONTAINERS "/%s", key);
	if (!r && access(path, F_OK) == 0) {
		r = open_maps(a);
		if (!r)
			r = take_over(a);
		if (r != 1)
			return r;
		r = 0;
	}
	/* Only a spool is left to deliver, or not even that. */
	if (!r)
		r = open_spool(a, true, uid, gid);
	if (r == -ENOENT)
		return 0;
	if (!r && spool_unused(&a->spool)) {
		finish_spool(a);
		spool_release(&a->spool);
		return 0;
	}
	return r ? r : meta_from_spool(a);
}

void setup_undo(struct agent *a)
{
	if (a->lock_fd < 0 || a->taken_over)
		return; /* nothing of this container is ours */
	if (a->slot)
		finish_container(a);
	if (a->spool.head)
		finish_spool(a);
	finish_run(a);
}
