/* SPDX-License-Identifier: Apache-2.0 */
/* Hard links from before a policy: the files that a rule denies by an exact path, and that have more
 * names than that, are put into the kernel's reeve_aliases (bpf/alias.bpf.h), so that the rule holds by any
 * of them. What is linked later the kernel asks the policy about itself. Needs root. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "list.h"

#define ALIAS_LOOKED_MAX 4096 /* exact paths that are looked at */
#define ALIAS_DEADLINE_MS 2000

struct alias_of {
	uint32_t slot;
	uint64_t generation;
	uint32_t version; /* rv_table.version of the compiled list */
};

/* The paths are looked up in the mount namespace of a process: below that bundle's root, which the runtime has
 * not changed to yet; NULL: below the namespace's. A file system there may belong to the container and never
 * answer. 1: there are such files, 0: none, -ETIMEDOUT, -E2BIG (of them, or a file of too many denied names),
 * or of what failed; the reason is in error. */
int alias_put(const struct alias_of *of, const struct list *l, int pidfd, const char *bundle,
	      char *error, size_t error_size);
/* Takes out what is of that slot and not of this life and version. */
int alias_drop(const struct alias_of *of);

/* "root.path" of a bundle's config.json, absolute. -EINVAL: it has none. */
int alias_rootfs(const char *bundle, char ret[static PATH_MAX]);
