// SPDX-License-Identifier: Apache-2.0
/* wall N AFTER CMD...: runs CMD N times and prints, of the shortest run, the time from fork to its
 * end, and the part of it in which any task ran (the rest, the CPU waited). All processes count.
 * The shell command AFTER cleans up each time, unmeasured. */
#include "bench.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct cost {
	uint64_t elapsed;
	uint64_t running;
};

static int schedstat_fd;

/* Nanoseconds that tasks have run on the one CPU: seventh figure of its line. */
static uint64_t running(void)
{
	unsigned long long ns;
	char text[1024];
	ssize_t n = pread(schedstat_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	if (sscanf(text, "version %*u timestamp %*u cpu0 %*u %*u %*u %*u %*u %*u %llu", &ns) != 1)
		DIE("read /proc/schedstat");
	return ns;
}

static struct cost once(char **argv)
{
	uint64_t begin = clock_read(CLOCK_MONOTONIC), ran = running();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		execvp(argv[0], argv);
		DIE("run %s", argv[0]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		error(1, 0, "%s did not succeed", argv[0]);
	ran = running() - ran;
	return (struct cost){clock_read(CLOCK_MONOTONIC) - begin, ran};
}

int main(int argc, char **argv)
{
	struct cost best = {UINT64_MAX, 0};

	if (argc < 4)
		error(2, 0, "usage: wall N AFTER CMD...");
	schedstat_fd = open("/proc/schedstat", O_RDONLY | O_CLOEXEC);
	if (schedstat_fd < 0)
		DIE("open /proc/schedstat");
	for (int i = atoi(argv[1]); i > 0; i--) {
		struct cost cost = once(argv + 3);

		best = cost.elapsed < best.elapsed ? cost : best;
		if (system(argv[2]) != 0)
			error(1, 0, "'%s' did not succeed", argv[2]);
	}
	printf("%llu %llu\n", (unsigned long long)best.elapsed, (unsigned long long)best.running);
	return 0;
}
