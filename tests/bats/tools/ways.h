/* SPDX-License-Identifier: Apache-2.0 */
/* Of the truth table of paths: what is done to a file (a column), and the files themselves. See
 * ways.c. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "must.h"

/* One cell, and where its file is reached: path from dir. */
struct cell {
	const char *base; /* "d": the policy denies everything in it; "e": it does not */
	const char *way;
	const char *access;
	char top[64];	/* /BASE/WAY */
	char name[256]; /* of the file in there */
	int dir;
	char path[4200];
	int out;     /* a directory that is free to all, on the same mount if there is one */
	bool follow; /* the path is a link to the file */
};

static inline int result(long r)
{
	return r < 0 ? errno : 0;
}

static inline int opened(const struct cell *c, int flags)
{
	int fd = openat(c->dir, c->path, flags, 0600), r = result(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

static inline const char *out_name(const struct cell *c)
{
	static char name[128];

	snprintf(name, sizeof(name), "out-%s-%s-%s", c->base, c->way, c->access);
	return name;
}

/* For what takes no directory. */
static inline const char *from_here(const struct cell *c)
{
	if (c->dir != AT_FDCWD)
		MUST(fchdir(c->dir) == 0);
	return c->path;
}

static int do_read(const struct cell *c)
{
	return opened(c, O_RDONLY);
}
static int do_write(const struct cell *c)
{
	return opened(c, O_WRONLY);
}
static int do_create(const struct cell *c)
{
	return opened(c, O_WRONLY | O_CREAT | O_EXCL);
}
static int do_mkdir(const struct cell *c)
{
	return result(mkdirat(c->dir, c->path, 0700));
}
static int do_truncate(const struct cell *c)
{
	return result(truncate(from_here(c), 0));
}
static int do_chmod(const struct cell *c)
{
	return result(fchmodat(c->dir, c->path, 0751, 0));
}
static int do_chown(const struct cell *c)
{
	return result(fchownat(c->dir, c->path, 1, 1, 0));
}
/* Not every file system has such attributes; the policy is asked first. */
static int do_xattr(const struct cell *c)
{
	int r = result(setxattr(from_here(c), "user.w", "1", 1, 0));

	return r == EOPNOTSUPP ? 0 : r;
}
static int do_unlink(const struct cell *c)
{
	return result(unlinkat(c->dir, c->path, 0));
}
static int do_rename(const struct cell *c)
{
	return result(renameat(c->dir, c->path, c->out, out_name(c)));
}
static int do_link(const struct cell *c)
{
	return result(
	    linkat(c->dir, c->path, c->out, out_name(c), c->follow ? AT_SYMLINK_FOLLOW : 0));
}
static int do_exec(const struct cell *c)
{
	char *const none[] = {NULL};

	syscall(SYS_execveat, c->dir, c->path, none, none, c->path[0] ? 0 : AT_EMPTY_PATH);
	return errno;
}
/* Where nobody listens: refused is past the policy. */
static int do_connect(const struct cell *c)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM, 0), r;

	MUST(s >= 0);
	memcpy(to.sun_path, from_here(c), strlen(c->path) + 1);
	r = result(connect(s, (struct sockaddr *)&to, sizeof(to)));
	return r == ECONNREFUSED ? 0 : r;
}

#define NEW (1 << 0)   /* needs a name that is not there yet */
#define NAMED (1 << 1) /* is done to the name, not to the file behind it */
#define SHORT (1 << 2) /* takes no more than 107 bytes */
#define EXECS (1 << 3)
#define BYTES (1 << 4) /* of the file */

static const struct access {
	const char *name;
	int (*act)(const struct cell *c);
	unsigned flags;
} accesses[] = {{"read", do_read, BYTES},
		{"write", do_write, BYTES},
		{"create", do_create, NEW | NAMED},
		{"mkdir", do_mkdir, NEW | NAMED},
		{"truncate", do_truncate, BYTES},
		{"chmod", do_chmod, 0},
		{"chown", do_chown, 0},
		{"xattr", do_xattr, 0},
		{"unlink", do_unlink, NAMED},
		{"rename", do_rename, NAMED},
		{"link", do_link, 0},
		{"exec", do_exec, EXECS},
		{"connect", do_connect, SHORT}};
#define ACCESSES_N (sizeof(accesses) / sizeof(accesses[0]))

/* A program that ends well and needs nothing: exit(0). */
static const uint8_t program[] = {
    0x7f, 'E',	'L', 'F', 2, 1,	   1,	 0,    0,    0,	   0, 0, 0, 0,	  0,	0, 2,  0, 62,
    0,	  1,	0,   0,	  0, 0x78, 0,	 0x40, 0,    0,	   0, 0, 0, 64,	  0,	0, 0,  0, 0,
    0,	  0,	0,   0,	  0, 0,	   0,	 0,    0,    0,	   0, 0, 0, 0,	  64,	0, 56, 0, 1,
    0,	  0,	0,   0,	  0, 0,	   0,	 1,    0,    0,	   0, 5, 0, 0,	  0,	0, 0,  0, 0,
    0,	  0,	0,   0,	  0, 0,	   0x40, 0,    0,    0,	   0, 0, 0, 0,	  0x40, 0, 0,  0, 0,
    0,	  0x81, 0,   0,	  0, 0,	   0,	 0,    0,    0x81, 0, 0, 0, 0,	  0,	0, 0,  0, 0x10,
    0,	  0,	0,   0,	  0, 0,	   0x31, 0xff, 0xb8, 60,   0, 0, 0, 0x0f, 0x05};

static inline void make_file(int dir, const char *name, const void *bytes, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0755);

	MUST(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
}

/* Some ways need deep or long names: so many directories of that many bytes, a file name padded to
 * so many. */
static const struct shape {
	const char *way;
	unsigned depth, each, name;
} shapes[] = {{"long-name", 0, 0, 255},
	      {"path-4095", 15, 255, 242},
	      {"too-long", 16, 255, 0},
	      {"deep-500", 497, 1, 0},
	      {"not-utf8", 1, 0, 0}};

static inline const struct shape *shape_of(const char *way)
{
	static const struct shape flat;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (!strcmp(shapes[i].way, way))
			return &shapes[i];
	return &flat;
}

static inline void name_file(struct cell *c)
{
	unsigned len = shape_of(c->way)->name;

	snprintf(c->top, sizeof(c->top), "/%s/%s", c->base, c->way);
	strcpy(c->name, c->access);
	if (len) {
		memset(c->name + strlen(c->name), 'x', len - strlen(c->name));
		c->name[len] = 0;
	}
}

/* From the directory dir to the innermost of the way's shape; make: they are not there yet. Appends
 * to path, if there is one. */
static inline int descend(int dir, const char *way, bool make, char *path)
{
	const struct shape *s = shape_of(way);
	char name[256] = "\xff\xfe\xc0";

	if (s->each) {
		memset(name, 'n', s->each);
		name[s->each] = 0;
	}
	for (unsigned i = 0; i < s->depth; i++) {
		int next;

		if (make)
			MUST(mkdirat(dir, name, 0755) == 0);
		next = openat(dir, name, O_PATH | O_DIRECTORY);
		MUST(next >= 0);
		close(dir);
		dir = next;
		if (path)
			sprintf(path + strlen(path), "/%s", name);
	}
	return dir;
}
