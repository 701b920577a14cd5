// SPDX-License-Identifier: Apache-2.0
/* See place.h. The hook's way from a pid to what programs attach to; the answer is a directory
 * fd, because a path can be removed and made again under our hands. */
#include "place.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PROC_CGROUP_MAX (64u << 10) /* bytes */
#define EVENTS_MAX 4096
#define HANDLE_KERNFS 0xfe /* FILEID_KERNFS: the handle is the 64-bit cgroup id */

_Static_assert(sizeof(ino_t) == 8, "kernfs gives the cgroup id as inode number");

void place_release(struct place *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static bool has_dotdot(const char *path)
{
	const char *at = path;

	while ((at = strstr(at, "/.."))) {
		if (at[3] == '/' || at[3] == '\0')
			return true;
		at += 3;
	}
	return false;
}

int place_parse(const char *text, char *ret_path, size_t size, char *error, size_t error_size)
{
	const char *line = text;
	size_t len;

	while (strncmp(line, "0::", 3) != 0) {
		line = strchr(line, '\n');
		if (!line)
			return util_refuse(
			    -ENOENT, error, error_size,
			    "it has no cgroup v2 (no \"0::\" line in /proc/PID/cgroup): "
			    "expected a host with cgroup v2");
		line++;
	}
	line += 3;
	len = strcspn(line, "\n");
	if (len >= size || line[0] != '/' || utf8_check(line, len) != len)
		return util_refuse(-EINVAL, error, error_size,
				   "its cgroup path is not one of %zu bytes of UTF-8 from \"/\"",
				   size - 1);
	if (len == 1)
		return util_refuse(
		    -EPERM, error, error_size,
		    "it is in the root cgroup, expected one of its own: everything on "
		    "the host would count as the container (give it a cgroupsPath)");
	memcpy(ret_path, line, len);
	ret_path[len] = '\0';
	if (has_dotdot(ret_path))
		return util_refuse(
		    -EXDEV, error, error_size,
		    "its cgroup path %.160s leads out of our cgroup namespace: expected "
		    "the hook to run in the host's",
		    ret_path);
	return 0;
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Whether name is the only directory in dir_fd; false when that cannot be told. */
static bool only_child(int dir_fd, const char *name)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	_close_ int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	if (fd < 0)
		return false;
	dir = fdopendir(fd);
	if (!dir)
		return false;
	fd = -1; /* closedir has it */
	errno = 0;
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, name) != 0)
			return false;
	}
	return errno == 0;
}

int place_climb(int root_fd, char *path)
{
	static const char leaf[] = "/container", suffix[] = ".scope";
	size_t len = strlen(path), parent_len = len - strlen(leaf);
	_free_ char *procs = NULL, *parent = NULL;
	_close_ int fd = -1;
	size_t procs_len;

	if (len <= strlen(leaf) + strlen(suffix) || strcmp(path + parent_len, leaf) != 0)
		return 0;
	if (strncmp(path + parent_len - strlen(suffix), suffix, strlen(suffix)) != 0)
		return 0;
	parent = strndup(path + 1, parent_len - 1);
	if (!parent)
		return -ENOMEM;
	fd = openat(root_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (util_read_file(fd, "cgroup.procs", PROC_CGROUP_MAX, &procs, &procs_len) < 0 ||
	    procs_len > 0)
		return 0;
	if (!only_child(fd, leaf + 1))
		return 0;
	path[parent_len] = '\0';
	return 1;
}

static bool has_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

int place_of_pid(pid_t pid, int pidfd, struct place *ret, char *error, size_t error_size)
{
	_place_ struct place p = PLACE_NONE;
	_close_ int root_fd = -1;
	_free_ char *text = NULL;
	char proc[64];
	struct stat st;
	size_t len;
	int r;

	snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
	r = util_read_file(AT_FDCWD, proc, PROC_CGROUP_MAX, &text, &len);
	if (r < 0 || has_ended(pidfd))
		return util_refuse(-ESRCH, error, error_size, "process %d is gone", (int)pid);
	r = place_parse(text, p.path, sizeof(p.path), error, error_size);
	if (r < 0)
		return r;
	root_fd = open(PATH_CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return util_refuse(-errno, error, error_size, "cannot open " PATH_CGROUP_ROOT);
	r = place_climb(root_fd, p.path);
	if (r < 0)
		return util_refuse(r, error, error_size, "out of memory");
	p.fd = openat(root_fd, p.path + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.fd < 0 || fstat(p.fd, &st) < 0)
		return util_refuse(-errno, error, error_size, "cannot open its cgroup %.160s",
				   p.path);
	p.id = st.st_ino;
	*ret = p;
	p.fd = -1;
	return 0;
}

int place_has_caller(const char *path)
{
	_free_ char *text = NULL;
	char own[PATH_MAX];
	size_t len;
	int r = util_read_file(AT_FDCWD, "/proc/self/cgroup", PROC_CGROUP_MAX, &text, &len);

	if (r < 0)
		return r;
	r = place_parse(text, own, sizeof(own), NULL, 0);
	if (r == -EPERM)
		return 0; /* in the root cgroup */
	if (r < 0)
		return r;
	len = strlen(path);
	return strncmp(own, path, len) == 0 && (own[len] == '/' || own[len] == '\0');
}

int place_of_id(uint64_t id, struct place *ret)
{
	_Alignas(struct file_handle) char space[sizeof(struct file_handle) + sizeof(id)] = {};
	struct file_handle *handle = (struct file_handle *)space;
	_close_ int root_fd = open(PATH_CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root_fd < 0)
		return -errno;
	handle->handle_bytes = sizeof(id);
	handle->handle_type = HANDLE_KERNFS;
	memcpy(handle->f_handle, &id, sizeof(id));
	fd = open_by_handle_at(root_fd, handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret->fd = fd;
	ret->id = id;
	ret->path[0] = '\0';
	return 0;
}

int place_populated(int fd)
{
	_free_ char *text = NULL;
	const char *line;
	size_t len;
	int r = util_read_file(fd, "cgroup.events", EVENTS_MAX, &text, &len);

	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	line = strstr(text, "populated ");
	return line ? line[strlen("populated ")] == '1' : -EBADMSG;
}
