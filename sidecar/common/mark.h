/* SPDX-License-Identifier: Apache-2.0 */
/* Counts that programs which come and go add to and the node reads: a file in PATH_RUN, a byte each time.
 * They outlive the node and end with the boot. */
#pragma once
#include <stdint.h>

#define MARK_UNGUARDED PATH_RUN "/unguarded"	      /* a container was started without its guard */
#define MARK_REFRESH_FAILED PATH_RUN "/refresh-failed" /* `reeve policy refresh` could not do all */

/* There from now on: what stands in PATH_RUN does not depend on what went wrong. */
void mark_make(const char *path);
/* Best effort, silent: whoever calls it has a failure of its own to tell. */
void mark_add(const char *path);
/* 0 where there is none. */
uint64_t mark_count(const char *path);
