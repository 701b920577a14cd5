/* SPDX-License-Identifier: Apache-2.0 */
/* Putting other policies in force for a running container, so that at every moment, whoever is
 * killed, the old ones decide or the new ones, never none:
 *   1. the text is kept, as of a change under way
 *   2. the table comes into the outer map of its size. Where the old one is of that size this one
 *      update replaces it, and the rest of 3 has nothing to do
 *   3. rv_state.policy is stored: one word. Only when no program is under way any more that read the
 *      old one, the old table goes
 *   4. the change becomes a record, behind a grace period (2 and 3 end with one), the text is kept for good
 * Killed before 2 or 3 took effect the old one is in force, and after it the new one; the text of
 * both is there. Who changes something next (or asks, or the node) finishes 4. */
#pragma once
#include "target.h"

enum change_result {
	CHANGE_MADE,
	CHANGE_NONE, /* that was in force */
};

/* Logs nothing; the reason is in error, after a change what there is to say of it. expected: version that must be in force, or NULL; -EAGAIN:
 * it is another. -ESTALE: the container has ended. *ret_old: the version before, 0 none. */
int change_make(struct target *t, const struct list *l, const uint32_t *expected,
		enum change_result *ret, uint32_t *ret_old, char *error, size_t error_size);
/* Finishes a change whose maker was killed. 0 also when there is none. */
int change_finish(struct target *t);
