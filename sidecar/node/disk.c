/* SPDX-License-Identifier: Apache-2.0 */
/* See disk.h. */
#include "sidecar/node/disk.h"
#include <errno.h>
#include <inttypes.h>
#include <sys/statvfs.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
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

/* Where the file system cannot take space in advance there is none. */
static void make_reserve(struct disk *d)
{
	uint64_t bytes = d->floor / 4 < DISK_RESERVE_MAX ? d->floor / 4 : DISK_RESERVE_MAX;

	if (d->spill.fd < 0 && d->free >= d->floor + bytes && bytes >= SPILL_SIZE_MIN)
		(void)spill_open(&d->spill, PATH_RESERVE, bytes);
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
		log_warn(0,
			 "%s has room again: all is stored; %" PRIu64
			 " records were dropped meanwhile",
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

	if (statvfs(n->store.dir, &v) < 0)
		return d->level;
	d->free = (uint64_t)v.f_bavail * v.f_frsize;
	d->floor = disk_floor(n->retention.config.free_bytes, (uint64_t)v.f_blocks * v.f_frsize);
	return disk_judge(d->free, d->floor, d->level);
}

static bool is_full(int r)
{
	return r == -ENOSPC || r == -EDQUOT;
}

/* Frames of the spill go where they belong. What is wrong with one life's file is no reason to
 * keep the others' waiting: its records are then missing, and its ledger says so. */
static int put_back(void *arg, const char *file, uint64_t generation, struct intake *in)
{
	struct node *n = arg;
	struct life *l = lives_by_file(&n->lives, file);
	int r = l && l->meta.generation == generation ? intake_commit(in, &n->store, l) : -ENOENT;

	if (r == -EUCLEAN)
		r = intake_commit(in, &n->store, l);
	if (is_full(r) || r == -ENOMEM)
		return r;
	if (r < 0) {
		log_err(r, "put evidence from " PATH_RESERVE " into %s/%s: it is lost",
			n->store.dir, file);
		return 0;
	}
	clients_notify(l, in->stored.of, in->stored.n);
	logs_all_notify(n, l, in->stored.of, in->stored.n);
	return 0;
}

static int empty_spill(struct node *n)
{
	struct disk *d = &n->disk;
	uint64_t bytes = d->spill.end - d->spill.begin;
	int r = spill_any(&d->spill) ? spill_take(&d->spill, put_back, n) : 0;

	if (r == 0 && bytes > 0)
		log_info("put %" PRIu64 " KiB from " PATH_RESERVE " into the databases",
			 bytes / 1024);
	return r;
}

void disk_look(struct node *n)
{
	struct disk *d = &n->disk;
	enum disk_level level = measure(n);

	if (d->held_ns && util_now_ns() - d->held_ns < DISK_HELD_NS)
		level = DISK_FULL;
	else
		d->held_ns = 0;
	if (level < DISK_FULL && is_full(empty_spill(n)))
		level = DISK_FULL;
	turn_to(n, level);
	if (level == DISK_FREE)
		make_reserve(d);
}

bool disk_refused(struct node *n, int r)
{
	struct disk *d = &n->disk;
	bool again = d->level != DISK_FULL;

	if (!is_full(r))
		return false;
	if (measure(n) == DISK_FREE)
		d->held_ns = util_now_ns();
	turn_to(n, DISK_FULL);
	return again;
}

unsigned disk_commit_ms(const struct node *n)
{
	return n->disk.level == DISK_FULL ? DISK_COMMIT_MS : INTAKE_COMMIT_MS;
}

/* Into the database, by whatever way there is. */
static int commit(struct node *n, struct intake *in, struct life *l)
{
	int r = intake_commit(in, &n->store, l);

	if (r < 0 && disk_refused(n, r))
		r = intake_commit(in, &n->store, l);
	/* The log can be written from its beginning again, once what is in it stands in the file.
	 */
	if (is_full(r) && store_fold(&n->store, l, false) == 0)
		r = intake_commit(in, &n->store, l);
	return r;
}

int disk_commit(struct node *n, struct intake *in, struct life *l)
{
	struct disk *d = &n->disk;
	bool may_spill = l->any && !l->ended; /* there is a database, and it is not to be closed */
	int r;

	if (d->level != DISK_FREE)
		disk_look(n);
	/* What is closed is whole: the spill goes before. */
	if (l->ended && spill_any(&d->spill))
		return -ENOSPC;
	if (may_spill && spill_any(&d->spill) &&
	    spill_put(&d->spill, l, in, n->store.from_class) == 0)
		return 0;
	r = commit(n, in, l);
	if (is_full(r) && may_spill && spill_put(&d->spill, l, in, n->store.from_class) == 0)
		r = 0;
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
	spill_init(&n->disk.spill);
	(void)spill_open(&n->disk.spill, PATH_RESERVE, 0);
	expired(n);
}

void disk_release(struct node *n)
{
	loop_timer_stop(&n->loop, &n->disk.timer);
	spill_release(&n->disk.spill);
}
