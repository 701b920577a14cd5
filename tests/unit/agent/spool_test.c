// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bpf/abi.h"
#include "sidecar/agent/spool.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

#define KEY "0123456789abcdef"
#define HEAD (4096 + SPOOL_META_MAX)

static int open_dir(void)
{
	char path[] = "/tmp/reeve-spool-XXXXXX";

	return mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY) : -1;
}

static int open_spool(int dir, struct spool *s)
{
	*s = (struct spool){.fd = -1};
	return spool_open(dir, KEY, getuid(), getgid(), s);
}

/* A record of len bytes whose sequence number says which. */
static int append(struct spool *s, uint64_t seq, uint32_t len)
{
	_free_ struct rv_head *h = calloc(1, len);

	h->len = len;
	h->seq = seq;
	return spool_append(s, h, len);
}

/* Reads on from position; checks that the numbers follow each other; returns how many. */
static unsigned count(const struct spool *s, uint64_t position, uint64_t seq)
{
	const void *bytes;
	uint64_t next;
	size_t n;
	unsigned found = 0;

	while ((n = spool_read(s, position, 65536, &bytes, &next)) > 0) {
		for (size_t at = 0; at < n; found++) {
			struct rv_head h;

			memcpy(&h, (const uint8_t *)bytes + at, sizeof(h));
			if (h.seq != seq + found)
				return 0;
			at += (h.len + 7u) & ~7u;
		}
		position = next;
	}
	return position == spool_end(s) ? found : 0;
}

TEST("spool: what is appended is there for a successor, byte for byte, in order")
{
	_close_ int dir = open_dir();
	struct spool s, t;
	size_t len;

	REQUIRE(open_spool(dir, &s) == 0);
	CHECK(spool_unused(&s));
	REQUIRE(spool_set_meta(&s, "{}", 2) == 0);
	CHECK(!spool_unused(&s));
	for (unsigned i = 0; i < 1000; i++)
		REQUIRE(append(&s, i, 208 + i) == 0);
	/* no close: the process is gone, the mapping is not */
	REQUIRE(open_spool(dir, &t) == 0);
	CHECK_INT(count(&t, spool_begin(&t), 0), 1000);
	CHECK(memcmp(spool_meta(&t, &len), "{}", 2) == 0);
	CHECK_INT(len, 2);
	spool_release(&s);
	spool_release(&t);
}

TEST("spool: laps, acknowledgements, and full is an error and no loss")
{
	_close_ int dir = open_dir();
	uint64_t first = 0, next = 0;
	struct spool s;

	REQUIRE(open_spool(dir, &s) == 0);
	for (unsigned lap = 0; lap < 5; lap++) {
		while (append(&s, next, 4000 + (uint32_t)next % 3000) == 0)
			next++;
		CHECK_INT(append(&s, next, 70000), -ENOBUFS);
		CHECK_INT(count(&s, spool_begin(&s), first), (long)(next - first));
		/* half of it is acknowledged */
		for (uint64_t until = first + (next - first) / 2; first < until;) {
			const void *bytes;
			uint64_t position = 0;
			struct rv_head h;

			REQUIRE(spool_read(&s, spool_begin(&s), 1, &bytes, &position) > 0);
			memcpy(&h, bytes, sizeof(h));
			CHECK(h.seq == first);
			REQUIRE(spool_ack(&s, position) == 0);
			first++;
		}
	}
	CHECK_INT(spool_ack(&s, spool_end(&s) + 8), -ERANGE);
	REQUIRE(spool_ack(&s, spool_end(&s)) == 0);
	CHECK_INT(count(&s, spool_begin(&s), 0), 0);
	spool_release(&s);
}

/* damage FROM LEN BYTE in the data, then reopen. */
static uint64_t reopen_damaged(off_t from, size_t len, int byte, unsigned *ret_left)
{
	_close_ int dir = open_dir();
	_close_ int fd = -1;
	_free_ uint8_t *junk = malloc(len);
	struct spool s;
	uint64_t damaged;

	if (open_spool(dir, &s))
		return 1;
	for (unsigned i = 0; i < 10; i++)
		append(&s, i, 208);
	spool_release(&s);
	memset(junk, byte, len);
	fd = openat(dir, KEY ".spool", O_RDWR);
	if (pwrite(fd, junk, len, HEAD + from) != (ssize_t)len || open_spool(dir, &s))
		return 1;
	damaged = s.damaged;
	*ret_left = count(&s, spool_begin(&s), 0);
	spool_release(&s);
	return damaged;
}

TEST("spool: a head that reached the disk without its data is cut where the data ends")
{
	unsigned left = 0;

	CHECK_INT(reopen_damaged(5 * 208, 5 * 208, 0, &left), 5 * 208);
	CHECK_INT(left, 5);
	CHECK_INT(reopen_damaged(5 * 208, 4, 0x7f, &left), 5 * 208);
	CHECK_INT(left, 5);
	CHECK_INT(reopen_damaged(0, 10 * 208, 0, &left), 10 * 208);
	CHECK_INT(left, 0);
	CHECK_INT(reopen_damaged(0, 10 * 208, 0xff, &left), 10 * 208);
	CHECK_INT(left, 0);
}

TEST("spool: one that an earlier version made is as big as that had it; of no size that one can have it is refused")
{
	struct {
		uint64_t magic, size;
	} head = {0x314c4f4f50535652ull, 16u << 20};
	_close_ int dir = open_dir();
	_close_ int fd = openat(dir, KEY ".spool", O_RDWR | O_CREAT, 0600);
	struct spool s;
	uint64_t n = 0;
	off_t end;

	REQUIRE(pwrite(fd, &head, sizeof(head), 0) == sizeof(head));
	REQUIRE(open_spool(dir, &s) == 0);
	while (append(&s, n, 60000) == 0)
		n++;
	CHECK_INT(n, (16 << 20) / 60000);
	REQUIRE(spool_ack(&s, spool_begin(&s) + 600000) == 0);
	CHECK_INT(append(&s, n, 60000), 0);
	CHECK_INT(count(&s, spool_begin(&s), 10), (long)n - 9);
	spool_release(&s);
	end = lseek(fd, 0, SEEK_END);
	CHECK_INT(end, HEAD + (16 << 20));
	for (unsigned i = 0; i < 4; i++) {
		static const uint64_t wrong[] = {0, 4096, (16 << 20) + 8, 1ull << 40};

		head.size = wrong[i];
		REQUIRE(pwrite(fd, &head, sizeof(head), 0) == sizeof(head));
		CHECK_INT(open_spool(dir, &s), -EBADMSG);
	}
}
