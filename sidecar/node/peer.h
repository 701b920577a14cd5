/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of the agents' socket: it must run as our user in the own cgroup of one
 * of our agents, and that cgroup's name says which container it may speak for. */
#pragma once
#include <stddef.h>
#include <sys/types.h>
#include "sidecar/common/paths.h"

/* From the text of /proc/PID/cgroup: the agent's KEY. Exactly "/" CGROUP_AGENTS "/KEY": a container
 * can make cgroups of any name below its own, so the end of the path proves nothing.
 * -EACCES: not one of ours. */
int peer_key(const char *proc_cgroup, char ret_key[KEY_SIZE]);

/* The same for a connected socket; uid: REEVE_USER's. */
int peer_check(int fd, uid_t uid, char ret_key[KEY_SIZE], pid_t *ret_pid);
