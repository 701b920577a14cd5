/* SPDX-License-Identifier: Apache-2.0 */
/* See bulk.h. */
#include "sidecar/node/bulk.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include "sidecar/common/kbpf.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/known.h"
#include "sidecar/node/node.h"

#define BULK_PIN PATH_PIN_MAPS "/reeve_bulk"
#define BULK_LOCK PATH_RUN "/bulk.lock"

/* One reader at a time, whoever it is. */
static int take_lock(struct bulk *b)
{
	_close_ int fd = -1;

	if (b->lock_fd >= 0)
		return 0;
	fd = open(BULK_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	b->lock_fd = TAKE_FD(fd);
	return 0;
}

static int attach(struct node *n)
{
	struct bulk *b = &n->bulk;
	int r = take_lock(b);

	if (r < 0)
		return r;
	b->map_fd = kbpf_obj_get(BULK_PIN);
	if (b->map_fd < 0)
		return b->map_fd;
	r = rvring_init(&b->ring, b->map_fd, RV_BULK_SIZE);
	if (r == 0) {
		b->mapped = true;
		r = loop_add(&n->loop, &b->watch, b->map_fd, EPOLLIN);
	}
	return r;
}

static void detach(struct node *n)
{
	struct bulk *b = &n->bulk;

	loop_remove(&n->loop, &b->watch);
	rvring_release(&b->ring);
	util_close_p(&b->map_fd);
	b->map_fd = -1;
	b->mapped = false;
}

/* The pin is gone or another map now: the programs were unloaded, perhaps loaded anew. */
static bool replaced(const struct bulk *b)
{
	_close_ int fd = kbpf_obj_get(BULK_PIN);
	struct bpf_map_info ours, theirs;

	if (fd < 0)
		return fd == -ENOENT;
	return kbpf_info(b->map_fd, &ours, sizeof(ours)) == 0 &&
	       kbpf_info(fd, &theirs, sizeof(theirs)) == 0 && ours.id != theirs.id;
}

/* Gives the container its quota back. Its pins may be gone already: then nobody asks. */
static void set_done(const struct life *l, uint64_t total)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	_close_ int fd = -1;
	struct rv_state *st;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/state", PATH_PIN_CONTAINERS, l->meta.key);
	fd = kbpf_obj_get(path);
	if (fd < 0)
		return;
	st = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (st == MAP_FAILED)
		return;
	if (st->generation == l->meta.generation && st->bulk_done < total)
		__atomic_store_n(&st->bulk_done, total, __ATOMIC_RELEASE);
	munmap(st, page);
}

static struct life *owner(struct node *n, uint64_t generation)
{
	struct life *l = lives_by_generation(&n->lives, generation, 0);
	struct meta meta = {};

	if (l)
		return l;
	if (known_find(generation, &meta) < 0)
		return NULL;
	(void)lives_admit(&n->lives, &meta, &l);
	meta_release(&meta);
	return l;
}

/* The block at the front, or NULL. One that is none is skipped and counted. */
static const struct rv_bulk *front(struct bulk *b, uint32_t *ret_len)
{
	const void *data;

	while (rvring_peek(&b->ring, &data, ret_len) == 1) {
		const struct rv_bulk *block = data;

		if (*ret_len >= sizeof(*block) && block->kind == RV_KIND_ARGS &&
		    block->data_len <= *ret_len - sizeof(*block) && block->generation != 0)
			return block;
		b->dropped++;
		log_err(-EBADMSG, "a block of %u bytes in the bulk ring was dropped", *ret_len);
		rvring_step(&b->ring, *ret_len);
	}
	return NULL;
}

/* One transaction: the blocks at the front that belong to l. The ring's place is untouched on
 * failure. */
