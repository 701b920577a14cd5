/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. */
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/node/store.h"

static uint64_t add_up(const struct store *s, const struct life *l, bool allocated)
{
	static const char *const parts[] = {"", "-wal"};
	char path[PATH_MAX];
	uint64_t bytes = 0;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", s->dir, l->file, parts[i]);
		if (stat(path, &st) == 0)
			bytes += (uint64_t)(allocated ? st.st_blocks * 512 : st.st_size);
	}
	return bytes;
}

uint64_t store_bytes(const struct store *s, const struct life *l)
{
	return add_up(s, l, false);
}

uint64_t store_allocated(const struct store *s, const struct life *l)
{
	return add_up(s, l, true);
}
