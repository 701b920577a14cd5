/* SPDX-License-Identifier: Apache-2.0 */
/* What agents left in PATH_RUN_CONTAINERS: the containers of this boot, also those whose agent has
 * not said hello to this node. */
#pragma once
#include <stdint.h>
#include "sidecar/common/meta.h"

/* The container of that generation. -ENOENT. */
int known_find(uint64_t generation, struct meta *ret);
