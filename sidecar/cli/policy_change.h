/* SPDX-License-Identifier: Apache-2.0 */
/* What `apply` and `refresh` share: the change itself and what is said of it. */
#pragma once
#include "sidecar/live/change.h"

/* Puts the list in force, or refuses: r is what reading it came to, error the reason. A refusal goes to
 * stderr and the system log, and stays to be seen in `reeve ps` until a change succeeds. expected: as
 * change_make; -EAGAIN is not logged. */
int policy_change(struct target *t, const struct list *l, const uint32_t *expected, int r, char *error,
		  size_t error_size);
