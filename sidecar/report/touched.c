/* SPDX-License-Identifier: Apache-2.0 */
/* See touched.h. A name is folded into what stands before its last separator, of a long one before
 * the DEPTH_MAXth: whatever the container makes up, a dozen steps lead to the top. */
#include "touched.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"

#define DEPTH_MAX 12
#define SLOTS (4u * TOUCHED_MAX)

struct touched_note {
	uint64_t seq;
	uint32_t index;
};

int touched_init(struct touched *t, char separator)
{
	*t = (struct touched){.separator = separator,
			      .of = calloc(TOUCHED_MAX + 1, sizeof(*t->of)),
			      .slots = calloc(SLOTS, sizeof(*t->slots)),
			      .notes = calloc(TOUCHED_NOTED_MAX, sizeof(*t->notes))};
	if (t->of && t->slots && t->notes)
		return 0;
	touched_release(t);
	return -ENOMEM;
}

void touched_release(struct touched *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->of[i].key);
	free(t->of);
	free(t->slots);
	free(t->notes);
	*t = (struct touched){};
}

static uint32_t hash(const char *key, size_t len, unsigned salt)
{
	uint64_t h = 0xcbf29ce484222325ull ^ salt;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * 0x100000001b3ull;
	return (uint32_t)(h ^ h >> 32);
}

/* A fold has the rank of what is in it: names of a higher one stand for themselves. */
static unsigned salt_of(bool folded, unsigned rank)
{
	return folded ? 1 + rank : 0;
}

static uint32_t *slot(struct touched *t, const char *key, size_t len, bool folded, unsigned rank)
{
	uint32_t at = hash(key, len, salt_of(folded, rank)) % SLOTS;

	while (t->slots[at]) {
		const struct touch *o = &t->of[t->slots[at] - 1];

		if (o->len == len && o->folded == folded && (!folded || o->rank == rank) &&
		    memcmp(o->key, key, len) == 0)
			break;
		at = (at + 1) % SLOTS;
	}
	return &t->slots[at];
}

/* Bytes of what a name is folded into; false: it is the top. */
static bool parent(const struct touched *t, const char *key, size_t len, bool folded, size_t *ret)
{
	size_t last = 0, depth = 0;

	if (folded && len == 0)
		return false;
	for (size_t i = 0; i < len && depth < DEPTH_MAX; i++)
		if (key[i] == t->separator) {
			last = i;
			depth++;
		}
	*ret = last;
	return true;
}

static void merge(struct touch *to, const struct touch *act)
{
	to->first_ns = act->first_ns < to->first_ns ? act->first_ns : to->first_ns;
	to->last_ns = act->last_ns > to->last_ns ? act->last_ns : to->last_ns;
	to->rank = act->rank > to->rank ? act->rank : to->rank;
	to->ways |= act->ways;
	to->n += act->n;
	to->denied += act->denied;
	to->would_deny += act->would_deny;
}

/* The line it is counted in, if there is one. */
static struct touch *find(struct touched *t, const char *key, size_t len, unsigned rank)
{
	uint32_t at = *slot(t, key, len, false, 0);
	size_t n = len;

	for (bool folded = false; !at && t->has_folds && parent(t, key, n, folded, &n);
	     folded = true)
		at = *slot(t, key, n, true, rank);
	return at ? &t->of[at - 1] : NULL;
}

static void note(struct touched *t, uint64_t seq, const struct touch *o)
{
	if (seq)
		t->notes[seq % TOUCHED_NOTED_MAX] =
		    (struct touched_note){seq, (uint32_t)(o - t->of)};
}

