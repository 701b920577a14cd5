/* SPDX-License-Identifier: Apache-2.0 */
/* Giving everything back, without a privilege: pins and directories are this user's, maps are
 * written by descriptor. Order: what programs look at goes last, the slot's state page very last,
 * since a slot without one counts as free. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/util.h"

static const char *const pins[] = {
#define H(NAME, number, attach, prog, kind, since) "link_" prog,
#define N(NAME, number, attach, prog, kind, since)
    RV_HOOKS(H, N)
#undef H
#undef N
	"ring",
    "lane",
    "state",
};

void finish_pins(struct agent *a)
{
	char path[128];

	for (size_t i = 0; a->pins_fd >= 0 && i < ARRAY_SIZE(pins); i++) {
		snprintf(path, sizeof(path), "%s/%s", a->meta.key, pins[i]);
		unlinkat(a->pins_fd, path, 0);
	}
	unlinkat(a->pins_fd, a->meta.key, AT_REMOVEDIR);
}

void finish_container(struct agent *a)
{
	if (!a->slot)
		return;
	if (a->state)
		a->state->prepared = 0;
	kbpf_map_delete(a->maps.cgroups, &a->meta.cgroup_id);
	finish_pins(a);
	/* A policy's index is its slot: also what was put there and not yet published goes. */
	rules_remove(&a->maps, a->slot);
	kbpf_map_delete(a->maps.rings, &a->slot);
	kbpf_map_delete(a->maps.lanes, &a->slot);
	kbpf_map_delete(a->maps.states, &a->slot);
	a->slot = 0;
	rvring_release(&a->ring);
	rvring_release(&a->lane);
	util_close_p(&a->ring_fd);
	util_close_p(&a->lane_fd);
	a->ring_fd = a->lane_fd = -1;
}

void finish_spool(struct agent *a)
{
	char name[64];

	if (spool_begin(&a->spool) != spool_end(&a->spool))
		return; /* for the node, when it is back */
	snprintf(name, sizeof(name), "%s.spool", a->meta.key);
	unlinkat(a->spool_dir_fd, name, 0);
}

void finish_run(struct agent *a)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/meta", a->meta.key);
	unlinkat(a->run_fd, path, 0);
	snprintf(path, sizeof(path), "%s/lock", a->meta.key);
	unlinkat(a->run_fd, path, 0);
	unlinkat(a->run_fd, a->meta.key, AT_REMOVEDIR);
	if (a->own.leaving_fd >= 0)
		own_leave(&a->own);
}
