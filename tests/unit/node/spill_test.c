/* SPDX-License-Identifier: Apache-2.0 */
/* What was put into the spill comes out, in order and once; what is no frame of ours does not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/spill.h"
#include "tests/unit/node/scene.h"
#include "tests/unit/tap.h"

#define BYTES (256u << 10)

/* What came out. */
struct seen {
	unsigned commits, records, dropped;
	uint64_t last, repeats, generation;
	char file[LIFE_FILE_MAX];
	int error; /* of the second commit */
};

static int see(void *arg, const char *file, uint64_t generation, struct intake *in)
{
	struct seen *s = arg;

	if (s->error && s->commits == 1)
		return s->error;
	s->commits++;
	snprintf(s->file, sizeof(s->file), "%s", file);
	s->generation = generation;
	for (size_t at = 0, n; at < in->len; at += n) {
		struct event e;

		n = (size_t)event_decode(in->data + at, in->len - at, &e);
		s->records++;
		s->last = e.head.seq;
	}
	s->dropped += (unsigned)in->dropped_n;
	for (size_t i = 0; i < in->dropped_n; i++)
		s->repeats += in->dropped[i].repeats;
	return 0;
}

static void add(struct scene *s, struct intake *in, uint64_t from, uint64_t to)
{
	uint8_t data[4096];
	bool bulk;

	for (uint64_t seq = from; seq <= to; seq++)
		CHECK_INT(intake_add(in, data, scene_put(s, data, seq, scene_kind(seq)), &bulk), 0);
}

struct place {
	struct scene scene;
	struct spill spill;
	char *path;
};

static void begin(struct place *p)
{
	scene_begin(&p->scene);
	p->path = dir_path(&p->scene.dir, "reserve");
	spill_init(&p->spill);
	CHECK_INT(spill_open(&p->spill, p->path, BYTES), 0);
}

static void end(struct place *p)
{
	spill_release(&p->spill);
	scene_end(&p->scene);
	free(p->path);
}
#define _place_ __attribute__((cleanup(end)))

static void put(struct place *p, uint64_t from, uint64_t to)
{
	struct intake in = {};

	add(&p->scene, &in, from, to);
	CHECK_INT(spill_put(&p->spill, p->scene.life, &in, CLASS_EVIDENCE), 0);
	CHECK_INT((long long)in.len, 0);
	intake_release(&in);
}

static void reopen(struct place *p)
{
	spill_release(&p->spill);
	CHECK_INT(spill_open(&p->spill, p->path, 0), 0);
}

TEST("spill: evidence whole, of the rest the numbers; after a kill, and once")
{
	_place_ struct place p;
	struct seen s = {};

	begin(&p);
	CHECK(!spill_any(&p.spill));
	put(&p, 0, 199);
	put(&p, 200, 299);
	reopen(&p);
	CHECK(spill_any(&p.spill));
	CHECK_INT(spill_take(&p.spill, see, &s), 0);
	CHECK_INT(s.commits, 1); /* frames of one life in a row are one transaction */
	CHECK_INT(s.records, 4); /* record 0, and 1, 101, 201 */
	CHECK_INT(s.dropped, 296);
	CHECK_INT((long long)s.repeats, 7 + 57 + 107 + 157 + 207 + 257);
	CHECK_INT((long long)s.last, 201);
	CHECK_INT((long long)s.generation, GENERATION);
	CHECK_STR(s.file, p.scene.life->file);
	CHECK(!spill_any(&p.spill));
	reopen(&p);
	CHECK(!spill_any(&p.spill));
	/* What stood there before is not found behind what is new. */
	put(&p, 300, 399);
	reopen(&p);
	s = (struct seen){};
	CHECK_INT(spill_take(&p.spill, see, &s), 0);
	CHECK_INT(s.dropped, 99);
}

