/* SPDX-License-Identifier: Apache-2.0 */
/* See rootfs.h. The directory of a path is opened by openat2 within the root; what happens in it
 * goes by its descriptor, so that no link can lead out. */
#include "rootfs.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include "sidecar/common/util.h"

int rootfs_open(const char *root, struct rootfs *ret)
{
	ret->fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ret->fd < 0 ? -errno : 0;
}

void rootfs_close(struct rootfs *t)
{
	util_close_p(&t->fd);
}

void rootfs_file_release(struct rootfs_file *f)
{
	free(f->text);
	f->text = NULL;
}

static int open_in(const struct rootfs *t, const char *path, unsigned flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	long fd = syscall(SYS_openat2, t->fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* The open directory of path, and its last part. */
static int open_parent(const struct rootfs *t, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash || (size_t)(slash - path) >= sizeof(dir) - 1 || !slash[1])
		return -EINVAL;
	memcpy(dir, path, (size_t)(slash - path) + 1);
	dir[slash - path + 1] = '\0';
	*ret_name = slash + 1;
	return open_in(t, dir, O_RDONLY | O_DIRECTORY);
}

#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* fd may be -errno. */
static int read_fd(int fd, bool alone, struct rootfs_file *ret)
{
	struct rootfs_file f = {.exists = true};
	int r;

	if (fd == -ENOENT) {
		*ret = (struct rootfs_file){.text = strdup("")};
		return ret->text ? 0 : -ENOMEM;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &f.st) < 0)
		return -errno;
	if (!S_ISREG(f.st.st_mode))
		return S_ISDIR(f.st.st_mode) ? -EISDIR : -EINVAL;
	if (alone && f.st.st_nlink > 1)
		return -EMLINK;
	r = util_read_all(fd, ROOTFS_FILE_MAX, 0, &f.text, &f.len);
	if (r == 0)
		*ret = f;
	return r;
}

static int read_at(int dir_fd, const char *name, struct rootfs_file *ret)
{
	_close_ int fd = openat(dir_fd, name, READ_FLAGS | O_NOFOLLOW);

	return read_fd(fd < 0 ? -errno : fd, true, ret);
}

int rootfs_read(const struct rootfs *t, const char *path, struct rootfs_file *ret)
{
	const char *name;
	_close_ int dir_fd = open_parent(t, path, &name);

	return dir_fd < 0 ? read_fd(dir_fd, true, ret) : read_at(dir_fd, name, ret);
}

int rootfs_look(const struct rootfs *t, const char *path, struct rootfs_file *ret)
{
	_close_ int fd = open_in(t, path, READ_FLAGS);

	return read_fd(fd, false, ret);
}

bool rootfs_exists(const struct rootfs *t, const char *path)
{
	_close_ int fd = open_in(t, path, O_PATH);

	return fd >= 0;
}

