// SPDX-License-Identifier: Apache-2.0
/* See launch.h. Two forks: the first child makes the session and ends, the second becomes the
 * program. The second waits until its pidfd is open here, so that its pid cannot be another's. */
#include "launch.h"
#include "util.h"
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define FD_PARKED (LAUNCH_FD_FIRST + LAUNCH_FDS_MAX) /* first number above the final places */

static int open_pidfd(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

/* By the raw call: libc's own refuses the two signals it keeps to itself, and those can be
 * inherited as ignored as well. All zero is the default action in the kernel's struct. */
static void reset_signals(void)
{
	static const unsigned long default_action[4];
	sigset_t none;

	for (int s = 1; s < _NSIG; s++)
		syscall(SYS_rt_sigaction, s, default_action, NULL, _NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves the passed fds to their places. Parks them above first: a place may be in use. */
static int place_fds(const struct launch *l)
{
	int parked[LAUNCH_FDS_MAX], err = -1, null;

	for (size_t i = 0; i < l->fds_count; i++) {
		parked[i] = fcntl(l->fds[i], F_DUPFD_CLOEXEC, FD_PARKED);
		if (parked[i] < 0)
			return -errno;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	null = fcntl(null, F_DUPFD_CLOEXEC, FD_PARKED);
	if (null < 0)
		return -errno;
	err = l->stderr_fd < 0 ? null : fcntl(l->stderr_fd, F_DUPFD_CLOEXEC, FD_PARKED);
	if (err < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(err, 2) < 0)
		return -errno;
	for (size_t i = 0; i < l->fds_count; i++)
		if (dup2(parked[i], LAUNCH_FD_FIRST + (int)i) < 0)
			return -errno;
	if (syscall(SYS_close_range, LAUNCH_FD_FIRST + (unsigned)l->fds_count, ~0u, 0) < 0)
		return -errno;
	return 0;
}

static void write_oom_score(void)
{
	_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "0", 1);
}

/* In the second child; does not return. */
__attribute__((noreturn)) static void become(const struct launch *l)
{
	char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			     NULL};
	char text[256];
	int r, n;

	reset_signals();
	umask(077);
	write_oom_score();
	r = chdir("/") < 0 ? -errno : place_fds(l);
	if (r == 0) {
		execve(l->path, l->argv, env);
		r = -errno;
		n = snprintf(text, sizeof(text), "error: cannot run %.180s: %s\n", l->path,
			     strerror(-r));
		(void)!write(LAUNCH_FD_FIRST, text, (size_t)n);
	}
	_exit(127);
}

static int move_self(int cgroup_fd)
{
	_close_ int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, "0", 1) != 1 ? -1 : 0;
}

/* A write to cgroup.procs waits for a grace period, about 10 ms; being born there does not. */
static pid_t fork_into(const int *cgroup_fd)
{
	struct clone_args a = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};

	pid_t pid;

	if (!cgroup_fd)
		return fork();
	a.cgroup = (uint64_t)*cgroup_fd;
	pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
	if (pid >= 0 || errno != ENOSYS)
		return pid;
	/* A filter that cannot look at clone3's arguments, as systemd's RestrictNamespaces. */
	pid = fork();
	if (pid == 0 && move_self(*cgroup_fd) < 0)
		_exit(127);
	return pid;
}

/* In the first child; does not return. */
__attribute__((noreturn)) static void detach(const struct launch *l, int caller_fd)
{
	pid_t pid;
	char go;

	setsid();
	pid = fork_into(l->cgroup_fd);
	if (pid != 0)
		_exit(pid < 0);
	pid = (pid_t)syscall(SYS_getpid);
	if (write(caller_fd, &pid, sizeof(pid)) == sizeof(pid) && read(caller_fd, &go, 1) == 1)
		become(l);
	_exit(127);
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int launch_detached(const struct launch *l, int *ret_pidfd)
{
	_close_ int ours = -1, theirs = -1, pidfd = -1;
	int pair[2];
	pid_t child, pid;
	ssize_t n;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		close(ours);
		detach(l, theirs);
	}
	close(theirs);
	theirs = -1;
	reap(child);
	do
		n = read(ours, &pid, sizeof(pid));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(pid))
		return -EAGAIN; /* the second fork failed */
	pidfd = open_pidfd(pid);
	if (pidfd < 0)
		return pidfd;
	if (send(ours, "", 1, MSG_NOSIGNAL) != 1)
		return -ECHILD;
	*ret_pidfd = TAKE_FD(pidfd);
	return 0;
}