int touched_add(struct touched *t, const char *key, size_t len, const struct touch *act,
		uint64_t seq)
{
	struct touch *o = find(t, key, len, act->rank), fresh = *act;

	if (!o && (t->n == TOUCHED_MAX || t->bytes + len > TOUCHED_BYTES_MAX)) {
		touched_fold(t, TOUCHED_MAX / 2);
		o = find(t, key, len, act->rank);
		if (!o && t->n == TOUCHED_MAX)
			return -ENOMEM;
	}
	if (o) {
		merge(o, act);
		note(t, seq, o);
		return 0;
	}
	fresh.key = malloc(len + 1);
	if (!fresh.key)
		return -ENOMEM;
	memcpy(fresh.key, key, len);
	fresh.key[len] = '\0';
	fresh.len = (uint32_t)len;
	fresh.folded = false;
	fresh.names = 1;
	*slot(t, key, len, false, 0) = (uint32_t)t->n + 1;
	t->of[t->n] = fresh;
	t->bytes += len;
	note(t, seq, &t->of[t->n++]);
	return 0;
}

void touched_repeat(struct touched *t, uint64_t seq, uint64_t count, int64_t last_ns)
{
	const struct touched_note *n = &t->notes[seq % TOUCHED_NOTED_MAX];

	if (seq == 0 || n->seq != seq) {
		t->unplaced += count;
		return;
	}
	t->of[n->index].n += count;
	if (last_ns > t->of[n->index].last_ns)
		t->of[n->index].last_ns = last_ns;
}

/* How many of that rank would go into the same place, by the place's hash. */
static void count_places(const struct touched *t, unsigned rank, uint32_t *places)
{
	size_t len;

	memset(places, 0, SLOTS * sizeof(*places));
	for (size_t i = 0; i < t->n; i++)
		if (t->of[i].rank == rank &&
		    parent(t, t->of[i].key, t->of[i].len, t->of[i].folded, &len))
			places[hash(t->of[i].key, len, 0) % SLOTS]++;
}

/* One step up for names of that rank whose place takes at least so many. Two places of one hash are
 * folded together or not, which is no matter. False: none could be. */
static bool fold_once(struct touched *t, unsigned rank, unsigned least, uint32_t *places,
		      uint32_t *moved)
{
	size_t kept = 0, len;
	bool any = false;

	count_places(t, rank, places);
	memset(t->slots, 0, SLOTS * sizeof(*t->slots));
	t->bytes = 0;
	for (size_t i = 0; i < t->n; i++) {
		struct touch o = t->of[i];
		uint32_t *at;

		if (o.rank == rank && parent(t, o.key, o.len, o.folded, &len) &&
		    places[hash(o.key, len, 0) % SLOTS] >= least) {
			any = o.folded = true;
			o.len = (uint32_t)len;
			o.key[len] = '\0';
		}
		at = slot(t, o.key, o.len, o.folded, o.rank);
		if (*at) {
			merge(&t->of[*at - 1], &o);
			t->of[*at - 1].names += o.names;
			free(o.key);
		} else {
			*at = (uint32_t)kept + 1;
			t->bytes += o.len;
			t->of[kept++] = o;
		}
		moved[i] = *at - 1;
	}
	t->n = kept;
	t->has_folds |= any;
	for (size_t i = 0; i < TOUCHED_NOTED_MAX; i++)
		if (t->notes[i].seq)
			t->notes[i].index = moved[t->notes[i].index];
	return any;
}

void touched_fold(struct touched *t, size_t max)
{
	static const unsigned least[] = {64, 16, 4, 1};
	size_t bytes_max = t->bytes > TOUCHED_BYTES_MAX / 2 ? TOUCHED_BYTES_MAX / 2 : t->bytes;
	_free_ uint32_t *places = calloc(SLOTS, sizeof(*places));
	_free_ uint32_t *moved = calloc(TOUCHED_MAX, sizeof(*moved));
	bool any = true;

	if (!places || !moved)
		return;
	for (unsigned rank = 0; rank < TOUCH_RANKS; rank++)
		for (unsigned i = 0; i < ARRAY_SIZE(least);
		     i += i + 1 < ARRAY_SIZE(least) || !any) {
			if (t->n <= max && t->bytes <= bytes_max)
				return;
			any = fold_once(t, rank, least[i], places, moved);
		}
}

static int telling(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;

	if (x->rank != y->rank)
		return y->rank - x->rank;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return strcmp(x->key, y->key);
}

void touched_sort(struct touched *t)
{
	qsort(t->of, t->n, sizeof(*t->of), telling);
}
