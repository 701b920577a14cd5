/* SPDX-License-Identifier: Apache-2.0 */
/* Names of one directory that are alike become one: see widen.h for what that is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "widen_part.h"

static int by_glob(const void *a, const void *b, void *arg)
{
	size_t depth = *(size_t *)arg;

	return strcmp((*(struct row *const *)a)->parts[depth].glob,
		      (*(struct row *const *)b)->parts[depth].glob);
}

/* Names of one directory; different ones, each with the rows that have it. */
struct sibling {
	struct part *part; /* of the first row */
	struct row **rows;
	size_t n;
	const char *shape; /* numbers taken out; NULL: not to be looked at */
};

static void give(const struct sibling *s, size_t depth, const char *glob)
{
	for (size_t i = 0; i < s->n; i++) {
		s->rows[i]->parts[depth].glob = glob;
		s->rows[i]->parts[depth].wider = true;
	}
}

static size_t find_siblings(struct row **rows, size_t n, size_t depth, struct sibling *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct part *p = &rows[i]->parts[depth];

		if (count == 0 || strcmp(ret[count - 1].part->glob, p->glob) != 0)
			ret[count++] = (struct sibling){.part = p, .rows = rows + i};
		ret[count - 1].n++;
	}
	return count;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The name with '0' for each number. */
static int set_shape(struct widen *w, struct sibling *s)
{
	char shape[NAME_MAX_BYTES + 1];
	size_t n = 0;
	bool any = false;

	if (s->part->wider)
		return 0;
	for (size_t i = 0; i < s->part->len; i++) {
		char c = s->part->s[i];

		if (is_digit(c) && i && is_digit(s->part->s[i - 1]))
			continue;
		any |= is_digit(c);
		shape[n++] = is_digit(c) ? '0' : c;
	}
	if (!any)
		return 0;
	shape[n] = '\0';
	s->shape = arena_copy(&w->arena, shape, n);
	return s->shape ? 0 : -ENOMEM;
}

static int by_shape(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;
	int order = !x->shape - !y->shape;

	if (order == 0 && x->shape)
		order = strcmp(x->shape, y->shape);
	return order ? order : strcmp(x->part->glob, y->part->glob);
}

/* Where the k-th number of a name begins; its length. */
static size_t number_of(const struct part *p, unsigned k, size_t *ret_len)
{
	size_t i = 0, end;

	for (;; i = end) {
		while (i < p->len && !is_digit(p->s[i]))
			i++;
		for (end = i; end < p->len && is_digit(p->s[end]);)
			end++;
		if (k-- == 0 || end == i)
			break;
	}
	*ret_len = end - i;
	return i;
}

/* One number that is the same in all of them is part of the name. */
static bool number_varies(const struct sibling *group, size_t n, unsigned k)
{
	size_t len, other, at = number_of(group[0].part, k, &len);

	for (size_t i = 1; i < n; i++) {
		size_t where = number_of(group[i].part, k, &other);

		if (other != len ||
		    memcmp(group[0].part->s + at, group[i].part->s + where, len) != 0)
			return true;
	}
	return false;
}

static const char *numbered_glob(struct widen *w, const struct sibling *group, size_t n)
{
	const struct part *p = group[0].part;
	char glob[NAME_MAX_BYTES * 8], *to = glob;
	size_t at = 0, len, begin;

	for (unsigned k = 0;; k++) {
		begin = number_of(p, k, &len);
		to += name_escape(p->s + at, begin - at, to);
		if (len == 0)
			break;
		if (number_varies(group, n, k))
			to = stpcpy(to, "[0-9]*");
		else
			to += name_escape(p->s + begin, len, to);
		at = begin + len;
	}
	return arena_copy(&w->arena, glob, (size_t)(to - glob));
}

static int join_numbered(struct widen *w, struct sibling *s, size_t n, size_t depth)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = set_shape(w, &s[i]);
	if (r < 0)
		return r;
	qsort(s, n, sizeof(*s), by_shape);
	for (size_t i = 0, end; i < n && s[i].shape; i = end) {
		const char *glob;

		for (end = i + 1; end < n && s[end].shape && strcmp(s[end].shape, s[i].shape) == 0;)
			end++;
		if (end - i < WIDEN_NUMBERED_MIN)
			continue;
		glob = numbered_glob(w, s + i, end - i);
		if (!glob)
			return -ENOMEM;
		for (size_t k = i; k < end; k++)
			give(&s[k], depth, glob);
	}
	return 0;
}

/* How many bytes all of them begin, or end, with; short of them all for the shortest. */
static void find_common(const struct sibling *s, size_t n, size_t *ret_head, size_t *ret_tail)
{
	const struct part *p = s[0].part;
	size_t head = p->len, tail = p->len, shortest = p->len;

	for (size_t i = 1; i < n; i++) {
		const struct part *q = s[i].part;
		size_t k = 0;

		shortest = q->len < shortest ? q->len : shortest;
		while (k < head && k < q->len && q->s[k] == p->s[k])
			k++;
		head = k;
		for (k = 0; k < tail && k < q->len && q->s[q->len - 1 - k] == p->s[p->len - 1 - k];)
			k++;
		tail = k;
	}
	*ret_head = head < shortest ? head : shortest;
	*ret_tail = tail < shortest - *ret_head ? tail : shortest - *ret_head;
}

static int join_siblings(struct widen *w, const struct sibling *s, size_t n, size_t depth)
{
	char glob[NAME_GLOB_MAX], *to = glob;
	size_t head = 0, tail = 0;
	const char *copy;
	bool plain = true;

	for (size_t i = 0; i < n; i++)
		plain &= !s[i].part->wider;
	if (plain)
		find_common(s, n, &head, &tail);
	to += name_escape(s[0].part->s, head, to);
	*to++ = '*';
	to += name_escape(s[0].part->s + s[0].part->len - tail, tail, to);
	copy = arena_copy(&w->arena, glob, (size_t)(to - glob));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		give(&s[i], depth, copy);
	return 0;
}

int widen_names(struct widen *w, struct row **rows, size_t n, size_t depth)
{
	_free_ struct sibling *s = calloc(n, sizeof(*s));
	size_t count;
	int r;

	if (!s)
		return -ENOMEM;
	qsort_r(rows, n, sizeof(rows[0]), by_glob, &depth);
	count = find_siblings(rows, n, depth, s);
	r = join_numbered(w, s, count, depth);
	if (r < 0)
		return r;
	qsort_r(rows, n, sizeof(rows[0]), by_glob, &depth);
	count = find_siblings(rows, n, depth, s);
	if (count >= WIDEN_SIBLINGS_MIN && !w->programs && place_may_star(rows[0]->parts, depth))
		return join_siblings(w, s, count, depth);
	return 0;
}
