/* SPDX-License-Identifier: Apache-2.0 */
/* One writer. Order of stores is what makes a kill at any point harmless: bytes, then end; a
 * record is seen whole or not at all. A record never wraps: a zero length says "on at the start".
 */
#include "sidecar/agent/spool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bpf/abi.h"
#include "sidecar/common/util.h"

#define SPOOL_MAGIC 0x314c4f4f50535652ull /* "RVSPOOL1" */
#define HEAD_SIZE (4096 + SPOOL_META_MAX)

struct spool_head {
	uint64_t magic;
	uint64_t data_max;
	uint64_t base; /* position that stands at offset 0; moves only while empty */
	uint64_t begin;
	uint64_t end;
	uint64_t meta_len;
	uint8_t reserved[4096 - 48];
	char meta[SPOOL_META_MAX];
};
_Static_assert(sizeof(struct spool_head) == HEAD_SIZE, "layout on disk");

static size_t offset_of(const struct spool *s, uint64_t position)
{
	return (size_t)((position - s->head->base) % s->size);
}

static int check_head(const struct spool_head *h, size_t size)
{
	return h->data_max == size && h->base <= h->begin && h->begin <= h->end &&
	       h->end - h->begin <= size && h->meta_len <= SPOOL_META_MAX;
}

/* A power cut can leave the head without the data it speaks of: everything from the first record
 * that cannot be one is cut off. Returns the bytes lost. */
static uint64_t cut_damage(struct spool *s)
{
	struct spool_head *h = s->head;
	uint64_t end = h->end, position = h->begin;
	const void *bytes;
	uint64_t next;

	while (position < end && spool_read(s, position, 1, &bytes, &next) > 0)
		position = next;
	h->end = position < end ? position : end;
	return end - h->end;
}

/* A file is as big as the version that made it had it. */
static int size_of(int fd, size_t *ret)
{
	struct {
		uint64_t magic, data_max;
	} head = {};
	ssize_t n = pread(fd, &head, sizeof(head), 0);

	if (n < 0)
		return -errno;
	if (n < (ssize_t)sizeof(head) || head.magic == 0)
		head.data_max = SPOOL_DATA_MAX;
	else if (head.magic != SPOOL_MAGIC || head.data_max < SPOOL_DATA_MIN ||
		 head.data_max > SPOOL_DATA_MAX || head.data_max % 4096 != 0)
		return -EBADMSG;
	*ret = (size_t)head.data_max;
	return 0;
}

static int map_file(int fd, struct spool *ret)
{
	uint8_t *map;
	size_t size = 0;
	int r = size_of(fd, &size);

	if (r)
		return r;

	/* Disk behind a page is taken before the page is touched: a full disk is an error here and
	 * not a SIGBUS later. */
	if (posix_fallocate(fd, 0, HEAD_SIZE + SPOOL_GROW) != 0)
		return -ENOSPC;
	if (ftruncate(fd, HEAD_SIZE + (off_t)size) < 0)
		return -errno;
	map = mmap(NULL, HEAD_SIZE + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ret->head = (struct spool_head *)(void *)map;
	ret->data = map + HEAD_SIZE;
	ret->size = size;
	ret->allocated = SPOOL_GROW;
	if (ret->head->magic == 0) {
		ret->head->data_max = size;
		__atomic_store_n(&ret->head->magic, SPOOL_MAGIC, __ATOMIC_RELEASE);
	} else if (!check_head(ret->head, size)) {
		munmap(map, HEAD_SIZE + size);
		ret->head = NULL;
		return -EBADMSG;
	}
	ret->damaged = cut_damage(ret);
	return 0;
}

int spool_open(int dirfd, const char *key, uid_t uid, gid_t gid, struct spool *ret)
{
	_close_ int fd = -1;
	struct stat st;
	char name[64];
	int r;

	snprintf(name, sizeof(name), "%s.spool", key);
	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return -EBADMSG;
	if (fchown(fd, uid, gid) < 0)
		return -errno;
	r = map_file(fd, ret);
	if (r && st.st_size == 0)
		unlinkat(dirfd, name, 0); /* ours, and of no use to a successor */
	if (!r)
		ret->fd = TAKE_FD(fd);
	return r;
}

void spool_release(struct spool *s)
{
	if (s->head)
		munmap(s->head, HEAD_SIZE + s->size);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct spool){.fd = -1};
}

