/* SPDX-License-Identifier: Apache-2.0 */
/* reeve-load: loads and pins the programs once, makes the cgroups and a pool of slots, and leaves.
 * Holds nothing afterwards. Run by the node's unit, or by the first hook. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "bpf/abi.h"
#include "cgroup/tree.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/pins.h"
#include "sidecar/common/slot.h"
#include "sidecar/common/util.h"
#include "sidecar/load/load.h"

#define LOCK_DEADLINE_MS 20000

/* After an upgrade. Programs that serve somebody stay, and if they speak our language they serve new
 * containers as well: what comes behind (slots, pool) goes on with them. */
static int replace_other_build(void)
{
	char build[64] = "?";
	unsigned n = 0, abi = 0;

	pins_build(build, sizeof(build));
	pins_abi(&abi);
	pins_count_containers(&n);
	if (n && abi == RV_ABI_VERSION)
		return -EEXIST;
	if (n)
		return log_err(-EBUSY,
			       "load build %s: build %s is loaded and serves %u containers; end "
			       "them, or run 'reeve unload --force'",
			       REEVE_BUILD, build, n);
	log_info("replacing build %s, which serves nobody", build);
	pins_remove_all();
	return load_all();
}

/* For who replaces the programs on the disk: a line of what is in the kernel, if anything is. */
static int say_loaded(void)
{
	char build[64];
	unsigned n = 0, abi = 0;
	int r = pins_build(build, sizeof(build));

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = pins_abi(&abi);
	if (r == 0)
		r = pins_count_containers(&n);
	if (r < 0)
		return log_err(r, "read what is loaded, in " PATH_PIN_MAPS), 1;
	return printf("abi %u, %u containers, build %s\n", abi, n, build) < 0;
}

int main(int argc, char **argv)
{
	bool refill = argc == 2 && strcmp(argv[1], "--refill") == 0;
	char build[64];
	_close_ int lock = -1;
	int r;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("reeve-load %s\n", REEVE_BUILD) < 0;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return puts("usage: reeve-load [--refill | --loaded | --version | --help]") < 0;
	log_open("reeve-load", false);
	if (argc == 2 && strcmp(argv[1], "--loaded") == 0)
		return say_loaded();
	if (argc != 1 && !refill) {
		log_err(0, "takes no arguments but --refill, --loaded and --version, was given '%s'", argv[1]);
		return 2;
	}
	if (geteuid() != 0) {
		log_err(-EPERM, "loading BPF LSM programs needs root");
		return 1;
	}
	r = slot_lock(LOCK_DEADLINE_MS, &lock);
	if (r)
		return log_err(r, "take the lock %s", PATH_LOAD_LOCK), 1;
	/* They may have been unloaded while it waited: nobody wants them back. */
	if (refill && pins_build(build, sizeof(build)) != 0)
		return 0;
	r = tree_make();
	if (r)
		return 1;
	r = load_all();
	if (r == -ESTALE) {
		r = replace_other_build();
		if ((r == 0 || r == -EEXIST) && tree_weigh())
			return 1;
	}
	if (r && r != -EEXIST)
		return 1;
	if (load_anchor())
		return 1;
	r = slot_node_make();
	if (r)
		return log_err(r, "make the ring of the node's own log"), 1;
	r = slot_pool_fill(SLOT_POOL_TARGET);
	if (r)
		return log_err(r, "make a pool of %d slots", SLOT_POOL_TARGET), 1;
	return 0;
}
