/* SPDX-License-Identifier: Apache-2.0 */
/* See known.h. */
#include "sidecar/node/known.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

static int read_meta(int dir_fd, const char *key, struct meta *ret)
{
	_json_ struct json *j = NULL;
	_free_ char *text = NULL;
	char path[KEY_SIZE + 8], error[256];
	size_t len;
	int r;

	if (strlen(key) != KEY_SIZE - 1)
		return -EINVAL;
	snprintf(path, sizeof(path), "%.16s/meta", key);
	r = util_read_file(dir_fd, path, META_SIZE_MAX, &text, &len);
	if (r == 0)
		r = json_parse(text, len, false, &j, error, sizeof(error));
	if (r == 0)
		r = meta_from_json(j, ret, error, sizeof(error));
	return r;
}

int known_find(uint64_t generation, struct meta *ret)
{
	DIR *dir = opendir(PATH_RUN_CONTAINERS);
	struct dirent *entry;
	int r = -ENOENT;

	if (!dir)
		return -errno;
	while (r < 0 && (entry = readdir(dir))) {
		struct meta meta = {};

		if (read_meta(dirfd(dir), entry->d_name, &meta) < 0)
			continue;
		if (meta.generation == generation) {
			*ret = meta;
			r = 0;
		} else
			meta_release(&meta);
	}
	closedir(dir);
	return r;
}
