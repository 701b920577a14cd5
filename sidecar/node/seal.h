/* SPDX-License-Identifier: Apache-2.0 */
/* What of a chain is kept outside its database: how far it goes, and the seed of the key that makes
 * its next link. Root's alone, one small file for each life. It is overwritten in place, so that
 * the seed of a link that is made is gone; without waiting for the disk, but once in SEAL_SYNC_NS:
 * one that has fallen behind its chain catches up (chain.h). */
#pragma once
#include <stdint.h>
#include "sidecar/node/crypt.h"

#define SEAL_SYNC_NS 60000000000ull

struct seal {
	uint64_t links;		  /* made so far */
	uint64_t records;	  /* in them */
	uint64_t high;		  /* the largest number of a record in them */
	uint8_t head[CRYPT_HASH]; /* of the last one, 0 of none */
	uint8_t seed[CRYPT_SEED]; /* of the next one's key */
};

/* *ret_fd is for seal_put. -ENOENT; -EUCLEAN: it is none of ours, or damaged. */
int seal_open(const char *path, struct seal *ret, int *ret_fd);
int seal_read(const char *path, struct seal *ret); /* the same, where nothing can be written */
/* In place of whatever is there; on disk when it returns. */
int seal_make(const char *path, const struct seal *s, int *ret_fd);
int seal_put(int fd, const struct seal *s, bool sync);
