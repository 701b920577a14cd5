/* SPDX-License-Identifier: Apache-2.0 */
/* Which process of a tree an act is of, and what is known of each beside the tree. */
#pragma once
#include "sidecar/common/process_tree.h"

struct whose_process {
	uint64_t acts, denied, would_deny;
};

struct whose {
	const struct process_tree *tree;
	size_t *order; /* of the tree's, by number on the host, then by beginning */
	struct whose_process *of;
	uint64_t unknown; /* denials of processes that are not in the tree */
};

/* Of a tree that grows no more. -ENOMEM. */
int whose_init(struct whose *w, const struct process_tree *tree);
void whose_release(struct whose *w);
/* NULL: none that is in the tree. */
struct whose_process *whose_find(struct whose *w, uint32_t pid, uint64_t boot_ns);
