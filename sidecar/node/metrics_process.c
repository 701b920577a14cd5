/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics.h. What /proc/self does not tell is left out. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include "sidecar/common/util.h"
#include "sidecar/node/metrics.h"

#define STAT_MAX 4096

/* Field n (from 1) of /proc/self/stat behind the name, which may hold anything. */
static bool stat_field(const char *stat, unsigned n, unsigned long long *ret)
{
	const char *at = strrchr(stat, ')');

	for (unsigned i = 2; at && i < n; i++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %llu", ret) == 1;
}

static void put_memory(FILE *f)
{
	_free_ char *stat = NULL;
	unsigned long long n;
	size_t len;

	if (util_read_file(AT_FDCWD, "/proc/self/stat", STAT_MAX, &stat, &len) < 0)
		return;
	if (stat_field(stat, 24, &n))
		metrics_one(f, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
			    n * (uint64_t)sysconf(_SC_PAGESIZE));
	if (stat_field(stat, 23, &n))
		metrics_one(f, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", n);
	if (!stat_field(stat, 22, &n))
		return;
	metrics_head(f, "process_start_time_seconds", "gauge",
		     "Start time of the process since unix epoch in seconds.");
	fprintf(f, "process_start_time_seconds %.2f\n",
		(double)(util_wall_ns() - util_boot_ns()) / 1e9 + (double)n / (double)sysconf(_SC_CLK_TCK));
}

static void put_cpu(FILE *f)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) < 0)
		return;
	metrics_head(f, "process_cpu_seconds_total", "counter",
		     "Total user and system CPU time spent in seconds.");
	fprintf(f, "process_cpu_seconds_total %.6f\n",
		(double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

static void put_files(FILE *f)
{
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit;
	uint64_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir) {
		closedir(dir);
		/* . and .., and the directory itself */
		metrics_one(f, "process_open_fds", "gauge", "Number of open file descriptors.", n - 3);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metrics_one(f, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
			    limit.rlim_cur);
}

void metrics_process(FILE *f)
{
	put_memory(f);
	put_cpu(f);
	put_files(f);
}
