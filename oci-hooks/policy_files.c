// SPDX-License-Identifier: Apache-2.0
/* See policy_files.h. */
#include "policy_files.h"
#include "sidecar/common/util.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_CHARS 63

void policy_files_release(struct policy_files *f)
{
	while (f->count > 0)
		free(f->paths[--f->count]);
}

int policy_files_name_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_CHARS && strspn(name, allowed) == len;
}

int policy_files_add_file(struct policy_files *f, const char *path, int optional, char *error,
			  size_t error_size)
{
	char *copy;

	if (path[0] != '/')
		return util_refuse(-EINVAL, error, error_size,
				   "policy file %.200s: expected an absolute path", path);
	if (access(path, R_OK) < 0) {
		if (optional && errno == ENOENT)
			return 0;
		return util_refuse(-errno, error, error_size,
				   "policy file %.200s cannot be read (%s): create it, or take its "
				   "name away",
				   path, strerror(errno));
	}
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->paths[i], path) == 0)
			return 0;
	if (f->count >= SPAWN_POLICIES_MAX)
		return util_refuse(-E2BIG, error, error_size, "more than %d policies",
				   SPAWN_POLICIES_MAX);
	copy = strdup(path);
	if (!copy)
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	f->paths[f->count++] = copy;
	return 0;
}

int policy_files_add_name(struct policy_files *f, const char *dir, const char *name, char *error,
			  size_t error_size)
{
	_free_ char *path = NULL;

	if (!policy_files_name_valid(name))
		return util_refuse(-EINVAL, error, error_size,
				   "policy name \"%.80s\": expected 1..%d characters of "
				   "[A-Za-z0-9_-]",
				   name, NAME_MAX_CHARS);
	if (asprintf(&path, "%s/%s.json", dir, name) < 0) {
		path = NULL;
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	}
	return policy_files_add_file(f, path, 0, error, error_size);
}
