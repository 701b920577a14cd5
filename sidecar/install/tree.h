/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a host, or of an image that lies in a directory: every path is looked up as if that
 * directory were the root, symbolic links included. Replaces files whole (temporary, fsync, rename)
 * and keeps their owner, mode and extended attributes. Errors are -errno. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define TREE_FILE_MAX (1u << 20) /* a configuration file; more is refused, -EFBIG */
#define TREE_NAMES_MAX 256	 /* of one directory */

struct tree {
	int fd;
};

struct tree_file {
	bool exists;
	char *text; /* NUL-terminated; "" when the file is absent */
	size_t len;
	struct stat st;
};

int tree_open(const char *root, struct tree *ret);
void tree_close(struct tree *t);
#define _tree_ __attribute__((cleanup(tree_close)))

void tree_file_release(struct tree_file *f);
#define _tree_file_ __attribute__((cleanup(tree_file_release)))

/* A file that is absent, or whose directory is, is no error. -ELOOP: a symbolic link; -EMLINK: it
 * has other names, which a replacement would separate from it; -EINVAL: no regular file. */
int tree_read(const struct tree *t, const char *path, struct tree_file *ret);

/* The directory, or the nearest one above that is there, can be written. */
bool tree_writable(const struct tree *t, const char *dir);
bool tree_exists(const struct tree *t, const char *path);
bool tree_is_program(const struct tree *t, const char *path);

/* Names in dir that end in suffix, sorted as strcmp does; none when dir is absent. */
struct tree_names {
	char *at[TREE_NAMES_MAX];
	size_t n;
};
int tree_list(const struct tree *t, const char *dir, const char *suffix, struct tree_names *ret);
void tree_names_release(struct tree_names *n);
#define _tree_names_ __attribute__((cleanup(tree_names_release)))

int tree_mkdir(const struct tree *t, const char *dir, mode_t mode);
int tree_rmdir(const struct tree *t, const char *dir);

/* Makes path hold text, if it still holds what was (-EBUSY: somebody changed it meanwhile). like
 * gives owner, mode and, with times, the time of the last change; NULL: root's, 0644. */
int tree_write(const struct tree *t, const char *path, const struct tree_file *was,
	       const char *text, size_t len, const struct stat *like, bool times);
/* The same for taking it away. */
int tree_remove(const struct tree *t, const char *path, const struct tree_file *was);
