/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy files apply to a container: the host's default, those of the hook's arguments, the
 * one its annotation names. Each only adds restrictions. Paths only: the agent reads them. */
#pragma once
#include <stddef.h>
#include "sidecar/common/spawn.h"

struct policy_files {
	char *paths[SPAWN_POLICIES_MAX]; /* absolute, no path twice */
	size_t count;
};

void policy_files_release(struct policy_files *f);
#define _policy_files_ __attribute__((cleanup(policy_files_release)))

/* 1 when name is [A-Za-z0-9_-]{1,63}. */
int policy_files_name_valid(const char *name);

/* The file at an absolute path; optional: its absence is fine. Errors with a reason in error:
 * -ENOENT, -EACCES, ..., -EINVAL (not absolute), -E2BIG (over SPAWN_POLICIES_MAX), -ENOMEM. */
int policy_files_add_file(struct policy_files *f, const char *path, int optional, char *error,
			  size_t error_size);

/* DIR/NAME.json, which must exist. dir: PATH_POLICIES. */
int policy_files_add_name(struct policy_files *f, const char *dir, const char *name, char *error,
			  size_t error_size);
