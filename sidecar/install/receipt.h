/* SPDX-License-Identifier: Apache-2.0 */
/* What `reeve install` changed, and what was there before: one JSON file on the same host. It is
 * written before the first change, so that whatever was interrupted can be undone. */
#pragma once
#include <limits.h>
#include "rootfs.h"

#define RECEIPT_PATH "/var/lib/reeve/install.json"
#define RECEIPT_FILES_MAX 32
#define RECEIPT_SHA256 65

struct receipt_file {
	char *path;
	struct rootfs_file before;
	char after[RECEIPT_SHA256]; /* hexadecimal, of what we wrote */
	char *inserted;		    /* what is in it beyond before; NULL: not one piece */
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
/* path held before and is made to hold after; what an earlier entry said of it is forgotten. */
int receipt_add(struct receipt *r, const char *path, const struct rootfs_file *before,
		const char *after, size_t after_len);
int receipt_add_dir(struct receipt *r, const char *dir);
void receipt_sha256(const char *text, size_t len, char ret[static RECEIPT_SHA256]);