int spool_set_meta(struct spool *s, const char *json, size_t len)
{
	if (len > SPOOL_META_MAX)
		return -EMSGSIZE;
	memcpy(s->head->meta, json, len);
	s->head->meta_len = len;
	return 0;
}

const char *spool_meta(const struct spool *s, size_t *ret_len)
{
	uint64_t len = s->head->meta_len;

	*ret_len = len <= SPOOL_META_MAX ? (size_t)len : 0;
	return s->head->meta;
}

static int grow(struct spool *s, size_t upto)
{
	while (s->allocated < upto) {
		if (fallocate(s->fd, 0, HEAD_SIZE + (off_t)s->allocated, SPOOL_GROW) < 0)
			return -errno;
		s->allocated += SPOOL_GROW;
	}
	return 0;
}

int spool_append(struct spool *s, const void *record, size_t len)
{
	struct spool_head *h = s->head;
	size_t padded = (len + 7) & ~(size_t)7, at, skip = 0;
	int r;

	if (h->begin == h->end && h->base != h->end)
		h->begin = h->base = h->end;
	at = offset_of(s, h->end);
	if (at + padded > s->size)
		skip = s->size - at;
	if (h->end - h->begin + skip + padded > s->size)
		return -ENOBUFS;
	if (skip) {
		memset(s->data + at, 0, skip < 8 ? skip : 8);
		at = 0;
	}
	r = grow(s, at + padded);
	if (r)
		return r;
	memcpy(s->data + at, record, len);
	memset(s->data + at + len, 0, padded - len);
	__atomic_store_n(&h->end, h->end + skip + padded, __ATOMIC_RELEASE);
	return 0;
}

size_t spool_read(const struct spool *s, uint64_t position, size_t len_max, const void **ret,
		  uint64_t *ret_next)
{
	uint64_t end = s->head->end;
	size_t at, n = 0;

	if (position >= end)
		return 0;
	at = offset_of(s, position);
	*ret = s->data + at;
	while (position + n < end) {
		uint32_t len = 0;
		size_t padded;

		memcpy(&len, s->data + at + n, sizeof(len));
		if (len == 0) { /* the rest of this lap is empty */
			if (n || at == 0)
				break;
			position += s->size - at;
			at = 0;
			*ret = s->data;
			continue;
		}
		padded = ((size_t)len + 7) & ~(size_t)7;
		if (len < sizeof(struct rv_head) || padded > s->size - at - n ||
		    padded > end - position - n)
			break; /* damaged */
		if (n && n + padded > len_max)
			break;
		n += padded;
		if (at + n == s->size)
			break;
	}
	*ret_next = position + n;
	return n;
}

uint64_t spool_begin(const struct spool *s)
{
	return s->head->begin;
}

uint64_t spool_end(const struct spool *s)
{
	return s->head->end;
}

bool spool_unused(const struct spool *s)
{
	size_t meta_len;

	spool_meta(s, &meta_len);
	return meta_len == 0 && spool_begin(s) == spool_end(s);
}

int spool_ack(struct spool *s, uint64_t position)
{
	struct spool_head *h = s->head;

	if (position < h->begin || position > h->end)
		return -ERANGE;
	h->begin = position;
	/* Empty: what grew under load is given back. */
	if (h->begin == h->end && s->allocated > SPOOL_GROW &&
	    fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HEAD_SIZE + SPOOL_GROW,
		      (off_t)(s->allocated - SPOOL_GROW)) == 0)
		s->allocated = SPOOL_GROW;
	return 0;
}
