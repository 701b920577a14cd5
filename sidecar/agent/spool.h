/* SPDX-License-Identifier: Apache-2.0 */
/* The mapped file a record stands in from the moment it leaves the ring until the node has
 * committed it. Positions are bytes since the first record ever and only grow; on disk they wrap.
 * It survives the agent's death: everything a successor needs is in the file. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of records; then the rings fill up and the kernel counts. A file of an earlier version has fewer. */
#define SPOOL_DATA_MAX (64u << 20)
#define SPOOL_DATA_MIN (1u << 20)
#define SPOOL_GROW (256u << 10) /* bytes of disk taken at a time */
#define SPOOL_META_MAX (64u << 10)

struct spool {
	int fd;
	struct spool_head *head;
	uint8_t *data;
	size_t size; /* bytes of data */
	size_t allocated; /* bytes of data with disk behind them */
	uint64_t damaged; /* bytes that were cut off at opening, they were no records */
};

/* Opens or makes KEY.spool below dirfd, owned by uid and gid. A file of another layout is -EBADMSG.
 */
int spool_open(int dirfd, const char *key, uid_t uid, gid_t gid, struct spool *ret);
void spool_release(struct spool *s);

/* The container's meta JSON, kept with its records. */
int spool_set_meta(struct spool *s, const char *json, size_t len);
const char *spool_meta(const struct spool *s, size_t *ret_len);

/* Appends one record (its padding is added). -ENOBUFS: full; -ENOSPC: the disk is. */
int spool_append(struct spool *s, const void *record, size_t len);

/* Whole records from position on, at most len_max bytes: where they lie, how long, and the
 * position behind them. 0 bytes: none. A record bigger than len_max comes alone. */
size_t spool_read(const struct spool *s, uint64_t position, size_t len_max, const void **ret,
		  uint64_t *ret_next);

uint64_t spool_begin(const struct spool *s); /* oldest not acknowledged */
uint64_t spool_end(const struct spool *s);
/* No record is left in it and no meta: its agent died before it had said whose it is. */
bool spool_unused(const struct spool *s);

/* Everything before position is committed elsewhere. Out of range is ignored: -ERANGE. */
int spool_ack(struct spool *s, uint64_t position);
