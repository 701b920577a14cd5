/* SPDX-License-Identifier: Apache-2.0 */
/* Several sequences, each in order, taken as one: a heap of those that have something left, by the
 * time of what is next. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct merge_item {
	int64_t at;   /* nothing it still has is before, in reverse: behind */
	size_t index; /* among equals the lowest comes first */
};

struct merge {
	bool reverse; /* the greatest first */
	struct merge_item *of;
	size_t n, size;
};

int merge_add(struct merge *m, struct merge_item item); /* -ENOMEM */
/* The first one has moved on, or has nothing left. */
void merge_move(struct merge *m, int64_t at);
void merge_remove(struct merge *m);
void merge_release(struct merge *m);
