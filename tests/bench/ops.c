// SPDX-License-Identifier: Apache-2.0
/* ops DIR [OP...]: runs each operation in batches and prints, per operation, the instructions of
 * the fastest batch and those of the collectors:
 *     NAME <tab> INLINE <tab> AGENT <tab> NODE
 * INLINE is CPU time of this process and its children: what a container's own task pays, whoever
 * else shares the CPU. AGENT and NODE are the CPU time of the processes named by
 * BENCH_COLLECTORS=AGENT_PID,NODE_PID over all operations, from before the first until they are
 * quiet again, so with every commit; 0 without. */
#include "bench.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCHES 3
#define COLLECTORS 2
#define QUIET_NS                                                                                   \
	60000ull /* CPU time in QUIET_US under which a collector has nothing left to do            \
		  */
#define QUIET_US 200000
#define QUIET_TURNS_MAX 200
#define PORT_REFUSED 9

static char file_path[256], program_path[256], path_40[64], path_200[256];

static void open_close(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		DIE("open %s", path);
	close(fd);
}

static void op_open(void)
{
	open_close(file_path);
}

/* By paths of 40 and of 200 bytes, of five names each. */
static void op_open_40(void)
{
	open_close(path_40);
}

static void op_open_200(void)
{
	open_close(path_200);
}

static void reap(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		DIE("a child went wrong");
}

static void op_exec(void)
{
	char *argv[] = {program_path, NULL}, *env[] = {NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execve(program_path, argv, env);
		_exit(127);
	}
	reap(pid);
}

static void op_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	reap(pid);
}

static void op_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(PORT_REFUSED),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno != ECONNREFUSED)
		DIE("connect to a closed port");
	close(fd);
}

#define BUILD_EXECS 2000
#define BUILD_CONNECTS 2000

/* What a build does: unpacks DIR/files.tar with the real tar, runs programs, connects. The unpacked
 * files are the caller's to remove. */
static void op_build(void)
{
	char archive[300], into[300];
	char *argv[] = {"tar", "-xf", archive, "-C", into, NULL};
	pid_t pid;

	snprintf(archive, sizeof(archive), "%s.tar", file_path);
	snprintf(into, sizeof(into), "%s.out", file_path);
	pid = fork();
	if (pid == 0) {
		execv("/usr/bin/tar", argv);
		_exit(127);
	}
	reap(pid);
	for (unsigned i = 0; i < BUILD_EXECS; i++)
		op_exec();
	for (unsigned i = 0; i < BUILD_CONNECTS; i++)
		op_connect();
}

static const struct op {
	const char *name;
	void (*run)(void);
	unsigned batch;
	bool once;  /* not warmed, not repeated */
	bool asked; /* only when asked for */
} ops[] = {
    {"open", op_open, 6000, false, false}, /* enough records for the store to fold its log back, too */
    {"exec", op_exec, 120, false, false},
    {"fork", op_fork, 120, false, false},
    {"connect", op_connect, 400, false, false},
    {"open40", op_open_40, 3000, false, true},
    {"open200", op_open_200, 3000, false, true},
    {"build", op_build, 1, true, true},
};

static uint64_t own_cpu(void)
{
	struct rusage r;

	if (getrusage(RUSAGE_CHILDREN, &r) < 0)
		DIE("getrusage");
	return clock_read(CLOCK_PROCESS_CPUTIME_ID) +
	       (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000ull +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000ull;
}

static bool collectors_open(clockid_t *ret)
{
	const char *text = getenv("BENCH_COLLECTORS");
	int pid[COLLECTORS];

	if (!text)
		return false;
	if (sscanf(text, "%d,%d", &pid[0], &pid[1]) != COLLECTORS)
		DIE("BENCH_COLLECTORS=%s", text);
	for (int i = 0; i < COLLECTORS; i++) {
		errno = clock_getcpuclockid(pid[i], &ret[i]);
		if (errno)
			DIE("clock of process %d", pid[i]);
	}
	return true;
}

/* Waits until both have slept through one look. */
static void collectors_settle(const clockid_t *clocks, uint64_t *ret)
{
	for (int turn = 0; turn < QUIET_TURNS_MAX; turn++) {
		bool quiet = true;

		for (int i = 0; i < COLLECTORS; i++)
			ret[i] = clock_read(clocks[i]);
		usleep(QUIET_US);
		for (int i = 0; i < COLLECTORS; i++)
			quiet = quiet && clock_read(clocks[i]) - ret[i] < QUIET_NS;
		if (quiet)
			return;
	}
	error(1, 0, "the collectors never came to rest");
}

static uint64_t batch(const struct op *op)
{
	uint64_t begin = own_cpu();

	for (unsigned i = 0; i < op->batch; i++)
		op->run();
	return (own_cpu() - begin) / op->batch;
}

static void measure(const struct op *op, const clockid_t *clocks)
{
	uint64_t before[COLLECTORS] = {0}, after[COLLECTORS] = {0}, best = UINT64_MAX;
	uint64_t total = op->once ? 1 : (BATCHES + 1) * op->batch;

	if (clocks)
		collectors_settle(clocks, before);
	if (!op->once)
		batch(op); /* warm */
	for (int i = 0; i < (op->once ? 1 : BATCHES); i++) {
		uint64_t cost = batch(op);

		best = cost < best ? cost : best;
	}
	if (clocks)
		collectors_settle(clocks, after);
	printf("%s\t%llu\t%llu\t%llu\n", op->name, (unsigned long long)best,
	       (unsigned long long)((after[0] - before[0]) / total),
	       (unsigned long long)((after[1] - before[1]) / total));
	fflush(stdout);
}

/* DIR/nnn/nnn/nnn/nnn, len bytes; guest.sh makes them the same way. */
static void path_of(char *to, const char *dir, size_t len)
{
	size_t name = (len - strlen(dir)) / 4 - 1, at = (size_t)sprintf(to, "%s", dir);

	for (unsigned i = 0; i < 4; i++) {
		to[at++] = '/';
		memset(to + at, 'n', name);
		at += name;
	}
	while (at < len)
		to[at++] = 'n';
	to[at] = '\0';
}

int main(int argc, char **argv)
{
	clockid_t clocks[COLLECTORS];
	bool collect;

	if (argc < 2)
		error(2, 0, "usage: ops DIR [OP...]");
	snprintf(file_path, sizeof(file_path), "%s/file", argv[1]);
	snprintf(program_path, sizeof(program_path), "%s/true", argv[1]);
	path_of(path_40, argv[1], 40);
	path_of(path_200, argv[1], 200);
	collect = collectors_open(clocks);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		bool wanted = argc == 2 && !ops[i].asked;

		for (int k = 2; k < argc; k++)
			wanted = wanted || strcmp(argv[k], ops[i].name) == 0;
		if (wanted)
			measure(&ops[i], collect ? clocks : NULL);
	}
	return 0;
}
