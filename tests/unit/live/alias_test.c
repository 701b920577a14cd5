/* SPDX-License-Identifier: Apache-2.0 */
/* Where a bundle says its root is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/live/alias.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static const char *rootfs(const struct dir *dir, const char *config)
{
	static char path[PATH_MAX];
	size_t len = strlen(dir->path);
	int r;

	dir_file(dir, "config.json", config);
	r = alias_rootfs(dir->path, path);
	if (r == 0)
		return strncmp(path, dir->path, len) == 0 ? path + len : path;
	return r == -EINVAL ? "EINVAL" : r == -ENAMETOOLONG ? "ENAMETOOLONG" : "?";
}

TEST("alias: the root of a bundle")
{
	_dir_ struct dir dir = dir_make();
	_dir_ struct dir empty = dir_make();
	char path[PATH_MAX], text[PATH_MAX + 64];

	CHECK_STR(rootfs(&dir, "{\"root\":{\"path\":\"rootfs\"}}"), "/rootfs");
	CHECK_STR(rootfs(&dir, "{\"root\":{\"path\":\"/var/lib/merged\"}}"), "/var/lib/merged");
	/* A number no 64 bits hold stands in many a config.json. */
	CHECK_STR(rootfs(&dir, "{\"process\":{\"rlimits\":[{\"hard\":18446744073709551615}]},\"root\":{\"path\":\"r\"}}"), "/r");
	CHECK_STR(rootfs(&dir, "{\"root\":{\"path\":\"\"}}"), "EINVAL");
	CHECK_STR(rootfs(&dir, "{\"root\":{\"path\":7}}"), "EINVAL");
	CHECK_STR(rootfs(&dir, "{\"root\":\"rootfs\"}"), "EINVAL");
	CHECK_STR(rootfs(&dir, "{}"), "EINVAL");
	CHECK_STR(rootfs(&dir, "{\"root\":"), "EINVAL");
	CHECK_STR(rootfs(&dir, ""), "EINVAL");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	snprintf(text, sizeof(text), "{\"root\":{\"path\":\"%s\"}}", path);
	CHECK_STR(rootfs(&dir, text), "ENAMETOOLONG");
	CHECK_INT(alias_rootfs(empty.path, path), -ENOENT);
}
