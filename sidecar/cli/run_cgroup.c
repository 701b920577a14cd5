/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of `reeve run`: PATH_CGROUP_ROOT/reeve/run/ID, plain mkdir and write. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "run.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

#define RUN_ROOT PATH_CGROUP_ROOT "/" CGROUP_REEVE "/run"
#define RETRY_MS 5
#define REMOVE_TIMEOUT_MS 2000

static void path_of(const char *id, const char *file, char ret[static PATH_MAX])
{
	snprintf(ret, PATH_MAX, RUN_ROOT "/%s%s", id, file);
}

static int write_text(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return util_write_all(fd, text, strlen(text));
}

int run_cgroup_make(const char *id, pid_t child)
{
	char path[PATH_MAX], number[16];
	int r;

	path_of(id, "", path);
	r = util_mkdir_p(path, 0755);
	if (r < 0)
		return log_err(r, "make cgroup %s", path);
	path_of(id, "/cgroup.procs", path);
	snprintf(number, sizeof(number), "%d", child);
	r = write_text(path, number);
	return r < 0 ? log_err(r, "put the command into %s", path) : 0;
}

void run_cgroup_kill(const char *id)
{
	char path[PATH_MAX];

	path_of(id, "/cgroup.kill", path);
	write_text(path, "1");
}

void run_cgroup_remove(const char *id)
{
	char path[PATH_MAX];
	uint64_t until = util_now_ns() + REMOVE_TIMEOUT_MS * 1000000ull;

	path_of(id, "", path);
	while (rmdir(path) < 0 && errno != ENOENT) {
		if (errno != EBUSY || util_now_ns() >= until) {
			log_err(-errno, "remove cgroup %s", path);
			break;
		}
		poll(NULL, 0, RETRY_MS);
	}
	rmdir(RUN_ROOT); /* the last one out; busy while another command runs */
}

void run_cgroup_wait_agent(const char *key, int timeout_ms)
{
	uint64_t until = util_now_ns() + (uint64_t)timeout_ms * 1000000u;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PATH_CGROUP_ROOT "/" CGROUP_AGENTS "/%s", key);
	while (access(path, F_OK) == 0 && util_now_ns() < until)
		poll(NULL, 0, RETRY_MS);
}
