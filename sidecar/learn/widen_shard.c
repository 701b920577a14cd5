/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that a program spreads its files over, each named after digits of the file in it: its
 * first ("ab/cd/abcd...") or its last ("1/00/0000000001", as nginx does). The next file goes into
 * another one, so they vary as its name does. That a directory is one is told by such a file alone;
 * then it is one by itself as well, when it is made. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "widen_part.h"

#define SHARD_BYTES_MAX 3  /* of one directory's name */
#define SHARD_DIGITS_MIN 2 /* of all of them, or it may be by chance */
#define SHARD_LEVELS_MAX 4

struct shards {
	const char *s; /* the directory above them, as seen */
	size_t len, n;
	bool decimal;
	unsigned char lens[SHARD_LEVELS_MAX];
};

static size_t hex_run(const char *s, size_t len, bool *ret_decimal)
{
	size_t hex = 0, decimal;

	while (hex < len && strchr("0123456789abcdefABCDEF", s[hex]) && s[hex])
		hex++;
	for (decimal = 0; decimal < hex && s[decimal] >= '0' && s[decimal] <= '9';)
		decimal++;
	*ret_decimal = decimal == hex;
	return hex;
}

static bool is_short(const struct part *p, bool decimal)
{
	bool is_decimal;

	return p->len <= SHARD_BYTES_MAX && hex_run(p->s, p->len, &is_decimal) == p->len &&
	       (is_decimal || !decimal);
}

/* Whether the n directories are digits of the name in turn, from its end or its beginning. */
static bool spell(const struct part *dirs, size_t n, const char *name, size_t len)
{
	size_t at = 0;
	bool first = true, last = true;

	for (size_t i = 0; i < n; i++) {
		if (at + dirs[i].len > len)
			return false;
		first &= memcmp(name + at, dirs[i].s, dirs[i].len) == 0;
		at += dirs[i].len;
		last &= memcmp(name + len - at, dirs[i].s, dirs[i].len) == 0;
	}
	return at >= SHARD_DIGITS_MIN && (first || last);
}

static void describe(const struct row *r, size_t from, size_t n, bool decimal, struct shards *ret)
{
	*ret = (struct shards){.s = r->name->s, .n = n, .decimal = decimal};
	ret->len = (size_t)(r->parts[from].s - r->name->s);
	for (size_t i = 0; i < n; i++)
		ret->lens[i] = (unsigned char)r->parts[from + i].len;
}

/* The directories of a row that are named after its file, as many as there are. */
static bool find_shards(const struct row *r, struct shards *ret)
{
	const struct part *file = &r->parts[r->n - 1];
	bool decimal;
	size_t digits = hex_run(file->s, file->len, &decimal);

	if (!file->wider || digits < NAME_NUMBER_MIN)
		return false;
	for (size_t n = SHARD_LEVELS_MAX; n; n--) {
		size_t from = r->n - 1 - n;

		if (r->n < n + 1 || !place_may_star(r->parts, from) ||
		    !spell(r->parts + from, n, file->s, digits))
			continue;
		for (size_t i = 0; i < n; i++)
			if (!is_short(&r->parts[from + i], decimal))
				return false;
		describe(r, from, n, decimal, ret);
		return true;
	}
	return false;
}

/* By the directory above; of one, in an order that is that of the names seen. */
static int compare(const void *a, const void *b)
{
	const struct shards *x = a, *y = b;
	int r = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	r = r ? r : (x->len > y->len) - (x->len < y->len);
	r = r ? r : memcmp(x->lens, y->lens, sizeof(x->lens));
	return r ? r : x->decimal - y->decimal;
}

static int give(struct widen *w, struct part *parts, size_t n, bool decimal)
{
	const char *digit = decimal ? "[0-9]" : "[0-9a-fA-F]";

	for (size_t i = 0; i < n; i++) {
		char glob[SHARD_BYTES_MAX * 16], *to = glob;

		for (size_t k = 0; k < parts[i].len; k++)
			to = stpcpy(to, digit);
		parts[i].glob = arena_copy(&w->arena, glob, (size_t)(to - glob));
		if (!parts[i].glob)
			return -ENOMEM;
		parts[i].wider = true;
	}
	return 0;
}

/* Whether the last n parts of a row are the first n of such directories. A decimal one is also one
 * of those with hexadecimal digits; the widest that is known counts. */
static const struct shards *known(const struct row *r, size_t n, const struct shards *all,
				  size_t count)
{
	size_t from = r->n - n, low = 0, high = count;
	const struct shards *found = NULL;
	struct shards wanted;

	describe(r, from, n, false, &wanted);
	memset(wanted.lens, 0, sizeof(wanted.lens));
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&all[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (const struct shards *s = all + low;
	     s < all + count && s->len == wanted.len && memcmp(s->s, wanted.s, s->len) == 0; s++) {
		bool fits = n <= s->n && (!found || found->decimal);

		for (size_t i = 0; fits && i < n; i++)
			fits = s->lens[i] == r->parts[from + i].len &&
			       is_short(&r->parts[from + i], s->decimal);
		found = fits ? s : found;
	}
	return found;
}

static int widen_made(struct widen *w, const struct row *r, const struct shards *all, size_t count)
{
	for (size_t n = 1; n <= SHARD_LEVELS_MAX && n < r->n; n++) {
		const struct shards *s;

		if (!is_short(&r->parts[r->n - n], false))
			return 0;
		s = known(r, n, all, count);
		if (s)
			return give(w, r->parts + r->n - n, n, s->decimal);
	}
	return 0;
}

int widen_shards(struct widen *w, struct row **rows, size_t n)
{
	_free_ struct shards *all = calloc(n + 1, sizeof(*all));
	size_t count = 0, kept = 0;
	int r = all ? 0 : -ENOMEM;

	if (w->programs)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct shards *s = all + count;

		if (rows[i]->n < 2 || !find_shards(rows[i], s))
			continue;
		r = give(w, rows[i]->parts + rows[i]->n - 1 - s->n, s->n, s->decimal);
		count++;
	}
	if (r < 0 || !count)
		return r;
	qsort(all, count, sizeof(*all), compare);
	for (size_t i = 0; i < count; i++)
		if (!kept || compare(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	for (size_t i = 0; r == 0 && i < n; i++)
		r = widen_made(w, rows[i], all, kept);
	return r;
}
