/* SPDX-License-Identifier: Apache-2.0 */
/* Showing the edits of a plan, and making them. Private to sidecar/install. */
#pragma once
#include <stdio.h>
#include "install.h"
#include "plan.h"

/* Empties error as well. */
int steps_open_root(const struct install_options *o, struct rootfs *ret, char *error,
		    size_t error_size);

/* Each file with the lines that go and come, and one beside them. */
void steps_show(const struct plan *p, FILE *out);

/* Makes the directories that are missing above the edits, and notes them in the receipt. */
int steps_make_dirs(struct plan *p);
/* One after the other; *ret_done counts. */
int steps_apply(struct plan *p, size_t *ret_done);
/* Directories we made, from the innermost. What is not empty is somebody's by now. */
void steps_remove_dirs(struct plan *p);
/* The receipt goes, if it is still what was read or written. -EBUSY: it is another run's. */
int steps_forget(struct plan *p);
/* r is why doing that with the receipt failed; returns it. */
int steps_refuse_receipt(struct plan *p, int r, const char *doing);
