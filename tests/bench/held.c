// SPDX-License-Identifier: Apache-2.0
/* See bench.h. All rows run their operations in a process made here, so that a row differs from
 * another in the programs attached and in nothing else. */
#include "bench.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENV_MAX 128
#define REMOVE_TRIES 200 /* 10 ms apart */

static void cgroup_file(char *out, size_t size, const char *name, const char *file)
{
	if (snprintf(out, size, "/sys/fs/cgroup/%s%s", name, file) >= (int)size)
		DIE("cgroup name %s", name);
}

__attribute__((noreturn)) static void child(const char *name, int go_fd, int ready_fd, char **argv)
{
	char path[256], env[ENV_MAX] = "";
	int fd;

	cgroup_file(path, sizeof(path), name, "/cgroup.procs");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		DIE("enter %s", path);
	close(fd);
	if (write(ready_fd, "", 1) != 1 || read(go_fd, env, sizeof(env) - 1) <= 0)
		_exit(126);
	if (strchr(env, '='))
		putenv(env);
	execvp(argv[0], argv);
	DIE("run %s", argv[0]);
	_exit(127);
}

struct held held_start(const char *name, char **argv)
{
	int go[2], ready[2];
	char path[256], byte;
	struct held h;

	cgroup_file(path, sizeof(path), name, "");
	if (mkdir(path, 0755) < 0)
		DIE("make %s", path);
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0)
		DIE("pipe");
	h.go_fd = go[1];
	h.pid = fork();
	if (h.pid < 0)
		DIE("fork");
	if (h.pid == 0) {
		close(go[1]);
		child(name, go[0], ready[1], argv);
	}
	close(go[0]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		DIE("the child of cgroup %s did not come up", name);
	close(ready[0]);
	return h;
}

int held_go(struct held *h, const char *env)
{
	const char *text = env ? env : "-";
	int status;

	if (write(h->go_fd, text, strlen(text) + 1) < 0)
		DIE("let go");
	close(h->go_fd);
	if (waitpid(h->pid, &status, 0) < 0)
		DIE("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void held_remove(const char *name)
{
	char path[256];

	cgroup_file(path, sizeof(path), name, "");
	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (rmdir(path) == 0 || errno == ENOENT)
			return;
		usleep(10000);
	}
	DIE("remove %s", path);
}
