/* SPDX-License-Identifier: Apache-2.0 */
/* See mark.h. */
#include "mark.h"
#include <sys/stat.h>
#include "paths.h"
#include "util.h"

static int open_mark(const char *path)
{
	(void)util_mkdir_p(PATH_RUN, 0755);
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void mark_make(const char *path)
{
	_close_ int fd = open_mark(path);

	(void)fd;
}

void mark_add(const char *path)
{
	_close_ int fd = open_mark(path);

	if (fd >= 0)
		(void)!write(fd, ".", 1);
}

uint64_t mark_count(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}
