/* SPDX-License-Identifier: Apache-2.0 */
/* The other half of tree.h, apart: who removes needs no libcgroup. */
#include <errno.h>
#include <ftw.h>
#include <unistd.h>
#include "cgroup/tree.h"
#include "sidecar/common/paths.h"

static int first_error;

static int remove_dir(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_DP && rmdir(path) < 0 && errno != ENOENT && !first_error)
		first_error = -errno;
	return 0;
}

int tree_remove(void)
{
	first_error = 0;
	if (nftw(PATH_CGROUP_ROOT "/" CGROUP_REEVE, remove_dir, 16,
		 FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
	    errno != ENOENT)
		return -errno;
	return first_error;
}
