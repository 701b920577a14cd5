/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's BPF side looks like from here: the ten slots for cgroup-scoped hooks, and
 * which build of reeve is loaded. */
#include <errno.h>
#include <string.h>
#include "bpf/abi.h"
#include "doctor.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/pins.h"
#include "sidecar/common/util.h"

#define HOOKS_SEEN_MAX 64

#define COUNT_ONE(NAME, number, attach, prog, kind, since) +1
#define COUNT_NONE(NAME, number, attach, prog, kind, since)
#define HOOKS_NEEDED (0 RV_HOOKS(COUNT_ONE, COUNT_NONE))

struct hooks {
	uint32_t btf_id[HOOKS_SEEN_MAX];
	bool ours[HOOKS_SEEN_MAX];
	unsigned count;
};

static void add_hook(struct hooks *h, uint32_t btf_id, bool ours)
{
	for (unsigned i = 0; i < h->count; i++) {
		if (h->btf_id[i] == btf_id) {
			h->ours[i] |= ours;
			return;
		}
	}
	if (h->count == HOOKS_SEEN_MAX)
		return;
	h->btf_id[h->count] = btf_id;
	h->ours[h->count++] = ours;
}

/* The hook a cgroup link holds, when it is an LSM one. */
static void look_at_link(uint32_t link_id, struct hooks *h)
{
	_close_ int link = kbpf_fd_by_id(BPF_LINK_GET_FD_BY_ID, link_id);
	_close_ int prog = -1;
	struct bpf_link_info l;
	struct bpf_prog_info p;

	if (link < 0 || kbpf_info(link, &l, sizeof(l)) < 0)
		return;
	if (l.type != BPF_LINK_TYPE_CGROUP || l.cgroup.attach_type != BPF_LSM_CGROUP)
		return;
	prog = kbpf_fd_by_id(BPF_PROG_GET_FD_BY_ID, l.prog_id);
	if (prog < 0 || kbpf_info(prog, &p, sizeof(p)) < 0)
		return;
	add_hook(h, p.attach_btf_id, strncmp(p.name, "reeve_", 6) == 0);
}

static int look_at_all(struct hooks *h)
{
	uint32_t id = 0;
	int r;

	while ((r = kbpf_next_id(BPF_LINK_GET_NEXT_ID, id, &id)) == 0)
		look_at_link(id, h);
	return r == -ENOENT ? 0 : r;
}

enum doctor_status doctor_slots(char *text)
{
	struct hooks h = {0};
	unsigned ours = 0, others, left;
	int r = look_at_all(&h);

	if (r < 0) {
		snprintf(text, HOST_TEXT_MAX, "cannot list BPF links (%s): run doctor as root",
			 strerror(-r));
		return DOCTOR_NOT_OK;
	}
	for (unsigned i = 0; i < h.count; i++)
		ours += h.ours[i];
	others = h.count - ours;
	left = h.count < RV_SLOTS_KERNEL ? RV_SLOTS_KERNEL - h.count : 0;
	if (left + ours < HOOKS_NEEDED) {
		snprintf(text, HOST_TEXT_MAX,
			 "%u of the kernel's %d hook slots are free, reeve needs %d, other "
			 "programs hold %u: end one ('bpftool cgroup tree' shows them)",
			 left, RV_SLOTS_KERNEL, HOOKS_NEEDED, others);
		return DOCTOR_NOT_OK;
	}
	snprintf(text, HOST_TEXT_MAX, "%u of %d hook slots free; %u held by reeve, %u by others",
		 left, RV_SLOTS_KERNEL, ours, others);
	return DOCTOR_OK;
}

enum doctor_status doctor_loaded(char *text)
{
	char build[64];
	unsigned containers = 0, abi = 0;
	int r = pins_build(build, sizeof(build));

	if (r == -ENOENT) {
		snprintf(text, HOST_TEXT_MAX,
			 "no programs are loaded yet: the first container, the node or "
			 "'reeve-load' does it");
		return DOCTOR_NOTE;
	}
	if (r < 0) {
		snprintf(text, HOST_TEXT_MAX, "cannot read " PATH_PIN_MAPS "/reeve_meta (%s): %s",
			 strerror(-r),
			 r == -EPERM || r == -EACCES ? "run doctor as root"
						     : "'reeve unload --force' clears it");
		return DOCTOR_NOT_OK;
	}
	if (strcmp(build, REEVE_BUILD) == 0) {
		snprintf(text, HOST_TEXT_MAX, "build %s is loaded", build);
		return DOCTOR_OK;
	}
	pins_count_containers(&containers);
	if (containers == 0) {
		snprintf(text, HOST_TEXT_MAX,
			 "build %s is loaded, this is %s: 'reeve-load' replaces it", build,
			 REEVE_BUILD);
		return DOCTOR_NOTE;
	}
	if (pins_abi(&abi) == 0 && abi == RV_ABI_VERSION) {
		snprintf(text, HOST_TEXT_MAX,
			 "build %s is loaded and guards %u containers; it goes on serving, and this, "
			 "%s, takes its place when 'reeve-load' runs without containers",
			 build, containers, REEVE_BUILD);
		return DOCTOR_NOTE;
	}
	snprintf(text, HOST_TEXT_MAX,
		 "build %s is loaded, guards %u containers and cannot work with this, %s: containers "
		 "that start are not guarded; end the old ones, then run 'reeve-load'",
		 build, containers, REEVE_BUILD);
	return DOCTOR_NOT_OK;
}

/* Programs that this kernel has no place for, and how often the kernel passed one over: an event that
 * nobody saw and no number was taken for. */
enum doctor_status doctor_events(char *text)
{
	char build[64], absent[HOST_TEXT_MAX / 2] = "";
	unsigned long long misses = 0;
	unsigned there = 0, all = 0;

	if (pins_build(build, sizeof(build)) < 0 || strcmp(build, REEVE_BUILD) != 0) {
		snprintf(text, HOST_TEXT_MAX, "not looked at: this build is not loaded");
		return DOCTOR_NOTE;
	}
	for (unsigned i = 0; i < RV_HOOK_MAX; i++) {
		const struct event_hook *h = event_hook(i);
		size_t used = strlen(absent);
		struct bpf_prog_info info;
		_close_ int fd = -1;
		char path[160];

		if (!h)
			continue;
		all++;
		snprintf(path, sizeof(path), PATH_PIN_PROGS "/%s", h->prog);
		fd = kbpf_obj_get(path);
		if (fd < 0) {
			snprintf(absent + used, sizeof(absent) - used, "%s%s (%s)", used ? ", " : "",
				 h->attach, h->since);
			continue;
		}
		there++;
		if (kbpf_info(fd, &info, sizeof(info)) == 0)
			misses += info.recursion_misses;
	}
	snprintf(text, HOST_TEXT_MAX,
		 "%u of %u are loaded%s%s; passed over by the kernel: %llu times%s", there, all,
		 absent[0] ? ", this kernel has no " : "", absent, misses,
		 misses ? " (events without a record, see docs/not-recorded.md)" : "");
	return misses ? DOCTOR_NOTE : DOCTOR_OK;
}
