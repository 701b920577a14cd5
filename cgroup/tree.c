/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

#define AT(path) PATH_CGROUP_ROOT "/" path

static void put(const char *file, const char *text)
{
	_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, text, strlen(text));
}

/* A controller the parent does not offer is left out: the bound is then not there, nothing else. */
static void enable(const char *file)
{
	put(file, "+memory");
	put(file, "+pids");
	put(file, "+cpu");
}

int tree_make(void)
{
	static const char *const dirs[] = {AT(CGROUP_REEVE), AT(CGROUP_ANCHOR), AT(CGROUP_AGENTS),
					   AT(CGROUP_LEAVING)};
	uid_t uid;
	gid_t gid;
	int r = util_user_ids(REEVE_USER, &uid, &gid);

	if (r)
		return log_err(r, "find user %s: make it with 'adduser --system --group %s'",
			       REEVE_USER, REEVE_USER);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], 0755) < 0 && errno != EEXIST)
			return log_err(-errno, "make cgroup %s: is cgroup v2 mounted at %s?", dirs[i],
				       PATH_CGROUP_ROOT);
	enable(AT("cgroup.subtree_control"));
	enable(AT(CGROUP_REEVE "/cgroup.subtree_control"));
	enable(AT(CGROUP_AGENTS "/cgroup.subtree_control"));
	put(AT(CGROUP_AGENTS "/cpu.max"), TREE_AGENTS_CPU_MAX);
	if (chown(AT(CGROUP_AGENTS), uid, gid) < 0)
		return log_err(-errno, "give %s to user %s", AT(CGROUP_AGENTS), REEVE_USER);
	return 0;
}

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
	if (nftw(AT(CGROUP_REEVE), remove_dir, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
	    errno != ENOENT)
		return -errno;
	return first_error;
}
