/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once. Starts as zeroes. */
#pragma once
#include <stdlib.h>
#include <string.h>

#define ARENA_PIECE 65536 /* bytes; what is larger has one of its own */

struct arena {
	struct arena_piece {
		struct arena_piece *next;
		size_t used;
		_Alignas(16) char data[];
	} * first;
};

/* Zeroes; NULL without memory. */
static inline void *arena_zero(struct arena *a, size_t size)
{
	size_t room = size > ARENA_PIECE ? size : ARENA_PIECE;
	struct arena_piece *p = a->first;
	void *at;

	size = (size + 15) & ~(size_t)15;
	if (!p || p->used + size > ARENA_PIECE) {
		room = size > room ? size : room;
		p = calloc(1, sizeof(*p) + room);
		if (!p)
			return NULL;
		p->next = a->first;
		a->first = p;
	}
	at = p->data + p->used;
	p->used += size;
	return at;
}

/* len bytes and a NUL. */
static inline char *arena_copy(struct arena *a, const void *from, size_t len)
{
	char *to = arena_zero(a, len + 1);

	return to && len ? memcpy(to, from, len) : to;
}

static inline void arena_release(struct arena *a)
{
	while (a->first) {
		struct arena_piece *next = a->first->next;

		free(a->first);
		a->first = next;
	}
}
