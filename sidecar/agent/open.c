/* SPDX-License-Identifier: Apache-2.0 */
/* See open.h. Directories below are user reeve's own: nothing in them is followed through a link.
 */
#include "sidecar/agent/open.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include "sidecar/common/kbpf.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/pins.h"
#include "sidecar/common/util.h"

#define LOCK_TRIES 100
#define LOCK_PAUSE_NS 20000000

int open_map(const char *name, int *ret)
{
	char path[128];

	snprintf(path, sizeof(path), PATH_PIN_MAPS "/%s", name);
	*ret = kbpf_obj_get(path);
	return *ret < 0 ? log_err(*ret, "open map %s: run 'reeve-load'", path) : 0;
}

/* Programs of another layout would be read wrongly, and read us wrongly. */
static int check_abi(void)
{
	struct rv_meta meta;
	uint32_t zero = 0;
	_close_ int fd = -1;
	int r = open_map("reeve_meta", &fd);

	if (!r)
		r = kbpf_map_lookup(fd, &zero, &meta);
	if (!r && meta.abi_version != RV_ABI_VERSION)
		return log_err(
		    -EPROTO,
		    "the loaded programs speak version %u, this agent %d: run 'reeve-load' "
		    "when no container of the old version is left",
		    meta.abi_version, RV_ABI_VERSION);
	return r;
}

int open_maps(struct agent *a)
{
	struct maps *m = &a->maps;
	int r = check_abi();

	if (!r)
		r = open_map("reeve_cgroups", &m->cgroups);
	a->pins_fd = open(PATH_PIN_CONTAINERS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!r && a->pins_fd < 0)
		r = log_err(-errno, "open %s", PATH_PIN_CONTAINERS);
	if (!r)
		r = open_map("reeve_states", &m->states);
	if (!r)
		r = open_map("reeve_rings", &m->rings);
	if (!r)
		r = open_map("reeve_lanes", &m->lanes);
	if (!r)
		r = tables_open(&m->tables);
	if (r)
		return log_err(r, "open the maps of policies: run 'reeve-load'");
	if (!r)
		a->repeats_fd = kbpf_obj_get(PATH_PIN_PROGS "/reeve_repeats");
	if (!r && a->repeats_fd < 0)
		r = log_err(a->repeats_fd,
			    "open program " PATH_PIN_PROGS "/reeve_repeats: run 'reeve-load'");
	return r;
}

/* A directory that user reeve may rename things in: never followed through a link. */
static int open_dir(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fchown(fd, uid, gid) == 0)
		return fd;
	close(fd);
	return -errno;
}

/* /run/reeve/c/KEY and the lock in it. 1: somebody alive holds it. The directory can vanish
 * between mkdir and open when its last agent leaves: then again. */
int open_lock(struct agent *a, uid_t uid, gid_t gid)
{
	if (util_mkdir_p(PATH_RUN_CONTAINERS, 0755) < 0)
		return log_err(-errno, "make %s", PATH_RUN_CONTAINERS);
	a->run_fd = open_dir(PATH_RUN_CONTAINERS, uid, gid);
	if (a->run_fd < 0)
		return log_err(a->run_fd, "open %s", PATH_RUN_CONTAINERS);
	for (int i = 0; i < LOCK_TRIES; i++) {
		char path[96];
		_close_ int dir = -1;
		_close_ int fd = -1;
		struct stat mine, there;

		snprintf(path, sizeof(path), PATH_RUN_CONTAINERS "/%s", a->meta.key);
		if (mkdirat(a->run_fd, a->meta.key, 0755) < 0 && errno != EEXIST)
			return log_err(-errno, "make %s", path);
		dir = open_dir(path, uid, gid);
		if (dir == -ENOENT)
			continue;
		fd = dir < 0 ? -1
			     : openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return log_err(dir < 0 ? dir : -errno, "open %s/lock", path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK)
				return log_err(-errno, "lock %s/lock", path);
			if (pins_guarded(a->meta.key))
				return 1;
			/* It has not begun yet, or has ended and delivers the rest. */
			nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
			continue;
		}
		snprintf(path, sizeof(path), "%s/lock", a->meta.key);
		if (fstat(fd, &mine) == 0 &&
		    fstatat(a->run_fd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    mine.st_ino == there.st_ino) {
			a->lock_fd = TAKE_FD(fd);
			return 0;
		}
	}
	return log_err(-EBUSY, "lock " PATH_RUN_CONTAINERS "/%s/lock", a->meta.key);
}

