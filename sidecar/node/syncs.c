/* SPDX-License-Identifier: Apache-2.0 */
/* See syncs.h. */
#include "sidecar/node/syncs.h"
#include "sidecar/common/util.h"

static struct syncs syncs;

int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

static int timed(int (*sync_it)(int), int fd)
{
	uint64_t began = util_now_ns();
	int r = sync_it(fd);

	syncs.count++;
	syncs.ns += util_now_ns() - began;
	return r;
}

int __wrap_fsync(int fd)
{
	return timed(__real_fsync, fd);
}

int __wrap_fdatasync(int fd)
{
	return timed(__real_fdatasync, fd);
}

struct syncs syncs_now(void)
{
	return syncs;
}
