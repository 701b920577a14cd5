/* SPDX-License-Identifier: Apache-2.0 */
/* What a host must have before reeve can guard a container on it: one table, walked by the hook
 * (stops at the first that fails) and by `reeve doctor` (shows them all). Nothing is changed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define HOST_KERNEL_MAJOR 6 /* oldest kernel with all we attach: lsm_cgroup, kptrs, dynptrs */
#define HOST_KERNEL_MINOR 1
#define HOST_TEXT_MAX 256 /* bytes, NUL included */

enum host_cgroup {
	HOST_CGROUP_V2,	    /* cgroup v2 at PATH_CGROUP_ROOT */
	HOST_CGROUP_HYBRID, /* v1 there, v2 only at its unified/ */
	HOST_CGROUP_V1,	    /* v1 alone */
	HOST_CGROUP_NONE,   /* nothing mounted there */
};

struct host_check {
	const char *name; /* "kernel", "bpf-lsm", ...: stable, `doctor --json` shows it */
	/* 0: text says what was found. -errno: text says what was found, what was expected, and
	 * what to do. text has HOST_TEXT_MAX bytes. Does not block. */
	int (*check)(char *text);
};

extern const struct host_check host_checks[];
extern const size_t host_checks_count;

/* The first check that fails: its error, its text in text; 0 when the host can run reeve. */
int host_ready(char *text);

/* root: as PATH_CGROUP_ROOT. */
enum host_cgroup host_cgroup_kind(const char *root);
/* Whether a comma-separated list as in /sys/kernel/security/lsm has that name. */
bool host_lsm_listed(const char *list, const char *name);
/* release as uname gives it ("6.1.0-31-amd64"). */
bool host_kernel_at_least(const char *release, int major, int minor);
/* Whether text, as in /proc/self/uid_map, maps every id to itself: no user namespace. */
bool host_uid_map_is_host(const char *text);
