/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership by attribute, small checked I/O. Errors are -errno; outputs are untouched on failure.
 */
#pragma once
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static inline void util_free_p(void *p)
{
	free(*(void **)p);
}
static inline void util_close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _free_ __attribute__((cleanup(util_free_p)))
#define _close_ __attribute__((cleanup(util_close_p)))

/* Hands an fd (or pointer) over: the variable forgets it. */
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int take_ = (fd);                                                                  \
		(fd) = -1;                                                                         \
		take_;                                                                             \
	})
#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Reads fd to its end. size_max in bytes; one byte more is -EFBIG. *ret is NUL-terminated, the
 * caller frees it; *ret_len is without the NUL. deadline_ms bounds the whole read (poll), 0 means
 * no bound; past it -ETIMEDOUT. */
int util_read_all(int fd, size_t size_max, int deadline_ms, char **ret, size_t *ret_len);

/* Same for a file below dirfd (AT_FDCWD allowed). */
int util_read_file(int dirfd, const char *path, size_t size_max, char **ret, size_t *ret_len);

/* Writes all of it, riding over EINTR and short writes. */
int util_write_all(int fd, const void *data, size_t len);

/* Replaces a file whole: temporary, fsync, rename. */
int util_write_file(const char *path, const void *data, size_t len, mode_t mode);

/* mkdir -p of every part of an absolute path. */
int util_mkdir_p(const char *path, mode_t mode);

/* Monotonic and boot clocks, nanoseconds. util_tai_offset_ns: CLOCK_TAI less CLOCK_REALTIME. */
uint64_t util_now_ns(void);
uint64_t util_boot_ns(void);
uint64_t util_wall_ns(void);
int64_t util_tai_offset_ns(void);

/* Whole milliseconds until that util_now_ns, for poll and the like; at least 1. */
int util_left_ms(uint64_t until_ns);

/* uid and gid of a user, gid of a group, from /etc/passwd and /etc/group without NSS (static
 * binaries), where they have none from PATH_PASSWD and PATH_GROUP. -ENOENT when absent. */
int util_user_ids(const char *user, uid_t *ret_uid, gid_t *ret_gid);
int util_group_id(const char *group, gid_t *ret_gid);

/* Absolute path of a program that sits beside the running one. -ENAMETOOLONG. */
int util_sibling(const char *name, char *ret, size_t size);

/* Decimal digits to at most max; nothing else, no leading zero. */
bool util_decimal(const char *s, size_t len, unsigned max, unsigned *ret);

/* Puts a one-line reason into error (size 0: nowhere) and returns r. */
int util_refuse(int r, char *error, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
