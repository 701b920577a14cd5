// SPDX-License-Identifier: Apache-2.0
/* See dir.h. */
#include "dir.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tap.h"

struct dir dir_make(void)
{
	struct dir d = {.path = "/tmp/reeve-unit-XXXXXX", .fd = -1};

	if (CHECK(mkdtemp(d.path) != NULL))
		d.fd = open(d.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void dir_remove(struct dir *d)
{
	close(d->fd);
	nftw(d->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *dir_path(const struct dir *d, const char *name)
{
	size_t size = strlen(d->path) + strlen(name) + 2;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s/%s", d->path, name);
	return path;
}

void dir_file(const struct dir *d, const char *name, const char *text)
{
	char *path = dir_path(d, name);
	FILE *f;

	for (char *at = path + strlen(d->path) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0755);
		*at = '/';
	}
	f = fopen(path, "w");
	if (CHECK(f != NULL)) {
		fputs(text, f);
		fclose(f);
	}
	free(path);
}

int dir_count(const struct dir *d)
{
	DIR *dir = opendir(d->path);
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}
