// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sidecar/common/launch.h"
#include "sidecar/common/util.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

/* What a shell script started by launch_detached writes to its fd 3. */
static char *say(const char *path, const char *script, int stderr_too)
{
	char *argv[] = {"name", "-c", (char *)script, NULL};
	_close_ int out = -1, in = -1, pidfd = -1;
	char *text = NULL;
	int pair[2], fds[2];
	size_t len;

	if (!CHECK(pipe2(pair, O_CLOEXEC) == 0))
		return NULL;
	out = pair[0];
	in = pair[1];
	fds[0] = fds[1] = in;
	struct launch l = {
	    .path = path,
	    .argv = argv,
	    .fds = fds,
	    .fds_count = 2,
	    .stderr_fd = stderr_too ? in : -1,
	};
	if (!CHECK(launch_detached(&l, &pidfd) == 0))
		return NULL;
	CHECK(fcntl(pidfd, F_GETFD) & FD_CLOEXEC);
	close(in);
	in = -1;
	CHECK(util_read_all(out, 65536, 10000, &text, &len) == 0);
	CHECK(poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, 10000) == 1);
	return text;
}

TEST("it holds what it was passed and nothing else")
{
	_close_ int leak = open("/", O_RDONLY);
	_free_ char *text = say("/bin/sh",
				"exec >&3; for f in 0 1 2; do readlink /proc/$$/fd/$f; done; "
				"ls /proc/$$/fd | tr '\n' ' '; readlink /proc/$$/cwd; umask",
				0);

	REQUIRE(text != NULL && leak >= 0);
	/* 1 is the pipe by the script's own doing; a shell may keep a copy above 9. */
	CHECK(strncmp(text, "/dev/null\npipe:", 15) == 0);
	CHECK(strstr(text, "]\n/dev/null\n0 1 2 3 4 ") != NULL);
	CHECK(strstr(text, "/\n0077\n") != NULL);
}

TEST("it has its own session, PATH alone, and default signals")
{
	_free_ char *text = NULL;
	char sid[32];
	sigset_t set, old;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	setenv("REEVE_UNIT_LEAK", "1", 1);
	text = say("/bin/sh",
		   "exec >&3; cut -d' ' -f6 /proc/$$/stat; env | cut -d= -f1 | tr '\n' ' '; "
		   "exec grep -E '^Sig(Blk|Ign)' /proc/self/status",
		   0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	unsetenv("REEVE_UNIT_LEAK");
	REQUIRE(text != NULL);
	CHECK(strstr(text, "PATH") != NULL && strstr(text, "REEVE_UNIT_LEAK") == NULL);
	CHECK(strstr(text, "SigBlk:\t0000000000000000") != NULL);
	CHECK(strstr(text, "SigIgn:\t0000000000000000") != NULL);
	snprintf(sid, sizeof(sid), "%d\n", (int)getsid(0));
	CHECK(strncmp(text, sid, strlen(sid)) != 0);
}

TEST("stderr where asked for; a program that cannot be run says so")
{
	_free_ char *text = say("/bin/sh", "echo to-two >&2", 1);
	_free_ char *none = say("/nonexistent", "", 0);

	CHECK_STR(text, "to-two\n");
	CHECK_STR(none, "error: cannot run /nonexistent: No such file or directory\n");
}

/* In a child: where clone3 is as if it were not there. */
static int launch_without_clone3(int cgroup_fd)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	char *argv[] = {"true", NULL};
	_close_ int pidfd = -1;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct launch l = {.path = "/bin/true",
			   .argv = argv,
			   .fds = &null,
			   .fds_count = 1,
			   .stderr_fd = -1,
			   .cgroup_fd = &cgroup_fd};

	if (!f || null < 0 ||
	    seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) < 0 ||
	    seccomp_load(f) < 0)
		return 100;
	seccomp_release(f);
	return launch_detached(&l, &pidfd) == 0 ? 0 : 101;
}

TEST("where a filter forbids clone3, it moves into its cgroup itself, or does not start")
{
	_dir_ struct dir d = dir_make();
	_free_ char *text = NULL;
	size_t len;

	for (int there = 0; there < 2; there++) {
		pid_t pid;
		int status;

		if (there)
			dir_file(&d, "cgroup.procs", "");
		pid = fork();
		if (pid == 0)
			_exit(launch_without_clone3(d.fd));
		REQUIRE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		CHECK_INT(WEXITSTATUS(status), there ? 0 : 101);
	}
	REQUIRE(util_read_file(d.fd, "cgroup.procs", 16, &text, &len) == 0);
	CHECK_STR(text, "0");
}
