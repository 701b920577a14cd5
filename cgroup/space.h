/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup namespace of a daemon that runs in a container itself: from inside one, paths in /proc
 * are relative to it, and the kernel lets no process be born outside it. */
#pragma once

/* Enters that of pid 1 where it is another: the host's, for whoever shares its pids. 0: there;
 * -ESRCH: pid 1 is not the host's; -EACCES, -EPERM: CAP_SYS_PTRACE or CAP_SYS_ADMIN is missing. */
int space_join_host(void);
