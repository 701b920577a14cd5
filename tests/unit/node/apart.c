/* SPDX-License-Identifier: Apache-2.0 */
/* See apart.h. */
#include "tests/unit/node/apart.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "tests/unit/tap.h"

#define NOT_POSSIBLE 77

static void child(void (*run)(void))
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/etc", "tmpfs", 0, "size=1m") < 0 ||
	    mount("none", "/var/lib", "tmpfs", 0, "size=" APART_BYTES) < 0)
		_exit(NOT_POSSIBLE);
	run();
	_exit(0);
}

void apart(void (*run)(void))
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(run);
	if (!CHECK(pid > 0 && waitpid(pid, &status, 0) == pid))
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_POSSIBLE)
		tap_skip("no mount namespace of its own without privilege");
	else
		CHECK_INT(status, 0);
}

void apart_fill(const char *path)
{
	static char zeroes[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	while (write(fd, zeroes, sizeof(zeroes)) > 0)
		;
	close(fd);
}
