/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/own.h"
#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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
	char text[512] = "";
	_close_ int fd =
		open(PATH_CGROUP_ROOT "/" CGROUP_AGENTS "/cgroup.controllers", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strstr(text, controller);
}

static int bound(struct cgroup *g, const char *controller, const char *file, const char *value)
{
	struct cgroup_controller *c;

	if (!offered(controller))
		return 0;
	c = cgroup_add_controller(g, controller);
	return c ? cgroup_add_value_string(c, file, value) : ECGFAIL;
}

int own_enter(const char *key, struct own *ret)
{
	__attribute__((cleanup(group_free))) struct cgroup *g = NULL;
	char name[64];
	int r = cgroup_init();

	if (r)
		return log_err(-ENODEV, "libcgroup: %s", cgroup_strerror(r));
	snprintf(name, sizeof(name), CGROUP_AGENTS "/%s", key);
	g = cgroup_new_cgroup(name);
	if (!g)
		return -ENOMEM;
	r = bound(g, "memory", "memory.max", OWN_MEMORY_MAX);
	if (!r)
		r = bound(g, "pids", "pids.max", OWN_PIDS_MAX);
	if (!r)
		r = cgroup_create_cgroup(g, 0);
	if (!r)
		r = cgroup_attach_task(g);
	if (r)
		return log_err(-EIO, "make the agent's own cgroup %s: libcgroup: %s", name,
			       cgroup_strerror(r));
	ret->agents_fd = open(PATH_CGROUP_ROOT "/" CGROUP_AGENTS,
			      O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret->leaving_fd = open(PATH_CGROUP_ROOT "/" CGROUP_LEAVING "/cgroup.procs",
			       O_WRONLY | O_CLOEXEC);
	if (ret->agents_fd < 0 || ret->leaving_fd < 0)
		return log_err(-errno, "open reeve's cgroups: run 'reeve-load'");
	snprintf(ret->key, sizeof(ret->key), "%s", key);
	return 0;
}

void own_leave(struct own *own)
{
	if (write(own->leaving_fd, "0", 1) == 1)
		unlinkat(own->agents_fd, own->key, AT_REMOVEDIR);
}
