/* SPDX-License-Identifier: Apache-2.0 */
/* The command of `reeve run`: forked early, so that it can be put into its cgroup and be guarded,
 * and executed only when told. Until its exec it is the container's init in preparation. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "run.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

#define STATUS_NOT_FOUND 127
#define STATUS_NOT_RUN 126

static int status_of_error(int error)
{
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}

__attribute__((noreturn)) static void become(char *const *argv, int go_fd, int error_fd)
{
	sigset_t none;
	char go;
	int error;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (read(go_fd, &go, 1) != 1)
		_exit(RUN_FAILED);
	execvp(argv[0], argv);
	error = errno;
	(void)!write(error_fd, &error, sizeof(error));
	_exit(status_of_error(error));
}

int run_child_hold(char *const *argv, struct run_child *ret)
{
	_close_ int go_read = -1, go_write = -1, error_read = -1, error_write = -1;
	int pair[2];
	pid_t pid;
	int pidfd;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return log_err(-errno, "make a pipe");
	go_read = pair[0];
	go_write = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return log_err(-errno, "make a pipe");
	error_read = pair[0];
	error_write = pair[1];
	pid = fork();
	if (pid < 0)
		return log_err(-errno, "fork for %s", argv[0]);
	if (pid == 0) {
		close(go_write); /* or our end would keep the pipe open */
		become(argv, go_read, error_write);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return log_err(-errno, "open the pidfd of %s", argv[0]);
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	*ret = (struct run_child){.pid = pid,
				  .pidfd = pidfd,
				  .go_fd = TAKE_FD(go_write),
				  .error_fd = TAKE_FD(error_read)};
	return 0;
}

int run_child_go(struct run_child *c)
{
	ssize_t n = write(c->go_fd, "g", 1);
	int r = n == 1 ? 0 : -errno;

	close(c->go_fd);
	c->go_fd = -1;
	return r < 0 ? log_err(r, "let the command go: it was ended from outside") : 0;
}

int run_child_status(struct run_child *c, const char *command)
{
	int status = 0, error = 0;

	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return RUN_FAILED;
	c->pid = -1;
	if (read(c->error_fd, &error, sizeof(error)) == sizeof(error)) {
		log_err(-error, "run %s", command);
		return status_of_error(error);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void run_child_release(struct run_child *c)
{
	util_close_p(&c->go_fd);
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	util_close_p(&c->pidfd);
	util_close_p(&c->error_fd);
	*c = (struct run_child){.pid = -1, .pidfd = -1, .go_fd = -1, .error_fd = -1};
}