TEST("spill: an error leaves that life's frames and what is behind them")
{
	_place_ struct place p;
	struct seen s = {.error = -ENOSPC};

	begin(&p);
	put(&p, 0, 99);
	snprintf(p.scene.life->file, sizeof(p.scene.life->file), "second");
	put(&p, 100, 199);
	put(&p, 200, 299);
	snprintf(p.scene.life->file, sizeof(p.scene.life->file), "third");
	put(&p, 300, 399);
	CHECK_INT(spill_take(&p.spill, see, &s), -ENOSPC);
	CHECK_INT(s.commits, 1);
	CHECK(strcmp(s.file, "second") != 0);
	CHECK(spill_any(&p.spill));
	s = (struct seen){};
	CHECK_INT(spill_take(&p.spill, see, &s), 0);
	CHECK_INT(s.commits, 2);
	CHECK_INT(s.dropped, 99 * 3);
	CHECK_INT((long long)s.last, 301);
	CHECK_STR(s.file, "third");
}

TEST("spill: no room, and nothing is moved")
{
	_place_ struct place p;
	struct intake in = {};
	struct seen s = {};
	unsigned frames = 0;
	size_t len;
	int r;

	begin(&p);
	add(&p.scene, &in, 0, 999);
	len = in.len;
	while ((r = spill_put(&p.spill, p.scene.life, &in, CLASS_EVIDENCE)) == 0) {
		frames++;
		add(&p.scene, &in, 0, 999);
	}
	CHECK_INT(r, -ENOSPC);
	CHECK_INT((long long)in.len, (long long)len);
	CHECK_INT((long long)in.dropped_n, 0);
	CHECK_INT(spill_take(&p.spill, see, &s), 0);
	CHECK_INT(s.records + s.dropped, frames * 1000);
	CHECK(frames > 5);
	CHECK(s.commits < frames);
	intake_release(&in);
	spill_release(&p.spill);
	CHECK_INT(spill_put(&p.spill, p.scene.life, &in, CLASS_EVIDENCE), -ENOSPC);
}

TEST("spill: a byte that is another ends it there; a file that is none of ours begins anew")
{
	_place_ struct place p;
	struct seen s = {};
	uint64_t first;
	int fd;

	begin(&p);
	put(&p, 0, 99);
	first = p.spill.end;
	put(&p, 100, 199);
	put(&p, 200, 299);
	fd = open(p.path, O_WRONLY | O_CLOEXEC);
	CHECK_INT(pwrite(fd, "x", 1, (off_t)first + 200), 1);
	reopen(&p);
	CHECK_INT(spill_take(&p.spill, see, &s), 0);
	CHECK_INT(s.dropped, 98); /* one more is record 0 */
	put(&p, 0, 99);
	CHECK_INT(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	reopen(&p);
	CHECK(!spill_any(&p.spill));
	spill_release(&p.spill);
	CHECK_INT(unlink(p.path), 0);
	CHECK_INT(spill_open(&p.spill, p.path, 0), -EINVAL);
	CHECK_INT(access(p.path, F_OK), -1);
}

/* Lengths of every kind, in each place of a frame's head: none leads out of the file. */
TEST("spill: a frame's head may say anything")
{
	_place_ struct place p;
	uint8_t head[64];
	int fd;

	begin(&p);
	put(&p, 0, 99);
	fd = open(p.path, O_RDWR | O_CLOEXEC);
	CHECK_INT(pread(fd, head, sizeof(head), 4096), sizeof(head));
	for (unsigned at = 0; at < sizeof(head) - 4; at += 4) {
		static const uint32_t values[] = {0, 1, 7, 0x7fffffff, 0x80000000, 0xffffffff};

		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			CHECK_INT(pwrite(fd, head, sizeof(head), 4096), sizeof(head));
			CHECK_INT(pwrite(fd, &values[i], 4, 4096 + at), 4);
			reopen(&p);
			if (spill_any(&p.spill)) /* then it is as it was */
				CHECK(memcmp(&values[i], head + at, 4) == 0);
		}
	}
	close(fd);
}
