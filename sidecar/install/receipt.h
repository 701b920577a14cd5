/* SPDX-License-Identifier: Apache-2.0 */
/* What `reeve install` changed, and what was there before: one JSON file on the same host. It is
 * written before the first change, so that whatever was interrupted can be undone. */
#pragma once
#include <limits.h>
#include "rootfs.h"

#define RECEIPT_PATH "/var/lib/reeve/install.json"
#define RECEIPT_FILES_MAX 32
#define RECEIPT_SHA256 65

/* What we made of a file. */
struct receipt_after {
	char sum[RECEIPT_SHA256]; /* hexadecimal; "": nothing */
	char *inserted;		  /* what is in it beyond before; NULL: not one piece */
};

struct receipt_file {
	char *path;
	struct rootfs_file before;   /* of its st the time alone */
	struct receipt_after after;  /* what it was to hold last */
	struct receipt_after former; /* and before that, should the last never have come to pass */
};

struct receipt {
	struct receipt_file files[RECEIPT_FILES_MAX];
	size_t files_n;
	char *dirs[RECEIPT_FILES_MAX]; /* that were made, in that order */
	size_t dirs_n;
	struct rootfs_file
	    was; /* the file as it was read: it is replaced only if it is still that */
};

/* None: an empty one. On failure a reason is in error. */
int receipt_read(const struct rootfs *t, struct receipt *ret, char *error, size_t error_size);
/* -EBUSY: another install or uninstall was quicker. Root alone may read it: a file's old content is
 * in it. */
int receipt_write(const struct rootfs *t, struct receipt *r);
void receipt_release(struct receipt *r);
#define _receipt_ __attribute__((cleanup(receipt_release)))

struct receipt_file *receipt_find(struct receipt *r, const char *path);
/* What we left in the file, if now is that; else NULL. */
const struct receipt_after *receipt_left(const struct receipt_file *f,
					 const struct rootfs_file *now);
/* path held before, holds now and is made to hold after; of what an earlier entry said, that stays
 * which now is. */
int receipt_add(struct receipt *r, const char *path, const struct rootfs_file *before,
		const struct rootfs_file *now, const char *after, size_t after_len);
int receipt_add_dir(struct receipt *r, const char *dir);
void receipt_sha256(const char *text, size_t len, char ret[static RECEIPT_SHA256]);
