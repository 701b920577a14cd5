/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/own.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

static int bound(int dir, const char *file, const char *value)
{
	_close_ int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int own_make(const char *key, int *ret_fd)
{
	_close_ int fd = -1;
	char path[128];
	int r;

	snprintf(path, sizeof(path), PATH_CGROUP_ROOT "/" CGROUP_AGENTS "/%s", key);
	if (mkdir(path, 0755) < 0 && errno == ENOENT) {
		/* Unloaded, and records are left to deliver: the branch without its bounds. */
		mkdir(PATH_CGROUP_ROOT "/" CGROUP_REEVE, 0755);
		mkdir(PATH_CGROUP_ROOT "/" CGROUP_AGENTS, 0755);
		mkdir(path, 0755);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = bound(fd, "memory.max", OWN_MEMORY_MAX);
	if (!r)
		r = bound(fd, "pids.max", OWN_PIDS_MAX);
	if (r)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void own_remove(const char *key)
{
	char path[128];

	snprintf(path, sizeof(path), PATH_CGROUP_ROOT "/" CGROUP_AGENTS "/%s", key);
	(void)rmdir(path);
}

static int check_born_there(const char *key)
{
	_free_ char *text = NULL;
	char want[128];
	size_t len;
	int r = util_read_file(AT_FDCWD, "/proc/self/cgroup", 65536, &text, &len);

	if (r)
		return log_err(r, "read /proc/self/cgroup");
	snprintf(want, sizeof(want), "0::/" CGROUP_AGENTS "/%s\n", key);
	return strstr(text, want)
		   ? 0
		   : log_err(-EXDEV, "expected to be in cgroup %s, found %s", want, text);
}

int own_enter(const char *key, struct own *ret)
{
	int r = check_born_there(key);

	if (r)
		return r;
	ret->agents_fd = open(PATH_CGROUP_ROOT "/" CGROUP_AGENTS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret->leaving_fd =
	    open(PATH_CGROUP_ROOT "/" CGROUP_LEAVING "/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (ret->agents_fd < 0 || (ret->leaving_fd < 0 && errno != ENOENT))
		return log_err(-errno, "open reeve's cgroups: run 'reeve-load'");
	snprintf(ret->key, sizeof(ret->key), "%s", key);
	return 0;
}

void own_leave(struct own *own)
{
	if (write(own->leaving_fd, "0", 1) == 1)
		unlinkat(own->agents_fd, own->key, AT_REMOVEDIR);
}
