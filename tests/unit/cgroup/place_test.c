// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "cgroup/place.h"
#include "sidecar/common/util.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static char path[PATH_MAX], error[300];

static int parse(const char *text)
{
	path[0] = error[0] = '\0';
	return place_parse(text, path, sizeof(path), error, sizeof(error));
}

TEST("the v2 line wherever it stands")
{
	CHECK_INT(parse("0::/machine.slice/x.scope\n"), 0);
	CHECK_STR(path, "/machine.slice/x.scope");
	CHECK_INT(parse("5:cpu:/y\n1:name=systemd:/0::/n\n0::/a b:c\n"), 0);
	CHECK_STR(path, "/a b:c");
	CHECK_INT(parse("0::/no-newline"), 0);
	CHECK_STR(path, "/no-newline");
	CHECK_INT(parse("0::/a..b/..c/d.."), 0);
}

TEST("no v2, root, outside, garbage: refused with a reason")
{
	CHECK_INT(parse(""), -ENOENT);
	CHECK_INT(parse("5:cpu:/y\n10::/z\n"), -ENOENT);
	CHECK_INT(parse("0::/\n"), -EPERM);
	CHECK(strstr(error, "root cgroup") != NULL);
	CHECK_INT(parse("0::/../x\n"), -EXDEV);
	CHECK_INT(parse("0::/..\n"), -EXDEV);
	CHECK_INT(parse("0::/a/../b\n"), -EXDEV);
	CHECK_INT(parse("0::\n"), -EINVAL);
	CHECK_INT(parse("0::relative\n"), -EINVAL);
	CHECK_INT(parse("0::/\xff\n"), -EINVAL);
}

TEST("path at and over its bound")
{
	static char text[PATH_MAX + 10];

	strcpy(text, "0::/");
	memset(text + 4, 'x', PATH_MAX - 2);
	CHECK_INT(parse(text), 0);
	CHECK_INT(strlen(path), PATH_MAX - 1);
	text[PATH_MAX + 2] = 'x';
	CHECK_INT(parse(text), -EINVAL);
}

static int climb(const struct dir *d, const char *from)
{
	strcpy(path, from);
	return place_climb(d->fd, path);
}

TEST("crun's container below its scope: one level up")
{
	_dir_ struct dir d = dir_make();

	dir_file(&d, "m.slice/c.scope/cgroup.procs", "");
	dir_file(&d, "m.slice/c.scope/container/cgroup.procs", "7\n");
	CHECK_INT(climb(&d, "/m.slice/c.scope/container"), 1);
	CHECK_STR(path, "/m.slice/c.scope");
	CHECK_INT(climb(&d, "/m.slice/c.scope"), 0);
}

TEST("not up when it may be something else")
{
	_dir_ struct dir d = dir_make();

	dir_file(&d, "busy.scope/cgroup.procs", "1\n");
	dir_file(&d, "busy.scope/container/cgroup.procs", "");
	CHECK_INT(climb(&d, "/busy.scope/container"), 0);
	CHECK_STR(path, "/busy.scope/container");
	dir_file(&d, "two.scope/cgroup.procs", "");
	dir_file(&d, "two.scope/container/cgroup.procs", "");
	dir_file(&d, "two.scope/other/cgroup.procs", "");
	CHECK_INT(climb(&d, "/two.scope/container"), 0);
	dir_file(&d, "plain/cgroup.procs", "");
	dir_file(&d, "plain/container/cgroup.procs", "");
	CHECK_INT(climb(&d, "/plain/container"), 0);
	dir_file(&d, "name.scope/cgroup.procs", "");
	dir_file(&d, "name.scope/leaf/cgroup.procs", "");
	CHECK_INT(climb(&d, "/name.scope/leaf"), 0);
	dir_file(&d, "noprocs.scope/container/cgroup.procs", "");
	CHECK_INT(climb(&d, "/noprocs.scope/container"), 0);
	CHECK_INT(climb(&d, "/missing.scope/container"), 0);
	CHECK_INT(climb(&d, "/container"), 0);
	CHECK_INT(climb(&d, "/.scope/container"), 0);
	CHECK_INT(climb(&d, "/x"), 0);
}

TEST("populated as cgroup.events says; gone is empty")
{
	_dir_ struct dir d = dir_make();

	CHECK_INT(place_populated(d.fd), 0);
	dir_file(&d, "cgroup.events", "populated 1\nfrozen 0\n");
	CHECK_INT(place_populated(d.fd), 1);
	dir_file(&d, "cgroup.events", "frozen 1\npopulated 0\n");
	CHECK_INT(place_populated(d.fd), 0);
	dir_file(&d, "cgroup.events", "frozen 1\n");
	CHECK_INT(place_populated(d.fd), -EBADMSG);
}

TEST("a process that has ended is gone, waited for or not")
{
	_place_ struct place p = PLACE_NONE;
	_close_ int pidfd = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	REQUIRE(pidfd >= 0);
	waitid(P_PID, (id_t)child, &(siginfo_t){}, WEXITED | WNOWAIT);
	CHECK_INT(place_of_pid(child, pidfd, &p, error, sizeof(error)), -ESRCH);
	waitpid(child, NULL, 0);
	CHECK_INT(place_of_pid(child, pidfd, &p, error, sizeof(error)), -ESRCH);
	CHECK_INT(p.fd, -1);
}
