/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a host, or of an image that lies in a directory: every path is looked up as if that
 * directory were the root, symbolic links included. Replaces files whole (temporary, fsync, rename)
 * and keeps their owner, mode and extended attributes. Errors are -errno. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define ROOTFS_FILE_MAX (1u << 20) /* a configuration file; more is refused, -EFBIG */
#define ROOTFS_NAMES_MAX 256	   /* of one directory */

struct rootfs {
	int fd;
};

struct rootfs_file {
	bool exists;
	char *text; /* NUL-terminated; "" when the file is absent */
	size_t len;
	struct stat st;
};

int rootfs_open(const char *root, struct rootfs *ret);
void rootfs_close(struct rootfs *t);
#define _rootfs_ __attribute__((cleanup(rootfs_close)))

void rootfs_file_release(struct rootfs_file *f);
#define _rootfs_file_ __attribute__((cleanup(rootfs_file_release)))

/* A file that is absent, or whose directory is, is no error. -ELOOP: a symbolic link; -EMLINK: it
 * has other names, which a replacement would separate from it; -EINVAL: no regular file. */
int rootfs_read(const struct rootfs *t, const char *path, struct rootfs_file *ret);
/* For who only looks: links are followed within the root, and other names do not matter. */
int rootfs_look(const struct rootfs *t, const char *path, struct rootfs_file *ret);

/* The directory, or the nearest one above that is there, can be written. */
bool rootfs_writable(const struct rootfs *t, const char *dir);
bool rootfs_exists(const struct rootfs *t, const char *path);
bool rootfs_is_program(const struct rootfs *t, const char *path);

/* Names in dir that end in suffix, sorted as strcmp does; none when dir is absent. */
struct rootfs_names {
	char *at[ROOTFS_NAMES_MAX];
	size_t n;
};
int rootfs_list(const struct rootfs *t, const char *dir, const char *suffix,
		struct rootfs_names *ret);
void rootfs_names_release(struct rootfs_names *n);
#define _rootfs_names_ __attribute__((cleanup(rootfs_names_release)))

int rootfs_mkdir(const struct rootfs *t, const char *dir, mode_t mode);
int rootfs_rmdir(const struct rootfs *t, const char *dir);

/* 0: it still holds what was; -EBUSY: it does not. */
int rootfs_check(const struct rootfs *t, const char *path, const struct rootfs_file *was);
/* Makes path hold text, if it still holds what was (-EBUSY: somebody changed it, or is about to).
 * like gives owner, mode and, with times, the time of the last change; NULL: root's, 0644. */
int rootfs_write(const struct rootfs *t, const char *path, const struct rootfs_file *was,
		 const char *text, size_t len, const struct stat *like, bool times);
/* The same for taking it away. */
int rootfs_remove(const struct rootfs *t, const char *path, const struct rootfs_file *was);