int open_state(struct agent *a)
{
	char path[128];
	_close_ int state = -1;
	void *page;

	snprintf(path, sizeof(path), PATH_PIN_CONTAINERS "/%s/state", a->meta.key);
	state = kbpf_obj_get(path);
	if (state < 0)
		return state == -ENOENT ? state : log_err(state, "open %s", path);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, state, 0);
	if (page == MAP_FAILED)
		return log_err(-errno, "map the container's state page");
	a->state = page;
	return 0;
}

int open_rings(struct agent *a)
{
	char path[128];
	int r;

	snprintf(path, sizeof(path), PATH_PIN_CONTAINERS "/%s/ring", a->meta.key);
	a->ring_fd = kbpf_obj_get(path);
	snprintf(path, sizeof(path), PATH_PIN_CONTAINERS "/%s/lane", a->meta.key);
	a->lane_fd = kbpf_obj_get(path);
	if (a->ring_fd < 0 || a->lane_fd < 0)
		return log_err(a->ring_fd < 0 ? a->ring_fd : a->lane_fd, "open the rings of %s",
			       a->meta.key);
	r = rvring_init(&a->ring, a->ring_fd, RV_RING_SIZE);
	if (!r)
		r = rvring_init(&a->lane, a->lane_fd, RV_LANE_SIZE);
	return r ? log_err(r, "map the rings of %s", a->meta.key) : 0;
}

/* A cgroup id comes again after a reboot: records that nobody fetched before it are another
 * container's. They are kept, under a name that no agent takes up. */
static int set_aside(struct agent *a, const char *dir, uid_t uid, gid_t gid)
{
	char name[64], aside[96];

	snprintf(name, sizeof(name), "%s.spool", a->meta.key);
	snprintf(aside, sizeof(aside), "%s.%llu.old", a->meta.key,
		 (unsigned long long)util_wall_ns());
	if (renameat(a->spool_dir_fd, name, a->spool_dir_fd, aside) < 0)
		return -errno;
	log_warn(0, "records of an earlier container are kept in %s/%s", dir, aside);
	spool_release(&a->spool);
	return spool_open(a->spool_dir_fd, a->meta.key, uid, gid, &a->spool);
}

/* The first place that can be written; for a successor, the place where its predecessor wrote. */
int open_spool(struct agent *a, bool existing, uid_t uid, gid_t gid)
{
	static const char *const dirs[] = {PATH_SPOOL, PATH_SPOOL_FALLBACK};
	char path[128];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s.spool", dirs[i], a->meta.key);
		if (existing && access(path, F_OK) < 0)
			continue;
		r = util_mkdir_p(dirs[i], 0755);
		if (r)
			continue;
		a->spool_dir_fd = open_dir(dirs[i], uid, gid);
		r = a->spool_dir_fd < 0
			? a->spool_dir_fd
			: spool_open(a->spool_dir_fd, a->meta.key, uid, gid, &a->spool);
		if (!r && !existing && spool_begin(&a->spool) != spool_end(&a->spool))
			r = set_aside(a, dirs[i], uid, gid);
		if (!r && a->spool.damaged)
			log_err(0, "%llu bytes of %s were damaged and are lost",
				(unsigned long long)a->spool.damaged, path);
		if (!r)
			return 0;
		log_warn(r, "open the spool in %s", dirs[i]);
		util_close_p(&a->spool_dir_fd);
		a->spool_dir_fd = -1;
	}
	return r == -ENOENT && existing ? r
					: log_err(r, "open a spool for container %s", a->meta.id);
}

int open_events(struct agent *a, int cgroup_fd)
{
	a->events_fd = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	return a->events_fd < 0 ? log_err(-errno, "watch cgroup %s", a->meta.cgroup) : 0;
}

int open_ids(uid_t *uid, gid_t *gid)
{
	int r = util_user_ids(REEVE_USER, uid, gid);

	return r ? log_err(r, "find user %s: make it with 'adduser --system --group %s'",
			   REEVE_USER, REEVE_USER)
		 : 0;
}
