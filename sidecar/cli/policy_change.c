/* SPDX-License-Identifier: Apache-2.0 */
/* See policy_change.h. */
#include "policy_change.h"
#include <errno.h>
#include <stdio.h>
#include "sidecar/common/log.h"

int policy_change(struct target *t, const struct list *l, const uint32_t *expected, int r, char *error,
		  size_t error_size)
{
	enum change_result result = CHANGE_NONE;
	uint32_t old = 0;

	if (r == 0)
		r = change_make(t, l, expected, &result, &old, error, error_size);
	if (r == -EAGAIN)
		return r;
	if (r < 0) {
		log_err(0, "container %s keeps its policy: %s", t->meta.id, error);
		if (r != -ESTALE)
			kept_refuse(&t->id, error);
		return r;
	}
	kept_refuse(&t->id, *error ? error : NULL);
	if (*error)
		log_warn(0, "container %s: %s", t->meta.id, error);
	if (result == CHANGE_MADE)
		log_info("container %s: its policy was changed (version before: %u)", t->meta.id,
			 old);
	else
		log_info("container %s: that policy is in force already", t->meta.id);
	return 0;
}