static int store_run(struct node *n, struct life *l)
{
	struct bulk *b = &n->bulk;
	unsigned long place = b->ring.position;
	uint64_t generation = l->meta.generation, total = 0, blocks = 0;
	uint64_t args_dropped = l->cuts.args_dropped;
	bool keep = n->store.from_class <= CLASS_PROCESSES;
	const struct rv_bulk *block;
	size_t bytes = 0;
	uint32_t len;
	int r = store_begin(&n->store, l);

	if (r < 0)
		return r;
	while (r == 0 && bytes < BULK_COMMIT_BYTES && (block = front(b, &len)) &&
	       block->generation == generation) {
		if (keep)
			r = store_put_args(l, block->seq, block + 1, block->data_len);
		else
			l->cuts.args_dropped++;
		total = block->bulk_total > total ? block->bulk_total : total;
		bytes += block->data_len;
		blocks++;
		rvring_step(&b->ring, len);
	}
	if (r == 0)
		r = store_put_meta(l); /* the first thing known of a container may be a block of it */
	if (r < 0)
		store_abort(&n->store, l);
	else
		r = store_commit(&n->store, l);
	if (r < 0) {
		l->cuts.args_dropped = args_dropped;
		b->ring.position = place;
		return r;
	}
	set_done(l, total); /* first: killed in between, the quota must not stay used up */
	rvring_publish(&b->ring);
	b->blocks += blocks;
	b->bytes += bytes;
	return 0;
}

/* 1: it may be too early for this block, 0: it was dropped. */
static int wait_or_drop(struct bulk *b, const struct rv_bulk *block, uint32_t len)
{
	uint64_t now = util_now_ns();

	if (!b->waiting_since_ns)
		b->waiting_since_ns = now;
	if (now - b->waiting_since_ns < BULK_WAIT_MS * 1000000ull)
		return 1;
	b->dropped++;
	b->waiting_since_ns = 0;
	log_err(0,
		"the arguments of exec %" PRIu64 " of an unknown container (generation %" PRIu64
		", %" PRIu64 " bytes) were dropped",
		(uint64_t)block->seq, (uint64_t)block->generation, (uint64_t)block->data_len);
	rvring_step(&b->ring, len);
	rvring_publish(&b->ring);
	return 0;
}

/* 0: empty, else milliseconds until another try. */
static unsigned drain(struct node *n)
{
	struct bulk *b = &n->bulk;
	const struct rv_bulk *block;
	uint32_t len;

	while ((block = front(b, &len))) {
		struct life *l = owner(n, block->generation);
		int r;

		if (!l) {
			if (wait_or_drop(b, block, len))
				return BULK_LOOK_MS;
			continue;
		}
		b->waiting_since_ns = 0;
		r = store_run(n, l);
		if (r < 0) {
			(void)disk_refused(n, r);
			if (!b->failing)
				log_err(r, "write arguments of container %s: tried every second",
					l->meta.id);
			b->failing = true;
			return BULK_RETRY_MS;
		}
		b->failing = false;
	}
	rvring_publish(&b->ring); /* past what was discarded */
	return rvring_used(&b->ring) ? BULK_LOOK_MS : 0; /* a block at the front is being written */
}

void bulk_drain_all(struct node *n)
{
	struct bulk *b = &n->bulk;
	unsigned again;

	if (!b->mapped || b->failing)
		return;
	again = drain(n);
	loop_change(&n->loop, &b->watch, again ? 0 : EPOLLIN);
	loop_timer_set(&n->loop, &b->timer, again ? again : BULK_RETRY_MS);
}

static void ready(void *arg, uint32_t events)
{
	(void)events;
	bulk_drain_all(arg);
}

/* Also looks without being woken: the kernel side may spare the wake-up. */
static void expired(void *arg)
{
	struct node *n = arg;
	struct bulk *b = &n->bulk;

	b->failing = false;
	if (b->mapped && replaced(b))
		detach(n);
	if (!b->mapped && attach(n) < 0)
		detach(n);
	if (b->mapped)
		bulk_drain_all(n);
	else
		loop_timer_set(&n->loop, &b->timer, BULK_RETRY_MS);
}

void bulk_init(struct node *n)
{
	struct bulk *b = &n->bulk;

	b->map_fd = b->lock_fd = -1;
	b->watch.ready = ready;
	b->timer.expired = expired;
	b->watch.arg = b->timer.arg = n;
	expired(n);
}

void bulk_release(struct node *n)
{
	struct bulk *b = &n->bulk;

	if (b->mapped)
		bulk_drain_all(n);
	loop_timer_stop(&n->loop, &b->timer);
	detach(n);
	if (b->lock_fd >= 0)
		(void)unlink(BULK_LOCK); /* held: nobody else reads the ring */
	util_close_p(&b->lock_fd);
	b->lock_fd = -1;
}
