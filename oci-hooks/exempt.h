/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces whose containers are left alone, so that what runs reeve on a cluster's nodes can
 * always start. PATH_EXEMPT names one on each line; # begins a comment. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "sidecar/common/meta.h"

/* Whether text (of PATH_EXEMPT) names the namespace the container's engine says it is in. A tenant
 * may be able to write the annotations that another engine would have written: all that are there
 * must say the same, and none may have been cut away. *ret_bad_line: the first line that is no
 * name, 0 none. Pure. */
bool exempt_names(const char *text, const struct meta *annotated, unsigned *ret_bad_line);

/* The same with the host's file, where there is one. Logs what it finds. */
bool exempt(const struct meta *annotated, const char *id);
