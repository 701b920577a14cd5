/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of its own for one test, removed with all in it. */
#pragma once

struct dir {
	char path[64];
	int fd;
};

struct dir dir_make(void);
void dir_remove(struct dir *d);
#define _dir_ __attribute__((cleanup(dir_remove)))
/* Absolute path of name in it; to free. */
char *dir_path(const struct dir *d, const char *name);
/* Makes a file (and the directories above it) with that text. */
void dir_file(const struct dir *d, const char *name, const char *text);
/* Entries right in it. */
int dir_count(const struct dir *d);
