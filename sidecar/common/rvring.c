/* SPDX-License-Identifier: Apache-2.0 */
/* Layout (kernel/bpf/ringbuf.c): page 0 consumer position, page 1 producer position, then the data
 * pages twice. A record: u32 length with busy and discard bits, u32 page offset, bytes, padded
 * to 8. */
#include "sidecar/common/rvring.h"
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 8
#define FLAGS (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)

static unsigned long span(uint32_t len)
{
	return ((unsigned long)len + HEADER + 7) & ~7ul;
}

int rvring_init(struct rvring *r, int map_fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer, *producer;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, map_fd, (off_t)page);
	if (producer == MAP_FAILED) {
		int e = errno;

		munmap(consumer, page);
		return -e;
	}
	r->consumer = consumer;
	r->producer = producer;
	r->data = (const uint8_t *)producer + page;
	r->size = size;
	r->position = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

void rvring_release(struct rvring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!r->consumer)
		return;
	munmap(r->consumer, page);
	munmap((void *)(uintptr_t)r->producer, page + 2 * r->size);
	memset(r, 0, sizeof(*r));
}

int rvring_peek(struct rvring *r, const void **ret, uint32_t *ret_len)
{
	while (r->position < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		const uint8_t *at = r->data + (r->position & (r->size - 1));
		uint32_t len =
		    __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);

		if (len & BPF_RINGBUF_BUSY_BIT)
			return 0;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			*ret = at + HEADER;
			*ret_len = len;
			return 1;
		}
		r->position += span(len & ~FLAGS);
	}
	return 0;
}

void rvring_step(struct rvring *r, uint32_t len)
{
	r->position += span(len);
}

void rvring_publish(struct rvring *r)
{
	__atomic_store_n(r->consumer, r->position, __ATOMIC_RELEASE);
}

size_t rvring_used(const struct rvring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) - r->position;
}
