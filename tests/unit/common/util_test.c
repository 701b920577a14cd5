// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "sidecar/common/util.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static int read_pipe(const char *bytes, size_t len, size_t size_max, int deadline_ms, bool keep,
		     char **ret, size_t *ret_len)
{
	int pair[2], r;

	if (pipe(pair) < 0)
		return -errno;
	fcntl(pair[1], F_SETPIPE_SZ, 1 << 20);
	r = (int)write(pair[1], bytes, len) == (int)len ? 0 : -EIO;
	if (!keep)
		close(pair[1]);
	if (r == 0)
		r = util_read_all(pair[0], size_max, deadline_ms, ret, ret_len);
	close(pair[0]);
	if (keep)
		close(pair[1]);
	return r;
}

TEST("read_all: sizes at and over the bound, NUL behind")
{
	static char bytes[10000];
	size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 9999};

	memset(bytes, 'b', sizeof(bytes));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_free_ char *text = NULL;
		size_t len = 77;

		REQUIRE(read_pipe(bytes, sizes[i], sizes[i], 1000, false, &text, &len) == 0);
		CHECK_INT(len, (long long)sizes[i]);
		CHECK_INT(strlen(text), (long long)sizes[i]);
		_free_ char *more = NULL;
		CHECK_INT(read_pipe(bytes, sizes[i] + 1, sizes[i], 1000, false, &more, &len),
			  -EFBIG);
		CHECK(more == NULL);
	}
}

TEST("read_all: the deadline bounds the whole, also while bytes trickle in")
{
	_free_ char *text = NULL;
	size_t len = 77;
	uint64_t begin = util_now_ns();
	int pair[2], r;
	pid_t child;

	CHECK_INT(read_pipe("x", 1, 100, 50, true, &text, &len), -ETIMEDOUT);
	REQUIRE(pipe(pair) == 0);
	child = fork();
	if (child == 0) {
		close(pair[0]);
		signal(SIGPIPE, SIG_DFL);
		while (write(pair[1], ".", 1) == 1)
			usleep(5000);
		_exit(0);
	}
	close(pair[1]);
	r = util_read_all(pair[0], 1 << 20, 100, &text, &len);
	close(pair[0]);
	waitpid(child, NULL, 0);
	CHECK_INT(r, -ETIMEDOUT);
	CHECK(text == NULL && len == 77);
	CHECK(util_now_ns() - begin < 2000000000u);
}

TEST("read_all: a non-blocking fd is waited for")
{
	_free_ char *text = NULL;
	size_t len;
	int pair[2];
	pid_t child;

	REQUIRE(pipe2(pair, O_NONBLOCK) == 0);
	child = fork();
	if (child == 0) {
		usleep(20000);
		_exit(write(pair[1], "late", 4) != 4);
	}
	close(pair[1]);
	CHECK_INT(util_read_all(pair[0], 10, 0, &text, &len), 0);
	CHECK_STR(text, "late");
	close(pair[0]);
	waitpid(child, NULL, 0);
}

TEST("read_file: what is there, and what is not")
{
	_dir_ struct dir d = dir_make();
	_free_ char *text = NULL;
	size_t len;

	dir_file(&d, "f", "some\n");
	CHECK_INT(util_read_file(d.fd, "f", 5, &text, &len), 0);
	CHECK_STR(text, "some\n");
	CHECK_INT(util_read_file(d.fd, "g", 5, &text, &len), -ENOENT);
	CHECK_INT(util_read_file(d.fd, ".", 5, &text, &len), -EISDIR);
	CHECK_INT(util_read_file(-1, "f", 5, &text, &len), -EBADF);
}

TEST("write_file: replaced whole, mode set, no temporary left")
{
	_dir_ struct dir d = dir_make();
	_free_ char *path = dir_path(&d, "f"), *text = NULL, *gone = dir_path(&d, "no/f");
	struct stat st;
	size_t len;

	dir_file(&d, "f", "a longer text that was there");
	CHECK_INT(util_write_file(path, "new", 3, 0640), 0);
	CHECK_INT(util_read_file(d.fd, "f", 100, &text, &len), 0);
	CHECK_STR(text, "new");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
	CHECK_INT(dir_count(&d), 1);
	CHECK_INT(util_write_file(gone, "new", 3, 0600), -ENOENT);
}

TEST("mkdir_p: every part, again, and over a file")
{
	_dir_ struct dir d = dir_make();
	_free_ char *deep = dir_path(&d, "a/b//c/"), *file = dir_path(&d, "f/x");
	struct stat st;

	CHECK_INT(util_mkdir_p(deep, 0755), 0);
	CHECK_INT(util_mkdir_p(deep, 0755), 0);
	CHECK(stat(deep, &st) == 0 && S_ISDIR(st.st_mode));
	dir_file(&d, "f", "");
	CHECK_INT(util_mkdir_p(file, 0755), -ENOTDIR);
	CHECK_INT(util_mkdir_p("relative", 0755), -EINVAL);
}

TEST("users and groups from the files, without NSS")
{
	uid_t uid = 77;
	gid_t gid = 77;

	CHECK_INT(util_user_ids("root", &uid, &gid), 0);
	CHECK(uid == 0 && gid == 0);
	gid = 77;
	CHECK_INT(util_group_id("root", &gid), 0);
	CHECK_INT(gid, 0);
	CHECK_INT(util_user_ids("no-such-user-here", &uid, &gid), -ENOENT);
	CHECK_INT(util_group_id("no-such-group-here", &gid), -ENOENT);
	CHECK(uid == 0 && gid == 0);
}

TEST("clocks: TAI offset is whole seconds; what is left is never 0")
{
	CHECK_INT(util_tai_offset_ns() % 1000000000, 0);
	CHECK(util_tai_offset_ns() >= 0 && util_tai_offset_ns() < 100000000000);
	CHECK(util_boot_ns() >= util_now_ns() - 1000000000u);
	CHECK_INT(util_left_ms(0), 1);
	CHECK(util_left_ms(util_now_ns() + 5000000000u) > 4000);
}

TEST("sibling: beside this program, or too long")
{
	char path[4096], self[4096] = "", small[4];

	CHECK_INT(util_sibling("reeve-agent", path, sizeof(path)), 0);
	CHECK(path[0] == '/' && strcmp(strrchr(path, '/'), "/reeve-agent") == 0);
	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	CHECK(strncmp(self, path, (size_t)(strrchr(path, '/') - path)) == 0);
	CHECK_INT(util_sibling("x", small, sizeof(small)), -ENAMETOOLONG);
}

TEST("ownership handed over is forgotten")
{
	int fd = 5;
	char *p = strdup("x"), *q;

	CHECK_INT(TAKE_FD(fd), 5);
	CHECK_INT(fd, -1);
	q = TAKE_PTR(p);
	CHECK(p == NULL);
	free(q);
}
