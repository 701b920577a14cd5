/* SPDX-License-Identifier: Apache-2.0 */
/* See space.h. */
#include "cgroup/space.h"
#include "sidecar/common/util.h"
#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

#define FIRST_INO 0xEFFFFFFBu /* PROC_CGROUP_INIT_INO: the boot's own cgroup namespace */

int space_join_host(void)
{
	_close_ int fd = -1;
	struct stat st;

	if (stat("/proc/self/ns/cgroup", &st) < 0)
		return -errno;
	if (st.st_ino == FIRST_INO)
		return 0;
	fd = open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != FIRST_INO)
		return -ESRCH;
	return setns(fd, CLONE_NEWCGROUP) < 0 ? -errno : 0;
}
