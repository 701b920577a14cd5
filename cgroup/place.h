/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container is: pid -> cgroup v2 path -> open directory and id. Only looks; creates and
 * moves nothing. Every error text says what was found and what was expected. */
#pragma once
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct place {
	int fd;		     /* the cgroup's directory, O_RDONLY: what programs attach to */
	uint64_t id;	     /* as bpf_get_current_cgroup_id() gives it */
	char path[PATH_MAX]; /* below PATH_CGROUP_ROOT, starts with '/' */
};

#define PLACE_NONE                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}
void place_release(struct place *p);
#define _place_ __attribute__((cleanup(place_release)))

/* The container that pid is in. pidfd: of that pid, checked to be alive after all was read, so
 * that a reused pid is not taken for it. Goes up from crun's SCOPE/container (see place_climb).
 * -ESRCH: dead; -EXDEV: not below our cgroup root; -EPERM: in the root cgroup. */
int place_of_pid(pid_t pid, int pidfd, struct place *ret, char *error, size_t error_size);

/* Whether the calling process itself is in the cgroup at path or below: 1, 0, -errno. A container
 * started without a cgroup of its own shares its starter's. */
int place_has_caller(const char *path);

/* The cgroup with that id; path stays "". Needs CAP_DAC_READ_SEARCH. -ESTALE: gone. */
int place_of_id(uint64_t id, struct place *ret);

/* Whether processes live in the cgroup or below: 1, 0 (also when it is gone), -errno. */
int place_populated(int fd);

/* The parts, with nothing of the host in them. */

/* Path out of the text of /proc/PID/cgroup. -ENOENT: no v2 line; -EXDEV, -EPERM as above. */
int place_parse(const char *text, char *ret_path, size_t size, char *error, size_t error_size);
/* crun under systemd puts the container into SCOPE/container, and an exec can land in SCOPE: cuts
 * the last part off when it is "container", its parent's name ends in ".scope", and the parent
 * holds no process and no other child. 1: went up, 0: stayed. root_fd: where path begins. */
int place_climb(int root_fd, char *path);
