/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecar/common/pins.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "bpf/abi.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

static int read_meta(struct rv_meta *ret)
{
	_close_ int fd = kbpf_obj_get(PATH_PIN_MAPS "/reeve_meta");
	uint32_t zero = 0;

	return fd < 0 ? fd : kbpf_map_lookup(fd, &zero, ret);
}

int pins_build(char *ret, size_t size)
{
	struct rv_meta meta = {};
	int r = read_meta(&meta);

	if (r)
		return r;
	meta.build[sizeof(meta.build) - 1] = 0;
	snprintf(ret, size, "%s", meta.build);
	return 0;
}

int pins_abi(unsigned *ret)
{
	struct rv_meta meta = {};
	int r = read_meta(&meta);

	if (r == 0)
		*ret = meta.abi_version;
	return r;
}

int pins_count_containers(unsigned *ret)
{
	DIR *d = opendir(PATH_PIN_CONTAINERS);
	struct dirent *e;
	unsigned n = 0;

	if (!d && errno != ENOENT)
		return -errno;
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	*ret = n;
	return 0;
}

int pins_state(const char *key, struct rv_state *ret)
{
	const struct rv_state *state;
	char path[128];
	_close_ int fd = -1;

	snprintf(path, sizeof(path), PATH_PIN_CONTAINERS "/%.64s/state", key);
	fd = kbpf_obj_get(path);
	if (fd < 0)
		return fd;
	state = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		return -errno;
	*ret = *state;
	munmap((void *)state, 4096);
	return 0;
}

bool pins_guarded(const char *key)
{
	struct rv_state state;

	return pins_state(key, &state) == 0 && state.prepared == RV_PREPARED;
}

static int first_error;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	if (remove(path) < 0 && errno != ENOENT && !first_error)
		first_error = -errno;
	return 0;
}

int pins_remove_dir(const char *path)
{
	first_error = 0;
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return -errno;
	return first_error;
}

int pins_remove_all(void)
{
	return pins_remove_dir(PATH_PINS);
}
