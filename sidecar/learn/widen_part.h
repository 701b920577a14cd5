/* SPDX-License-Identifier: Apache-2.0 */
/* Names taken apart. Private to widen*.c. */
#pragma once
#include "arena.h"
#include "glob_name.h"
#include "widen.h"

struct part {
	const char *s; /* as it was seen */
	size_t len;
	const char *glob;
	bool wider;
};

struct row {
	struct widen_name *name;
	struct part *parts;
	size_t n;
};

struct widen {
	struct arena arena;
	bool programs;
};

bool part_is(const struct part *p, const char *s, size_t len);

/* What the directory of the first depth parts is for. */
enum name_place place_of(const struct part *parts, size_t depth);
/* Whether many names in it may become one. */
bool place_may_star(const struct part *parts, size_t depth);

/* n rows whose parts up to depth have one glob, and whose part there are all of files, or of
 * directories: joins those parts that are alike. Leaves the rows in order of that part's glob. */
int widen_names(struct widen *w, struct row **rows, size_t n, size_t depth);

/* Directories named after the files in them vary as those do: see widen_shard.c. */
int widen_shards(struct widen *w, struct row **rows, size_t n);