bool rootfs_is_program(const struct rootfs *t, const char *path)
{
	_close_ int fd = open_in(t, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

bool rootfs_writable(const struct rootfs *t, const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", dir);
	for (;;) {
		_close_ int fd = open_in(t, path[0] ? path : "/", O_PATH | O_DIRECTORY);
		char *slash;

		if (fd >= 0)
			return faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0;
		slash = strrchr(path, '/');
		if (fd != -ENOENT || !slash)
			return false;
		*slash = '\0';
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int rootfs_list(const struct rootfs *t, const char *dir, const char *suffix,
		struct rootfs_names *ret)
{
	int fd = open_in(t, dir, O_RDONLY | O_DIRECTORY), r = 0;
	size_t end = strlen(suffix);
	struct dirent *entry;
	DIR *d;

	ret->n = 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len <= end ||
		    strcmp(entry->d_name + len - end, suffix) != 0)
			continue;
		if (ret->n == ROOTFS_NAMES_MAX)
			r = -E2BIG;
		else if (!(ret->at[ret->n] = strdup(entry->d_name)))
			r = -ENOMEM;
		else
			ret->n++;
	}
	closedir(d);
	qsort(ret->at, ret->n, sizeof(ret->at[0]), compare_names);
	return r;
}

void rootfs_names_release(struct rootfs_names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->at[i]);
	n->n = 0;
}

int rootfs_mkdir(const struct rootfs *t, const char *dir, mode_t mode)
{
	const char *name;
	_close_ int dir_fd = open_parent(t, dir, &name);
	_close_ int fd = -1;

	if (dir_fd < 0)
		return dir_fd;
	if (mkdirat(dir_fd, name, 0700) < 0)
		return -errno;
	/* The caller's umask has no say. */
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || fchmod(fd, mode) < 0 || fsync(dir_fd) < 0 ? -errno : 0;
}

int rootfs_rmdir(const struct rootfs *t, const char *dir)
{
	const char *name;
	_close_ int dir_fd = open_parent(t, dir, &name);

	if (dir_fd < 0)
		return dir_fd;
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 || fsync(dir_fd) < 0 ? -errno : 0;
}

static int check_same(int dir_fd, const char *name, const struct rootfs_file *was)
{
	_rootfs_file_ struct rootfs_file now = {0};
	int r = read_at(dir_fd, name, &now);

	if (r < 0)
		return r;
	return now.exists == was->exists && now.len == was->len &&
		       memcmp(now.text, was->text, now.len) == 0
		   ? 0
		   : -EBUSY;
}

int rootfs_check(const struct rootfs *t, const char *path, const struct rootfs_file *was)
{
	const char *name;
	_close_ int dir_fd = open_parent(t, path, &name);

	return dir_fd < 0 ? dir_fd : check_same(dir_fd, name, was);
}

/* Labels and ACLs go with the content. A file system that has none is no error. */
static int copy_attributes(int dir_fd, const char *name, int to_fd)
{
	_close_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char names[4096], value[4096];
	ssize_t len;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	len = flistxattr(fd, names, sizeof(names));
	if (len < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (char *at = names; at < names + len; at += strlen(at) + 1) {
		ssize_t size = fgetxattr(fd, at, value, sizeof(value));

		if (size < 0 || fsetxattr(to_fd, at, value, (size_t)size, 0) < 0)
			return -errno;
	}
	return 0;
}

static int dress(int dir_fd, const char *name, int fd, const struct stat *like, bool times)
{
	struct timespec when[2] = {{.tv_nsec = UTIME_OMIT}};
	struct stat now;

	if (!like)
		return fchmod(fd, 0644) < 0 ? -errno : 0;
	when[1] = like->st_mtim;
	if (fstat(fd, &now) < 0)
		return -errno;
	if ((now.st_uid != like->st_uid || now.st_gid != like->st_gid) &&
	    fchown(fd, like->st_uid, like->st_gid) < 0)
		return -errno;
	if (fchmod(fd, like->st_mode & 07777) < 0)
		return -errno;
	if (times && futimens(fd, when) < 0)
		return -errno;
	return copy_attributes(dir_fd, name, fd);
}

/* The file everything is written to first. A lock tells one that is being written from one whose
 * writer was killed: that is used again. */
static int open_temporary(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			0600);
	struct stat ours, there;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	else if (fstat(fd, &ours) < 0 || fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		r = errno == ENOENT ? -EBUSY : -errno;
	else if (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
		r = -EBUSY; /* its writer was ready with it just now */
	else if (!S_ISREG(ours.st_mode) || ours.st_nlink > 1)
		r = -EEXIST;
	else if (fchown(fd, geteuid(), getegid()) < 0 || fchmod(fd, 0600) < 0 ||
		 ftruncate(fd, 0) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int rootfs_write(const struct rootfs *t, const char *path, const struct rootfs_file *was,
		 const char *text, size_t len, const struct stat *like, bool times)
{
	char temporary[NAME_MAX + 1];
	const char *name;
	_close_ int dir_fd = open_parent(t, path, &name);
	_close_ int fd = -1;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	/* No reader of hooks.d or conf.d takes a name like this. */
	if ((size_t)snprintf(temporary, sizeof(temporary), ".%s.reeve", name) >= sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open_temporary(dir_fd, temporary);
	if (fd < 0)
		return fd;
	r = util_write_all(fd, text, len);
	if (r == 0)
		r = dress(dir_fd, name, fd, like, times);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0)
		r = check_same(dir_fd, name, was);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir_fd, temporary, 0);
	else if (fsync(dir_fd) < 0)
		r = -errno;
	return r;
}

int rootfs_remove(const struct rootfs *t, const char *path, const struct rootfs_file *was)
{
	const char *name;
	_close_ int dir_fd = open_parent(t, path, &name);
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = check_same(dir_fd, name, was);
	if (r == 0 && (unlinkat(dir_fd, name, 0) < 0 || fsync(dir_fd) < 0))
		r = -errno;
	return r;
}
