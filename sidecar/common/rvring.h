/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's side of a kernel BPF ring buffer. One consumer at a time: the caller holds the
 * lock that says so. Positions live in the kernel's pages, so a successor goes on where we stopped.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct rvring {
	unsigned long *consumer; /* mapped page, ours to write */
	const unsigned long *producer;
	const uint8_t *data;	/* mapped twice in a row: a record never wraps */
	size_t size;		/* bytes of data, a power of two */
	unsigned long position; /* where the next peek looks; not yet published */
};

/* Maps the ring behind map_fd, size bytes as it was created. The fd may be closed afterwards. */
int rvring_init(struct rvring *r, int map_fd, size_t size);
void rvring_release(struct rvring *r);

/* Next committed record: 1 and its bytes, or 0 when there is none yet. Discarded ones are skipped.
 * The bytes stay valid until rvring_publish moves past them. */
int rvring_peek(struct rvring *r, const void **ret, uint32_t *ret_len);
/* Steps over the record of the last peek. */
void rvring_step(struct rvring *r, uint32_t len);
/* Gives everything stepped over back to the kernel. */
void rvring_publish(struct rvring *r);
/* Bytes the kernel has written and we have not given back. */
size_t rvring_used(const struct rvring *r);
