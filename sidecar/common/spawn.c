// SPDX-License-Identifier: Apache-2.0
/* See spawn.h. */
#include "cgroup/own.h"
#include "sidecar/common/pins.h"
#include "spawn.h"
#include "launch.h"
#include "paths.h"
#include "util.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PIN_LOADED PATH_PIN_MAPS "/reeve_meta"
#define KILLED_MS 400	 /* for a killed process to end: it may sit in a grace period */
#define LOADER_END_MS 50 /* from its last word to its end */
#define ARGS_MAX (20 + 2 * SPAWN_POLICIES_MAX)

/* A text in a memfd nobody can change any more. */
static int seal(const char *name, const char *text, size_t len, int *ret_fd)
{
	_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = util_write_all(fd, text, len);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int seal_meta(const struct meta *meta, int *ret_fd)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *text;
	size_t len;
	int r;

	r = meta_to_json(meta, o);
	if (r == 0)
		r = json_out_text(o, &text, &len);
	if (r < 0)
		return r;
	return len > META_SIZE_MAX ? -EFBIG : seal("reeve-meta", text, len, ret_fd);
}

static int start_adopting(const char *path, const char *key, int *cgroup_fd, int ready_fd,
			  int *ret_pidfd)
{
	char *argv[] = {"reeve-agent", "--ready-fd", "3", "--adopt", (char *)key, NULL};
	struct launch l = {.path = path,
			   .argv = argv,
			   .fds = &ready_fd,
			   .fds_count = 1,
			   .stderr_fd = -1,
			   .cgroup_fd = cgroup_fd};

	return launch_detached(&l, ret_pidfd);
}

static int start_fresh(const char *path, const struct spawn_request *request, int *cgroup_fd,
		       int ready_fd, int *ret_pidfd)
{
	char *argv[ARGS_MAX + 1] = {
	    "reeve-agent",
	    "--ready-fd",
	    "3",
	    "--meta-fd",
	    "4",
	    "--cgroup-fd",
	    "5",
	    "--init-fd",
	    "6",
	    "--fail",
	    request->fail_closed ? "closed" : "open",
	};
	int fds[] = {ready_fd, -1, request->cgroup_fd, request->init_fd, -1};
	struct launch l = {.path = path,
			   .argv = argv,
			   .fds = fds,
			   .fds_count = ARRAY_SIZE(fds) - 1,
			   .stderr_fd = -1,
			   .cgroup_fd = cgroup_fd};
	_close_ int meta_fd = -1;
	_close_ int annotated_fd = -1;
	size_t argc = 11;
	int r;

	if (request->policies_count > SPAWN_POLICIES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < request->policies_count; i++) {
		argv[argc++] = "--policy";
		argv[argc++] = (char *)request->policies[i];
	}
	if (request->annotated) {
		argv[argc++] = "--annotated";
		argv[argc++] = (char *)request->annotated;
	}
	if (request->annotated_text) {
		argv[argc++] = "--annotated-fd";
		argv[argc++] = "7";
		r = seal("reeve-policy", request->annotated_text, strlen(request->annotated_text),
			 &annotated_fd);
		if (r < 0)
			return r;
		fds[4] = annotated_fd;
		l.fds_count++;
	}
	if (request->record) {
		argv[argc++] = "--record";
		argv[argc++] = (char *)request->record;
	}
	if (request->repeat) {
		argv[argc++] = "--repeat";
		argv[argc++] = (char *)request->repeat;
	}
	r = seal_meta(request->meta, &meta_fd);
	if (r < 0)
		return r;
	fds[1] = meta_fd;
	return launch_detached(&l, ret_pidfd);
}

static int understand(char *line, enum spawn_result *ret, char *error, size_t error_size)
{
	static const char prefix[] = "error: ", closed[] = "closed: ";

	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "ready") == 0) {
		*ret = SPAWN_READY;
		return 0;
	}
	if (strcmp(line, "exists") == 0) {
		*ret = SPAWN_EXISTS;
		return 0;
	}
	if (strncmp(line, prefix, strlen(prefix)) == 0)
		return util_refuse(-ECHILD, error, error_size, "agent: %s", line + strlen(prefix));
	if (strncmp(line, closed, strlen(closed)) == 0) {
		*ret = SPAWN_CLOSED;
		return util_refuse(-ECHILD, error, error_size, "agent: %s", line + strlen(closed));
	}
	return util_refuse(-ECHILD, error, error_size,
			   "the agent ended before it was ready: see its lines in the system log");
}

