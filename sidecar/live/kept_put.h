/* SPDX-License-Identifier: Apache-2.0 */
/* Between kept_text.c, which knows the bytes, and kept.c, which knows the files. */
#pragma once
#include "kept.h"

/* Writes the file of that version whole, in place of one that is there. */
int kept_put(const struct kept_id *id, uint32_t version, bool changing, const void *data,
	     size_t len);
