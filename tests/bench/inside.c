// SPDX-License-Identifier: Apache-2.0
/* inside NAME [--agent ARG]... -- CMD...: runs CMD in the fresh cgroup NAME. With --agent, under a
 * reeve-agent started as spawn.h says, each ARG added to its command line; CMD then finds the
 * agent's and the node's pid in BENCH_COLLECTORS (see ops.c). */
#include "bench.h"
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cgroup/own.h"
#include "cgroup/place.h"
#include "sidecar/common/launch.h"
#include "sidecar/common/meta.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

#define AGENT "/usr/local/bin/reeve-agent"
#define AGENT_ARGS_MAX 16
#define READY_MS 120000 /* a policy of ten thousand rules takes its time */
#define LEAVE_MS 5000

struct agent_args {
	char *argv[AGENT_ARGS_MAX + 1];
	int argc;
};

static int meta_memfd(const char *name, const struct place *place)
{
	_json_out_ struct json_out *o = json_out_new();
	struct meta meta = {
	    .cgroup_id = place->id, .cgroup = (char *)place->path, .runtime = (char *)"bench"};
	const char *text;
	size_t len;
	int fd = memfd_create("meta", MFD_CLOEXEC);

	snprintf(meta.id, sizeof(meta.id), "%s", name);
	snprintf(meta.name, sizeof(meta.name), "%s", name);
	snprintf(meta.key, sizeof(meta.key), "%016" PRIx64, place->id);
	if (fd < 0 || meta_to_json(&meta, o) || json_out_text(o, &text, &len) ||
	    util_write_all(fd, text, len))
		DIE("describe the container");
	return fd;
}

static void wait_ready(int fd)
{
	_free_ char *line = NULL;
	size_t len;

	if (util_read_all(fd, 4096, READY_MS, &line, &len) || strcmp(line, "ready\n") != 0)
		error(1, 0, "the agent said '%s'", line ? line : "nothing");
}

/* The agent's pidfd. */
static int start_agent(const char *name, pid_t pid, struct agent_args *args)
{
	_place_ struct place place = PLACE_NONE;
	char why[512] = "", key[KEY_SIZE];
	int own_fd = -1, ready[2], agent_fd, init_fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (init_fd < 0 || pipe2(ready, O_CLOEXEC) < 0)
		DIE("pidfd_open");
	if (place_of_pid(pid, init_fd, &place, why, sizeof(why)))
		error(1, 0, "%s", why);
	snprintf(key, sizeof(key), "%016llx", (unsigned long long)place.id);
	if (own_make(key, &own_fd))
		DIE("make the agent's cgroup");
	int fds[] = {ready[1], meta_memfd(name, &place), place.fd, init_fd};
	struct launch l = {.path = AGENT,
			   .argv = args->argv,
			   .fds = fds,
			   .fds_count = ARRAY_SIZE(fds),
			   .stderr_fd = STDERR_FILENO,
			   .cgroup_fd = &own_fd};

	if (launch_detached(&l, &agent_fd))
		DIE("start %s", AGENT);
	close(ready[1]);
	wait_ready(ready[0]);
	close(ready[0]);
	close(fds[1]);
	close(init_fd);
	return agent_fd;
}

static int pid_of(int pidfd)
{
	char path[64], text[512];
	const char *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		DIE("read %s", path);
	close(fd);
	text[n] = 0;
	at = strstr(text, "Pid:");
	return at ? atoi(at + 4) : -1;
}

static int node_pid(void)
{
	_free_ char *text = NULL;
	size_t len;

	if (util_read_file(AT_FDCWD, PATH_NODE_PID, 64, &text, &len))
		DIE("read %s", PATH_NODE_PID);
	return atoi(text);
}

static int parse(int argc, char **argv, struct agent_args *args)
{
	static const char *const base[] = {"reeve-agent", "--ready-fd", "3",
					   "--meta-fd",	  "4",		"--cgroup-fd",
					   "5",		  "--init-fd",	"6"};
	int at = 2;

	while (args->argc < (int)ARRAY_SIZE(base)) {
		args->argv[args->argc] = (char *)base[args->argc];
		args->argc++;
	}
	for (; at + 1 < argc && strcmp(argv[at], "--agent") == 0; at += 2) {
		if (args->argc == AGENT_ARGS_MAX)
			error(2, 0, "too many --agent");
		args->argv[args->argc++] = argv[at + 1];
	}
	if (at + 1 >= argc || strcmp(argv[at], "--") != 0)
		error(2, 0, "usage: inside NAME [--agent ARG]... -- CMD...");
	return at + 1;
}

int main(int argc, char **argv)
{
	struct agent_args args = {};
	int at = parse(argc, argv, &args), agent_fd = -1, status;
	char env[64] = "BENCH=1";
	struct held h = held_start(argv[1], argv + at);

	if (at > 3) {
		agent_fd = start_agent(argv[1], h.pid, &args);
		snprintf(env, sizeof(env), "BENCH_COLLECTORS=%d,%d", pid_of(agent_fd), node_pid());
	}
	status = held_go(&h, env);
	if (agent_fd >= 0) {
		struct pollfd p = {.fd = agent_fd, .events = POLLIN};

		if (poll(&p, 1, LEAVE_MS) != 1)
			error(1, 0, "the agent of %s stays", argv[1]);
	}
	held_remove(argv[1]);
	return status;
}
