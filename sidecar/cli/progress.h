/* SPDX-License-Identifier: Apache-2.0 */
/* One line on standard error for whoever waits for an export, if that is a person at a terminal; it
 * is gone when the export is there. Short ones have none. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* total: of units, 0 when it is not known. */
void progress_start(const char *what, const char *unit, uint64_t total);
/* What has come of the answer: its lines are units. Nothing unless started. */
void progress_bytes(const void *data, size_t len);
void progress_end(void);