/* Waits for the end of a program that has no more to do and reaps it, where it is our child: see
 * PR_SET_CHILD_SUBREAPER in spawn.h. Past until_ns it is killed. */
static void see_off(int pidfd, uint64_t until_ns)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	siginfo_t info;

	while (poll(&p, 1, util_left_ms(until_ns)) < 0 && errno == EINTR)
		;
	if (!p.revents) {
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		poll(&p, 1, KILLED_MS);
	}
	waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
}

int spawn_agent(const struct spawn_request *request, int deadline_ms, enum spawn_result *ret,
		char *error, size_t error_size)
{
	uint64_t until_ns = util_now_ns() + (uint64_t)deadline_ms * 1000000;
	const char *key = request->adopt_key ? request->adopt_key : request->meta->key;
	_close_ int ready_fd = -1, agent_end = -1, pidfd = -1, cgroup_fd = -1;
	_free_ char *line = NULL;
	char path[PATH_MAX];
	int pair[2], r;
	size_t len;

	r = util_sibling("reeve-agent", path, sizeof(path));
	if (r < 0)
		return util_refuse(r, error, error_size, "cannot tell where reeve-agent is");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return util_refuse(-errno, error, error_size, "cannot make a pipe");
	ready_fd = pair[0];
	agent_end = pair[1];
	r = own_make(key, &cgroup_fd);
	if (r < 0)
		return util_refuse(r, error, error_size,
				   "cannot make the agent's cgroup " CGROUP_AGENTS "/%s", key);
	r = request->adopt_key ? start_adopting(path, key, &cgroup_fd, agent_end, &pidfd)
			       : start_fresh(path, request, &cgroup_fd, agent_end, &pidfd);
	if (r < 0) {
		own_remove(key);
		return util_refuse(r, error, error_size, "cannot start %s", path);
	}
	close(agent_end);
	agent_end = -1;
	r = util_read_all(ready_fd, SPAWN_TEXT_MAX, util_left_ms(until_ns), &line, &len);
	if (r == 0) {
		enum spawn_result result = SPAWN_READY;

		r = understand(line, &result, error, error_size);
		if (r < 0 || result != SPAWN_READY) {
			see_off(pidfd, until_ns);
			own_remove(key);
		}
		*ret = result;
		return r;
	}
	/* Late, but the container is guarded: the agent may take the time it needs for the rest. */
	if (r == -ETIMEDOUT && pins_guarded(key)) {
		*ret = SPAWN_READY;
		return 0;
	}
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	see_off(pidfd, until_ns);
	own_remove(key);
	if (r == -ETIMEDOUT)
		return util_refuse(r, error, error_size,
				   "the agent was not ready within %d ms and was ended",
				   deadline_ms);
	return util_refuse(r, error, error_size, "cannot read what the agent says, it was ended");
}

int spawn_load(int deadline_ms, char *error, size_t error_size)
{
	_close_ int read_fd = -1, write_fd = -1, pidfd = -1;
	_free_ char *text = NULL;
	char path[PATH_MAX];
	char *argv[] = {"reeve-load", NULL};
	struct launch l = {.path = path, .argv = argv, .fds = &write_fd, .fds_count = 1};
	int pair[2], r;
	size_t len;

	if (access(PIN_LOADED, F_OK) == 0)
		return 0;
	r = util_sibling("reeve-load", path, sizeof(path));
	if (r < 0)
		return util_refuse(r, error, error_size, "cannot tell where reeve-load is");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return util_refuse(-errno, error, error_size, "cannot make a pipe");
	read_fd = pair[0];
	write_fd = l.stderr_fd = pair[1];
	r = launch_detached(&l, &pidfd);
	if (r < 0)
		return util_refuse(r, error, error_size, "cannot start %s", path);
	close(write_fd);
	write_fd = -1;
	r = util_read_all(read_fd, 64u << 10, deadline_ms, &text, &len);
	if (r != -ETIMEDOUT)
		see_off(pidfd, util_now_ns() + LOADER_END_MS * 1000000ull);
	if (access(PIN_LOADED, F_OK) == 0)
		return 0;
	if (r == -ETIMEDOUT)
		return util_refuse(
		    r, error, error_size,
		    "reeve-load is still loading after %d ms: run it when the node boots",
		    deadline_ms);
	if (r < 0)
		return util_refuse(r, error, error_size, "cannot read what %s says", path);
	text[strcspn(text, "\n")] = '\0';
	return util_refuse(-ECHILD, error, error_size, "the programs could not be loaded: %.300s",
			   *text ? text : "reeve-load said nothing");
}
