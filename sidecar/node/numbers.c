/* SPDX-License-Identifier: Apache-2.0 */
/* See numbers.h. */
#include "sidecar/node/numbers.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first range that ends at the number or behind it; n: none does. */
static size_t place(const struct numbers *s, uint64_t number)
{
	size_t low = 0, high = s->n;

	if (s->n > 0 && s->of[s->n - 1].to < number)
		return s->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->of[middle].to < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool numbers_have(const struct numbers *s, uint64_t number)
{
	size_t i = place(s, number);

	return i < s->n && s->of[i].from <= number;
}

/* Room for one more: what was taken from the beginning, if that is much, or new. */
static int grow(struct numbers *s)
{
	size_t unused = (size_t)(s->of - s->memory), size = s->size ? s->size * 2 : 64;
	struct numbers_range *grown;

	if (unused > s->n) {
		memcpy(s->memory, s->of, s->n * sizeof(*s->of));
		s->of = s->memory;
		s->size += unused;
		return 0;
	}
	grown = realloc(s->memory, (unused + size) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->memory = grown;
	s->of = grown + unused;
	s->size = size;
	return 0;
}

static int insert(struct numbers *s, size_t i, uint64_t from, uint64_t to)
{
	int r = 0;

	if (s->n == NUMBERS_RANGES_MAX)
		return -E2BIG;
	if (s->n == s->size)
		r = grow(s);
	if (r < 0)
		return r;
	memmove(s->of + i + 1, s->of + i, (s->n - i) * sizeof(*s->of));
	s->of[i] = (struct numbers_range){from, to};
	s->n++;
	return 0;
}

int numbers_add(struct numbers *s, uint64_t number)
{
	size_t i = place(s, number);
	bool after = i > 0 && s->of[i - 1].to + 1 == number;
	bool before = i < s->n && number + 1 == s->of[i].from;

	if (i < s->n && s->of[i].from <= number)
		return 0;
	if (after && before) {
		s->of[i - 1].to = s->of[i].to;
		s->n--;
		memmove(s->of + i, s->of + i + 1, (s->n - i) * sizeof(*s->of));
	} else if (after) {
		s->of[i - 1].to = number;
	} else if (before) {
		s->of[i].from = number;
	} else {
		return insert(s, i, number, number);
	}
	return 0;
}

int numbers_add_range(struct numbers *s, uint64_t from, uint64_t to)
{
	if (from > to || (s->n > 0 && from <= s->of[s->n - 1].to))
		return -EINVAL;
	if (s->n == 0 || s->of[s->n - 1].to + 1 < from)
		return insert(s, s->n, from, to);
	s->of[s->n - 1].to = to;
	return 0;
}

int numbers_remove(struct numbers *s, uint64_t from, uint64_t to)
{
	size_t i = place(s, from), end;

	if (i < s->n && s->of[i].from < from && s->of[i].to > to) {
		int r = insert(s, i, s->of[i].from, from - 1);

		if (r == 0)
			s->of[i + 1].from = to + 1;
		return r;
	}
	if (i < s->n && s->of[i].from < from)
		s->of[i++].to = from - 1;
	for (end = i; end < s->n && s->of[end].to <= to; end++)
		;
	if (end < s->n && s->of[end].from <= to)
		s->of[end].from = to + 1;
	if (i == 0) {
		s->of += end;
		s->size -= end;
	} else if (end > i) {
		memmove(s->of + i, s->of + end, (s->n - end) * sizeof(*s->of));
	}
	s->n -= end - i;
	return 0;
}

size_t numbers_behind(const struct numbers *s, uint64_t from)
{
	size_t i = place(s, from);

	return i > 0 ? s->n - i : 0;
}

void numbers_release(struct numbers *s)
{
	free(s->memory);
	*s = (struct numbers){};
}
