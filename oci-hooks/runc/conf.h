/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper's own configuration: which runtime it stands for, and what it adds. One JSON object
 * with comments, every member optional:
 *   {"runtime": "/usr/sbin/runc", "hook": ["/usr/local/bin/reeve-hook", "--record", "exec"],
 * "fail": "open"} hook: path and arguments; without, reeve-hook beside the wrapper. fail: what
 * becomes of a container whose bundle cannot be given the hook. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define CONF_SIZE_MAX (64u << 10)
#define CONF_HOOK_MAX 64 /* path and arguments */

struct conf {
	char runtime[PATH_MAX];
	char hook_path[PATH_MAX];
	const char *hook[CONF_HOOK_MAX + 1]; /* ended by NULL; [0] is hook_path */
	bool fail_closed;
	struct json *root; /* the arguments' */
};

void conf_release(struct conf *c);
#define _conf_ __attribute__((cleanup(conf_release)))

/* From path; a file that is not there is an empty one. Does not look for the runtime. makes: whether the call makes a
 * container; any other needs no more than "runtime", and a member beside it that is wrong must not keep it from stopping
 * one. -EINVAL and others with "PATH:line:column: found, expected" in error. */
int conf_read(const char *path, bool makes, struct conf *ret, char *error, size_t error_size);
/* Whether it can be run: no directory, no file without the right. */
bool conf_is_program(const char *path);
/* The runtime to run: the one named, which must be there, or runc, else crun, of dirs. Never this
 * program, nor a copy of it. */
int conf_find_runtime(struct conf *c, const char *const *dirs, size_t dirs_count, char *error,
		      size_t error_size);
