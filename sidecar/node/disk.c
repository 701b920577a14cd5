/* SPDX-License-Identifier: Apache-2.0 */
/* See disk.h. */
#include "sidecar/node/disk.h"
#include <errno.h>
#include <inttypes.h>
#include <sys/statvfs.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/intake.h"
#include "sidecar/node/node.h"

static const struct {
	const char *name, *does;
	unsigned part; /* of the floor: less is this level */
	enum record_class from;
} levels[DISK_LEVELS] = {
    [DISK_FREE] = {"free", "all is stored", 0, CLASS_ACTS},
    [DISK_TIGHT] = {"tight", "retention makes room, all is stored", 1, CLASS_ACTS},
    [DISK_SHORT] = {"short", "records of acts are counted and not stored", 2, CLASS_CHANGES},
    [DISK_SCARCE] = {"scarce", "records of processes and evidence alone are stored", 4,
		     CLASS_PROCESSES},
    [DISK_FULL] = {"full", "evidence alone is stored", 8, CLASS_EVIDENCE},
};

const char *disk_level_name(enum disk_level level)
{
	return levels[level].name;
}

enum record_class disk_class(enum disk_level level)
{
	return levels[level].from;
}

uint64_t disk_floor(uint64_t configured, uint64_t size)
{
	uint64_t share = size / DISK_FLOOR_SHARE;

	if (configured != CONFIG_FREE_AUTO)
		return configured;
	return share < DISK_FLOOR_MAX ? share : DISK_FLOOR_MAX;
}

enum disk_level disk_judge(uint64_t free_bytes, uint64_t floor, enum disk_level now)
{
	enum disk_level level = DISK_FULL;

	for (; level > DISK_FREE; level--) {
		uint64_t below = floor / levels[level].part;

		if (free_bytes < (level <= now ? below + below / 8 : below))
			break;
	}
	return level;
}

uint64_t disk_dropped(const struct node *n)
{
	uint64_t dropped = 0;

	for (const struct life *l = n->lives.first; l; l = l->next)
		dropped += cuts_dropped(&l->cuts);
	return dropped;
}

static void give_up_reserve(struct disk *d)
{
	if (d->reserve && unlink(PATH_RESERVE) == 0)
		log_warn(0, "gave up the reserve %s", PATH_RESERVE);
	d->reserve = false;
}

static uint64_t reserve_bytes(const struct disk *d)
{
	return d->floor / 4 < DISK_RESERVE_MAX ? d->floor / 4 : DISK_RESERVE_MAX;
}

/* Where the file system cannot take space in advance there is none. */
static void make_reserve(struct disk *d)
{
	uint64_t bytes = reserve_bytes(d);
	_close_ int fd = -1;

	if (d->reserve || bytes == 0)
		return;
	fd = open(PATH_RESERVE, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	d->reserve = fd >= 0 && fallocate(fd, 0, 0, (off_t)bytes) == 0;
	if (fd >= 0 && !d->reserve)
		(void)unlink(PATH_RESERVE);
}

static void turn_to(struct node *n, enum disk_level level)
{
	struct disk *d = &n->disk;
	enum disk_level before = d->level;

	n->store.from_class = disk_class(level);
	if (level == before)
		return;
	d->level = level;
	if (before == DISK_FREE)
		d->dropped = disk_dropped(n);
	if (level == DISK_FREE)
		log_warn(0, "%s has room again: all is stored; %" PRIu64 " records were dropped meanwhile",
			 n->store.dir, disk_dropped(n) - d->dropped);
	else
		log_warn(0,
			 "the disk of %s is %s, %" PRIu64 " KiB are free, the floor is %" PRIu64
			 " KiB: %s",
			 n->store.dir, levels[level].name, d->free / 1024, d->floor / 1024,
			 levels[level].does);
}

static enum disk_level measure(struct node *n)
{
	struct disk *d = &n->disk;
	struct statvfs v;
	uint64_t kept;

	if (statvfs(n->store.dir, &v) < 0)
		return d->level;
	d->free = (uint64_t)v.f_bavail * v.f_frsize;
	d->floor = disk_floor(n->retention.config.free_bytes, (uint64_t)v.f_blocks * v.f_frsize);
	kept = d->reserve ? 0 : reserve_bytes(d); /* it is evidence's */
	return disk_judge(d->free > kept ? d->free - kept : 0, d->floor, d->level);
}

void disk_look(struct node *n)
{
	struct disk *d = &n->disk;
	enum disk_level level = measure(n);

	if (d->held_ns && util_now_ns() - d->held_ns < DISK_HELD_NS)
		level = DISK_FULL;
	else
		d->held_ns = 0;
	turn_to(n, level);
	if (level == DISK_FREE)
		make_reserve(d);
}

bool disk_refused(struct node *n, int r)
{
	struct disk *d = &n->disk;
	bool again = d->reserve || d->level != DISK_FULL;

	if (r != -ENOSPC && r != -EDQUOT)
		return false;
	if (measure(n) == DISK_FREE)
		d->held_ns = util_now_ns();
	give_up_reserve(d);
	turn_to(n, DISK_FULL);
	return again;
}

unsigned disk_commit_ms(const struct node *n)
{
	return n->disk.level == DISK_FULL ? DISK_COMMIT_MS : INTAKE_COMMIT_MS;
}

/* The last resort is the log: its own length, once what is in it stands in the file. */
int disk_commit(struct node *n, struct intake *in, struct life *l)
{
	int r;

	if (n->disk.level != DISK_FREE)
		disk_look(n);
	r = intake_commit(in, &n->store, l);
	if (r < 0 && disk_refused(n, r))
		r = intake_commit(in, &n->store, l);
	if ((r == -ENOSPC || r == -EDQUOT) && store_fold(&n->store, l, false) == 0)
		r = intake_commit(in, &n->store, l);
	return r;
}

static void expired(void *arg)
{
	struct node *n = arg;

	disk_look(n);
	loop_timer_set(&n->loop, &n->disk.timer, DISK_LOOK_MS);
}

void disk_init(struct node *n)
{
	n->disk.timer.expired = expired;
	n->disk.timer.arg = n;
	n->disk.reserve = access(PATH_RESERVE, F_OK) == 0;
	expired(n);
}

void disk_release(struct node *n)
{
	loop_timer_stop(&n->loop, &n->disk.timer);
}
