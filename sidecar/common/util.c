// SPDX-License-Identifier: Apache-2.0
/* See util.h. Small checked I/O for every program; nothing here logs. */
#include "util.h"
#include "paths.h"
#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define READ_START 4096 /* bytes */

/* 0 when fd has something to read (its end counts), -ETIMEDOUT past until_ns (0: no bound). */
static int wait_readable(int fd, uint64_t until_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r;

	do {
		int timeout_ms = -1;

		if (until_ns) {
			uint64_t now = util_now_ns();

			if (now >= until_ns)
				return -ETIMEDOUT;
			timeout_ms = (int)((until_ns - now) / 1000000 + 1);
		}
		r = poll(&p, 1, timeout_ms);
		if (r < 0 && errno != EINTR)
			return -errno;
	} while (r <= 0);
	return 0;
}

int util_read_all(int fd, size_t size_max, int deadline_ms, char **ret, size_t *ret_len)
{
	uint64_t until_ns = deadline_ms ? util_now_ns() + (uint64_t)deadline_ms * 1000000 : 0;
	_free_ char *data = NULL;
	size_t len = 0, size = 0;

	for (;;) {
		ssize_t n;
		int r;

		/* Room for the one byte too many and for the NUL. */
		if (size < len + 2) {
			size_t grown = size ? size * 2 : READ_START;
			char *more = realloc(data, grown);

			if (!more)
				return -ENOMEM;
			data = more;
			size = grown;
		}
		if (until_ns) {
			r = wait_readable(fd, until_ns);
			if (r < 0)
				return r;
		}
		n = read(fd, data + len, size - len - 1);
		if (n < 0 && errno == EAGAIN) {
			r = wait_readable(fd, until_ns);
			if (r < 0)
				return r;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > size_max)
			return -EFBIG;
	}
	data[len] = '\0';
	*ret = TAKE_PTR(data);
	*ret_len = len;
	return 0;
}

int util_read_file(int dirfd, const char *path, size_t size_max, char **ret, size_t *ret_len)
{
	_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) /* a FIFO would hang whoever reads it */
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return util_read_all(fd, size_max, 0, ret, ret_len);
}

int util_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int sync_directory(const char *path)
{
	_free_ char *dir = strdup(path);
	_close_ int fd = -1;
	char *slash;

	if (!dir)
		return -ENOMEM;
	slash = strrchr(dir, '/');
	if (slash == dir)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int write_new(const char *path, const void *data, size_t len, mode_t mode)
{
	_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = util_write_all(fd, data, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r;
}

int util_write_file(const char *path, const void *data, size_t len, mode_t mode)
{
	_free_ char *temporary = NULL;
	int r;

	if (asprintf(&temporary, "%s.%d.tmp", path, (int)getpid()) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	unlink(temporary); /* of an earlier process with our pid */
	r = write_new(temporary, data, len, mode);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return r;
	}
	return sync_directory(path);
}

int util_mkdir_p(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (path[0] != '/')
		return -EINVAL;
	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (char *at = part + 1;; at++) {
		char kept = *at;
		struct stat st;

		if (kept != '/' && kept != '\0')
			continue;
		*at = '\0';
		if (mkdir(part, mode) < 0) {
			if (errno != EEXIST)
				return -errno;
			if (stat(part, &st) < 0)
				return -errno;
			if (!S_ISDIR(st.st_mode))
				return -ENOTDIR;
		}
		if (kept == '\0')
			return 0;
		*at = kept;
	}
}

static uint64_t now_of(clockid_t clock)
{
	struct timespec t;
	int r = clock_gettime(clock, &t);

	assert(r == 0);
	(void)r;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t util_now_ns(void)
{
	return now_of(CLOCK_MONOTONIC);
}

uint64_t util_boot_ns(void)
{
	return now_of(CLOCK_BOOTTIME);
}

uint64_t util_wall_ns(void)
{
	return now_of(CLOCK_REALTIME);
}

int64_t util_tai_offset_ns(void)
{
	/* The two clocks are read one after the other; the kernel's offset is whole seconds. */
	int64_t delta = (int64_t)(now_of(CLOCK_TAI) - now_of(CLOCK_REALTIME));

	return (delta + 500000000) / 1000000000 * 1000000000;
}

int util_left_ms(uint64_t until_ns)
{
	uint64_t now = util_now_ns();

	return now < until_ns ? (int)((until_ns - now) / 1000000) + 1 : 1;
}

static void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static int user_ids_in(const char *path, const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
	__attribute__((cleanup(close_file))) FILE *f = fopen(path, "re");
	struct passwd *entry;

	if (!f)
		return -errno;
	while ((entry = fgetpwent(f))) {
		if (strcmp(entry->pw_name, user) != 0)
			continue;
		*ret_uid = entry->pw_uid;
		*ret_gid = entry->pw_gid;
		return 0;
	}
	return -ENOENT;
}

int util_user_ids(const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
	int r = user_ids_in("/etc/passwd", user, ret_uid, ret_gid);

	return r == -ENOENT ? user_ids_in(PATH_PASSWD, user, ret_uid, ret_gid) : r;
}

static int group_id_in(const char *path, const char *group, gid_t *ret_gid)
{
	__attribute__((cleanup(close_file))) FILE *f = fopen(path, "re");
	struct group *entry;

	if (!f)
		return -errno;
	while ((entry = fgetgrent(f))) {
		if (strcmp(entry->gr_name, group) != 0)
			continue;
		*ret_gid = entry->gr_gid;
		return 0;
	}
	return -ENOENT;
}

int util_group_id(const char *group, gid_t *ret_gid)
{
	int r = group_id_in("/etc/group", group, ret_gid);

	return r == -ENOENT ? group_id_in(PATH_GROUP, group, ret_gid) : r;
}

int util_sibling(const char *name, char *ret, size_t size)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return -errno;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	slash[1] = '\0';
	if (strlen(self) + strlen(name) >= size)
		return -ENAMETOOLONG;
	strcpy(ret, self);
	strcat(ret, name);
	return 0;
}

int util_refuse(int r, char *error, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (size > 0)
		vsnprintf(error, size, fmt, args);
	va_end(args);
	return r;
}

bool util_decimal(const char *s, size_t len, unsigned max, unsigned *ret)
{
	unsigned n = 0;

	if (len == 0 || len > 5 || (len > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s[i] - '0');
	}
	if (n > max)
		return false;
	*ret = n;
	return true;
}
