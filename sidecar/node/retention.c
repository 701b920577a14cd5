/* SPDX-License-Identifier: Apache-2.0 */
/* See retention.h. */
#include "sidecar/node/retention.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/chain.h"
#include "sidecar/node/node.h"
#include "sidecar/node/removal.h"

#define SHARE_DEFAULT (64ull << 20) /* where a container has no bound */
#define SHRINK_BYTES (1u << 20)	    /* in a piece */
#define TRIM_STEPS 4		    /* in a piece */
#define TRIM_ROOM (64ull << 20)	    /* what a record may grow by meanwhile, at least */

/* One of the node's two stores. */
struct place {
	struct store *store;
	struct lives *lives;
};

static void places(struct node *n, struct place ret[static 2])
{
	ret[0] = (struct place){&n->store, &n->lives};
	ret[1] = (struct place){&n->nodelog.store, &n->nodelog.lives};
}

static bool may_be_removed(const struct node *n, const struct life *l)
{
	return l->ended && !l->stream && l != n->nodelog.life;
}

static bool is_waiting(const struct life *l)
{
	return l->spared_ns && util_now_ns() - l->spared_ns < RETENTION_AGAIN_S * 1000000000ull;
}

static void remove_life(struct node *n, const struct place *p, struct life *l, const char *why)
{
	int r = removal_do(p->store, p->lives, l, why, PATH_REMOVED);

	if (r == 0) {
		n->retention.removed++;
		return;
	}
	log_err(r, "remove the record of container %s from %s: tried again in %u s", l->meta.id,
		p->store->dir, RETENTION_AGAIN_S);
	l->spared_ns = util_now_ns();
}

/* Of what is cut so far. True: it has begun. Not while others wait for room: to follow a chain takes
 * its time. */
static bool begin_trim(struct node *n)
{
	struct retention_job *j = &n->retention.job;

	j->trimmed_at = j->records;
	j->trimming = j->used_max && n->disk.level == DISK_FREE &&
		      trim_is_due(j->store, j->life, j->used_max) &&
		      trim_begin(&j->trim, j->store, j->life, j->used_max) == 0;
	j->life->cutting = !j->trimming;
	if (j->trimming)
		j->trim_room =
		    store_allocated(j->store, j->life) +
		    (j->used_max / TRIM_PART > TRIM_ROOM ? j->used_max / TRIM_PART : TRIM_ROOM);
	return j->trimming;
}

static void begin_job(struct node *n, const struct place *p, struct life *l, const char *why,
		      int64_t before_ns, uint64_t used_max)
{
	const struct config *c = &n->retention.config;

	n->retention.job = (struct retention_job){
	    .store = p->store,
	    .life = l,
	    .used_max = used_max,
	    .order = {.why = why,
		      .keep = c->keep,
		      .before_ns = before_ns,
		      .share = c->container_bytes == CONFIG_NONE ? SHARE_DEFAULT
								 : c->container_bytes / 4},
	};
	begin_trim(n);
}

/* The bytes in use. Of a chain that is longer than its part, as it could not be trimmed in time, acts pay for the rest,
 * but not what is to be the last to go. */
static int measure(struct retention_job *j, uint64_t *ret_used)
{
	uint64_t unused, chain, part = j->used_max / TRIM_PART, excess;
	int r = store_space(j->store, j->life, ret_used, &unused);

	if (r == 0)
		r = store_chain_bytes(j->store, j->life, &chain);
	if (r < 0)
		return r;
	excess = chain > part ? chain - part : 0;
	j->order.acts_only = *ret_used <= j->used_max + excess;
	return 0;
}

static void end_job(struct node *n)
{
	struct retention_job *j = &n->retention.job;

	trim_end(&j->trim);
	j->life->cutting = false;
	if (j->records > 0)
		log_info("cut %" PRIu64 " records of container %s, the oldest: %s", j->records,
			 j->life->meta.id, j->order.why);
	if (j->trimmed > 0)
		log_info("trimmed the chain of container %s up to link %" PRIu64
			 ", whose records are cut, or in a later link",
			 j->life->meta.id, j->trimmed);
	n->retention.cut += j->records;
	j->life = NULL;
}

/* What ended, and what was recorded, so long ago. */
static bool plan_age(struct node *n, const struct place *p)
{
	const struct config *c = &n->retention.config;
	uint64_t now = util_wall_ns(), age_ns = c->age_s * 1000000000ull;
	int64_t before = (int64_t)(now - age_ns);

	if (c->age_s == CONFIG_NONE || c->age_s >= now / 1000000000ull)
		return false;
	for (struct life *l = p->lives->first; l; l = l->next) {
		if (is_waiting(l))
			continue;
		/* 0: it is not known when. */
		if (may_be_removed(n, l) && l->ended_wall_ns && (int64_t)l->ended_wall_ns < before) {
			remove_life(n, p, l, "age");
			return true;
		}
		if (l->ended || (int64_t)l->meta.started_wall_ns >= before ||
		    now - l->aged_wall_ns < age_ns / 64)
			continue;
		l->aged_wall_ns = now;
		begin_job(n, p, l, "age", before, 0);
		return true;
	}
	return false;
}

