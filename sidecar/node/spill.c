/* SPDX-License-Identifier: Apache-2.0 */
/* See spill.h. A head with an epoch, then frames of that epoch; what is behind the last of them is
 * of earlier ones. Emptying it is a new epoch. */
#include "sidecar/node/spill.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/crypt.h"

#define HEAD_MAGIC 0x314c495053565652ull /* "RVVSPIL1" */
#define HEAD_SIZE 4096

struct head {
	uint64_t magic, epoch;
};

/* records_len bytes of records follow, then the dropped ones. */
struct frame {
	uint8_t digest[CRYPT_DIGEST]; /* of all that follows it */
	uint64_t epoch, generation;
	uint32_t len; /* all of it */
	uint32_t records_len, dropped_n;
	char file[(LIFE_FILE_MAX + 7) / 8 * 8 + 4];
};
_Static_assert(sizeof(struct frame) % 8 == 0, "records are aligned");

void spill_init(struct spill *p)
{
	*p = (struct spill){.fd = -1};
}

void spill_release(struct spill *p)
{
	util_close_p(&p->fd);
	spill_init(p);
}

static int put_head(struct spill *p)
{
	struct head h = {HEAD_MAGIC, p->epoch};

	if (pwrite(p->fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || fdatasync(p->fd) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

static void digest_of(const struct frame *f, uint8_t ret[static CRYPT_DIGEST])
{
	const struct crypt_part part = {(const uint8_t *)f + CRYPT_DIGEST, f->len - CRYPT_DIGEST};

	crypt_hash(&part, 1, ret, CRYPT_DIGEST);
}

/* The frame at that place; 1, or 0: there is none. */
static int read_frame(const struct spill *p, uint64_t at, struct frame **ret)
{
	_free_ struct frame *f = NULL;
	uint8_t digest[CRYPT_DIGEST];
	struct frame head;

	if (at + sizeof(head) > p->size ||
	    pread(p->fd, &head, sizeof(head), (off_t)at) != (ssize_t)sizeof(head) ||
	    head.epoch != p->epoch || head.len > p->size - at || head.len < sizeof(head) ||
	    head.len - sizeof(head) !=
		head.records_len + (uint64_t)head.dropped_n * sizeof(struct dropped))
		return 0;
	f = malloc(head.len);
	if (!f)
		return -ENOMEM;
	if (pread(p->fd, f, head.len, (off_t)at) != (ssize_t)head.len ||
	    memcmp(f, &head, sizeof(head)) != 0 || f->file[sizeof(f->file) - 1])
		return 0;
	digest_of(f, digest);
	if (memcmp(digest, f->digest, sizeof(digest)) != 0)
		return 0;
	*ret = TAKE_PTR(f);
	return 1;
}

/* Finds what is in it. */
static int scan(struct spill *p)
{
	struct head h = {};
	int r;

	p->begin = p->end = HEAD_SIZE;
	if (pread(p->fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || h.magic != HEAD_MAGIC) {
		p->epoch = util_wall_ns(); /* of no frame there may be */
		return put_head(p);
	}
	p->epoch = h.epoch;
	do {
		struct frame *f = NULL;

		r = read_frame(p, p->end, &f);
		p->end += f ? f->len : 0;
		free(f);
	} while (r == 1);
	return r;
}

int spill_open(struct spill *p, const char *path, uint64_t bytes)
{
	_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_size < SPILL_SIZE_MIN &&
	    (bytes < SPILL_SIZE_MIN || fallocate(fd, 0, 0, (off_t)bytes) < 0)) {
		r = bytes < SPILL_SIZE_MIN ? -EINVAL : -errno;
		(void)unlink(path);
		return r;
	}
	p->fd = TAKE_FD(fd);
	p->size = st.st_size < SPILL_SIZE_MIN ? bytes : (uint64_t)st.st_size;
	r = scan(p);
	if (r < 0)
		spill_release(p);
	return r;
}

static int put_frame(struct spill *p, struct frame *f)
{
	digest_of(f, f->digest);
	if (pwrite(p->fd, f, f->len, (off_t)p->end) != (ssize_t)f->len || fdatasync(p->fd) < 0)
		return errno ? -errno : -EIO;
	p->end += f->len;
	return 0;
}

static int frame_of(const struct spill *p, const struct life *l, const struct intake *in,
		    struct frame **ret)
{
	size_t len = sizeof(struct frame) + in->len + in->dropped_n * sizeof(struct dropped);
	struct frame *f;

	if (len > p->size - p->end)
		return -ENOSPC;
	f = calloc(1, len);
	if (!f)
		return -ENOMEM;
	f->epoch = p->epoch;
	f->generation = l->meta.generation;
	f->len = (uint32_t)len;
	f->records_len = (uint32_t)in->len;
	f->dropped_n = (uint32_t)in->dropped_n;
	snprintf(f->file, sizeof(f->file), "%s", l->file);
	if (in->len > 0)
		memcpy(f + 1, in->data, in->len);
	if (in->dropped_n > 0)
		memcpy((uint8_t *)(f + 1) + in->len, in->dropped,
		       in->dropped_n * sizeof(struct dropped));
	*ret = f;
	return 0;
}

int spill_put(struct spill *p, const struct life *l, struct intake *in,
	      enum record_class from_class)
{
	_free_ struct frame *f = NULL;
	struct intake part = {};
	int r = p->fd < 0 ? -ENOSPC : 0;

	if (r == 0)
		r = intake_split(in, l->meta.generation, from_class, &part);
	if (r == 0)
		r = frame_of(p, l, &part, &f);
	if (r == 0)
		r = put_frame(p, f);
	if (r == 0)
		in->len = in->dropped_n = in->stored.n = 0;
	intake_release(&part);
	return r;
}

static int add_frame(struct intake *in, const struct frame *f)
{
	bool bulk;
	int r = intake_add(in, (const uint8_t *)(f + 1), f->records_len, &bulk);

	for (uint32_t i = 0; i < f->dropped_n && r == 0; i++) {
		struct dropped d;

		memcpy(&d, (const uint8_t *)(f + 1) + f->records_len + i * sizeof(d), sizeof(d));
		r = intake_drop(in, &d);
	}
	return r == -EBADMSG ? 0 : r; /* not ours: its digest can be made by anybody */
}

/* One transaction's worth from p->begin on: frames of one life that stand in a row. *ret: where it ends, p->begin
 * where no frame is. */
static int take_some(struct spill *p,
		     int (*commit)(void *arg, const char *file, uint64_t generation,
				   struct intake *in),
		     void *arg, uint64_t *ret)
{
	_free_ struct frame *first = NULL;
	struct intake in = {};
	uint64_t at = p->begin;
	int r = 1;

	while (r == 1 && at < p->end && at - p->begin < INTAKE_COMMIT_BYTES) {
		_free_ struct frame *f = NULL;

		r = read_frame(p, at, &f);
		if (r != 1 || (first && (strcmp(f->file, first->file) != 0 ||
					 f->generation != first->generation)))
			break;
		at += f->len;
		r = add_frame(&in, f) < 0 ? -ENOMEM : 1;
		if (!first)
			first = TAKE_PTR(f);
	}
	if (r >= 0 && first)
		r = commit(arg, first->file, first->generation, &in);
	intake_release(&in);
	if (r >= 0)
		*ret = at;
	return r < 0 ? r : 0;
}

int spill_take(struct spill *p,
	       int (*commit)(void *arg, const char *file, uint64_t generation, struct intake *in),
	       void *arg)
{
	while (spill_any(p)) {
		uint64_t end;
		int r = take_some(p, commit, arg, &end);

		if (r < 0)
			return r;
		if (end == p->begin)
			break; /* the disk gave back another one: nothing behind it can be found */
		p->begin = end;
	}
	p->begin = p->end = HEAD_SIZE;
	p->epoch++;
	return put_head(p);
}
