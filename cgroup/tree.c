/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to libcgroup. */
#include "cgroup/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

static void group_free(struct cgroup **g)
{
	cgroup_free(g);
}

static bool offered(const char *controller)
{
	_free_ char *text = NULL;
	size_t len;

	return util_read_file(AT_FDCWD, PATH_CGROUP_ROOT "/cgroup.controllers", 4096, &text,
			      &len) == 0 &&
	       strstr(text, controller);
}

/* A controller the root does not offer is left out: the bound is then not there, nothing else. */
static int add(struct cgroup *g, const char *controller, const char *file, const char *value)
{
	struct cgroup_controller *c;

	if (!offered(controller))
		return 0;
	c = cgroup_add_controller(g, controller);
	if (!c)
		return ECGFAIL;
	return file ? cgroup_add_value_string(c, file, value) : 0;
}

/* libcgroup makes a cgroup only where it has a controller to set. */
static int make_plain(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), PATH_CGROUP_ROOT "/%s", name);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return log_err(-errno, "make cgroup %s: is cgroup v2 mounted at %s?", path,
			       PATH_CGROUP_ROOT);
	return 0;
}

static int create(struct cgroup *g, const char *name, int r)
{
	if (!r)
		r = cgroup_create_cgroup(g, 0);
	return r ? log_err(-EIO, "bound cgroup %s: libcgroup: %s", name, cgroup_strerror(r)) : 0;
}

/* All of them together. Weighed here: below it would be against each other alone. */
static int make_reeve(void)
{
	__attribute__((cleanup(group_free))) struct cgroup *g = cgroup_new_cgroup(CGROUP_REEVE);

	return create(g, CGROUP_REEVE, g ? add(g, "cpu", "cpu.weight", TREE_CPU_WEIGHT) : ECGFAIL);
}

static int make_agents(void)
{
	__attribute__((cleanup(group_free))) struct cgroup *g = cgroup_new_cgroup(CGROUP_AGENTS);
	int r = g ? 0 : ECGFAIL;

	if (!r)
		r = add(g, "memory", NULL, NULL);
	if (!r)
		r = add(g, "pids", NULL, NULL);
	return create(g, CGROUP_AGENTS, r);
}

/* What the agents' own cgroups are bounded by; libcgroup enables controllers only above them. */
static void enable(const char *controller)
{
	_close_ int fd = open(PATH_CGROUP_ROOT "/" CGROUP_AGENTS "/cgroup.subtree_control",
			      O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, controller, strlen(controller));
}

static int begin(void)
{
	int r = cgroup_init();

	return r ? log_err(-ENODEV, "libcgroup: %s", cgroup_strerror(r)) : 0;
}

int tree_weigh(void)
{
	int r = begin();

	return r ? r : make_reeve();
}

int tree_make(void)
{
	uid_t uid;
	gid_t gid;
	int r = util_user_ids(REEVE_USER, &uid, &gid);

	if (r)
		return log_err(r, "find user %s: make it with 'adduser --system --group %s'",
			       REEVE_USER, REEVE_USER);
	if (access(PATH_CGROUP_ROOT "/" CGROUP_LEAVING, F_OK) == 0)
		return 0; /* made last */
	r = begin();
	if (!r)
		r = make_plain(CGROUP_REEVE);
	if (!r)
		r = make_plain(CGROUP_ANCHOR);
	if (!r)
		r = make_plain(CGROUP_AGENTS);
	if (!r)
		r = make_reeve();
	if (!r)
		r = make_agents();
	if (r)
		return r;
	enable("+memory");
	enable("+pids");
	if (chown(PATH_CGROUP_ROOT "/" CGROUP_AGENTS, uid, gid) < 0)
		return log_err(-errno, "give " CGROUP_AGENTS " to user %s", REEVE_USER);
	return make_plain(CGROUP_LEAVING);
}