static bool plan_container(struct node *n, const struct place *p)
{
	uint64_t bound = n->retention.config.container_bytes;

	for (struct life *l = p->lives->first; l && bound != CONFIG_NONE; l = l->next) {
		uint64_t used, unused;

		if (is_waiting(l) || store_allocated(p->store, l) <= bound)
			continue;
		if (store_space(p->store, l, &used, &unused) < 0 || (used <= bound && unused == 0))
			continue; /* it is its log that is so large, which ends by itself */
		l->spared_ns = util_now_ns();
		begin_job(n, p, l, "bytes", INT64_MAX, bound - bound / 8);
		n->retention.job.shrinking = used <= bound;
		return true;
	}
	return false;
}

/* Room for so many bytes: the life that ended first goes, or the largest gives some of it. */
static bool make_room(struct node *n, const struct place *p, uint64_t bytes, const char *why)
{
	struct life *oldest = NULL, *largest = NULL;
	uint64_t most = 0, used, unused;

	for (struct life *l = p->lives->first; l; l = l->next) {
		uint64_t size;

		if (is_waiting(l))
			continue;
		if (may_be_removed(n, l) && (!oldest || l->ended_wall_ns < oldest->ended_wall_ns))
			oldest = l;
		size = l->ended ? 0 : store_allocated(p->store, l);
		if (size > most) {
			largest = l;
			most = size;
		}
	}
	if (oldest) {
		remove_life(n, p, oldest, why);
		return true;
	}
	if (!largest)
		return false;
	largest->spared_ns = util_now_ns();
	if (store_space(p->store, largest, &used, &unused) < 0)
		return false;
	bytes = bytes > used / 8 ? bytes : used / 8; /* not again at once */
	begin_job(n, p, largest, why, INT64_MAX, used > bytes ? used - bytes : 1);
	return true;
}

static uint64_t add_up(const struct place *p)
{
	uint64_t sum = 0;

	for (const struct life *l = p->lives->first; l; l = l->next)
		sum += store_allocated(p->store, l);
	return sum;
}

/* Logs of what has ended count only where somebody reads it just now. */
static uint64_t bytes_of_all(const struct place *p, uint64_t bound)
{
	uint64_t sum = add_up(p);

	if (sum <= bound)
		return sum;
	store_rest(p->store);
	return add_up(p);
}

static bool plan_node(struct node *n, const struct place *p)
{
	uint64_t bound = n->retention.config.node_bytes;
	uint64_t sum = bytes_of_all(p, bound);

	return sum > bound && make_room(n, p, sum - bound, "node");
}

/* Better the oldest records than the next ones; but a part of them stays, or who can fill the disk
 * could have the record removed. */
static bool plan_disk(struct node *n, const struct place *p)
{
	const struct disk *d = &n->disk;
	uint64_t bound = n->retention.config.node_bytes, stays = bound / RETENTION_STAYS;

	if (d->level == DISK_FREE || bound == CONFIG_NONE)
		return false;
	disk_look(n);
	if (d->level == DISK_FREE || bytes_of_all(p, stays) <= stays)
		return false;
	return make_room(n, p, d->floor + d->floor / 8 - d->free, "disk");
}

/* True: there is work. */
static bool plan(struct node *n)
{
	static bool (*const plans[])(struct node * n, const struct place *p) = {
	    plan_age, plan_container, plan_node, plan_disk};
	struct place all[2];

	places(n, all);
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		for (size_t p = 0; p < ARRAY_SIZE(all); p++)
			if (plans[i](n, &all[p]))
				return true;
	return false;
}

/* Space goes back to the file system, but for that which a full disk would give to others. */
static int shrink(struct node *n)
{
	struct retention_job *j = &n->retention.job;
	uint64_t used, before, after;
	int r = store_space(j->store, j->life, &used, &before);

	if (r < 0 || before == 0 || n->disk.level == DISK_FULL)
		return r < 0 ? r : 0;
	r = store_shrink(j->store, j->life, SHRINK_BYTES);
	if (r == 0)
		r = store_space(j->store, j->life, &used, &after);
	if (r < 0)
		return r;
	if (after > 0 && after < before)
		return 1;
	return store_fold(j->store, j->life, true);
}

/* The chain, what is the last to go, the last records and the index are more than it may have. Once for each life. */
static void say_overfull(const struct retention_job *j, uint64_t used)
{
	if (j->life->overfull || used <= j->used_max)
		return;
	j->life->overfull = true;
	log_warn(0,
		 "the record of container %s stays above its bound: %" PRIu64
		 " bytes are the last %" PRIu64 " records, %sand the chain",
		 j->life->meta.id, used, j->order.keep,
		 j->order.acts_only ? "denials, processes, " : "");
}

/* A few pieces. Nothing is cut meanwhile, so it is given up when the disk gets full, or the record much larger. */
static int trim_some(struct node *n)
{
	struct retention_job *j = &n->retention.job;
	int r = 1;

	if (n->disk.level != DISK_FREE || store_allocated(j->store, j->life) > j->trim_room) {
		trim_later(&j->trim);
		return -EAGAIN;
	}
	for (unsigned i = 0; i < TRIM_STEPS && r == 1; i++)
		r = trim_step(&j->trim);
	return r;
}

/* Whatever comes of it, records are cut next. */
static int trim(struct node *n)
{
	struct retention_job *j = &n->retention.job;
	const char *id = j->life->meta.id;
	int r = trim_some(n);

	if (r == 1)
		return 1;
	if (r == -EAGAIN)
		log_info("the chain of container %s is trimmed in %u s, not now: records have to be cut", id,
			 TRIM_AGAIN_S);
	else if (r == -EBADMSG)
		log_err(0, "the chain of container %s is not trimmed, as its record is not as it was stored: "
			   "see 'reeve verify %s'",
			id, id);
	else if (r < 0 && !disk_refused(n, r))
		log_err(r, "trim the chain of container %s: tried again in %u s", id, TRIM_AGAIN_S);
	j->trimmed = j->trim.link ? j->trim.link : j->trimmed;
	trim_end(&j->trim);
	j->trimming = false;
	j->life->cutting = true;
	return 1;
}

/* The chain of what was cut may be worth as much as more records. */
static bool trim_pays(const struct retention_job *j, bool last)
{
	uint64_t records = j->records - j->trimmed_at;

	return records > 0 && (last || records * CHAIN_ENTRY_SIZE > j->used_max / TRIM_LEAST);
}

static int cut(struct node *n)
{
	struct retention_job *j = &n->retention.job;
	uint64_t records = 0, used = UINT64_MAX;
	int r = j->used_max ? measure(j, &used) : 0;
	bool over = used > j->used_max;

	if (r == 0 && over)
		r = store_cut_some(j->store, j->life, &j->order, &records);
	if (r < 0)
		return r;
	j->records += records;
	if (over && trim_pays(j, r == 0) && begin_trim(n))
		return 1;
	if (r == 1)
		return 1;
	if (over && strcmp(j->order.why, "bytes") == 0)
		say_overfull(j, used);
	j->life->cutting = false;
	if (!over) /* it has what it should have: from now on it may be asked again */
		j->life->spared_ns = 0;
	j->shrinking = true;
	return 1;
}

static void work(struct node *n)
{
	struct retention_job *j = &n->retention.job;
	int r = j->trimming ? trim(n) : j->shrinking ? shrink(n) : cut(n);

	if (r < 0 && !disk_refused(n, r))
		log_err(r, "cut the record of container %s: tried again in %u s", j->life->meta.id,
			RETENTION_AGAIN_S);
	if (r < 0)
		j->life->spared_ns = util_now_ns();
	if (r <= 0)
		end_job(n);
}

static void expired(void *arg)
{
	struct node *n = arg;
	struct retention *t = &n->retention;
	unsigned ms = RETENTION_PIECE_MS;

	if (n->client_count == 0) { /* nobody else points to a life for longer than a turn */
		lives_forget(&n->lives);
		lives_forget(&n->nodelog.lives);
		if (!t->job.life)
			store_rest(&n->store); /* to close many takes its time: not all of them when the node ends */
	}
	if (t->job.life)
		work(n);
	else if (!plan(n))
		ms = n->disk.level == DISK_FREE ? RETENTION_LOOK_MS : RETENTION_HURRY_MS;
	loop_timer_set(&n->loop, &t->timer, ms);
}

static void say(const struct config *c)
{
	log_info("retention: age %" PRId64 " s, %" PRId64 " bytes a container, %" PRId64
		 " bytes in all (-1: no bound), the last %" PRIu64 " records always",
		 (int64_t)c->age_s, (int64_t)c->container_bytes, (int64_t)c->node_bytes, c->keep);
}

static int read_config(struct retention *t)
{
	char error[CONFIG_ERROR_MAX] = "";
	int r = config_read(PATH_CONFIG, &t->config, error, sizeof(error));

	if (r == 0)
		t->refused[0] = '\0';
	else
		snprintf(t->refused, sizeof(t->refused), "%s", error);
	return r;
}

void retention_reload(struct node *n)
{
	struct retention *t = &n->retention;
	struct config before = t->config;

	if (read_config(t) < 0) {
		log_err(0, "%s; the configuration of before stays in force", t->refused);
		return;
	}
	if (memcmp(&before, &t->config, sizeof(before)) != 0)
		say(&t->config);
	if (!t->job.life)
		loop_timer_set(&n->loop, &t->timer, 0);
}

void retention_init(struct node *n)
{
	struct retention *t = &n->retention;
	struct place all[2];

	places(n, all);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		removal_finish(all[i].store);
	if (read_config(t) < 0) {
		config_nothing(&t->config);
		log_err(0, "%s; until that is put right nothing is removed or cut", t->refused);
	} else {
		say(&t->config);
	}
	t->timer.expired = expired;
	t->timer.arg = n;
	loop_timer_set(&n->loop, &t->timer, RETENTION_HURRY_MS);
}

void retention_release(struct node *n)
{
	loop_timer_stop(&n->loop, &n->retention.timer);
	if (n->retention.job.life)
		end_job(n);
}
