/* SPDX-License-Identifier: Apache-2.0 */
/* See life.h. Plain memory: no socket, no database, no clock but the monotonic one. */
#include "sidecar/node/life.h"
#include "sidecar/common/util.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct life *life_new(struct meta *meta)
{
	struct life *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->meta = *meta;
	memset(meta, 0, sizeof(*meta));
	l->tai_offset_ns = util_tai_offset_ns();
	if (strlen(l->meta.id) > LIFE_FILE_ID_MAX)
		snprintf(l->file, sizeof(l->file), "%.*s+%" PRIx64 "@%" PRIu64 ".db",
			 LIFE_FILE_ID_MAX, l->meta.id, l->meta.generation,
			 l->meta.started_wall_ns / 1000000);
	else
		snprintf(l->file, sizeof(l->file), "%s@%" PRIu64 ".db", l->meta.id,
			 l->meta.started_wall_ns / 1000000);
	return l;
}

void life_free(struct life *l)
{
	if (!l)
		return;
	meta_release(&l->meta);
	free(l);
}

void lives_add(struct lives *all, struct life *l)
{
	l->next = all->first;
	all->first = l;
	all->count++;
	all->added++;
}

void lives_remove(struct lives *all, struct life *l)
{
	struct life **at = &all->first;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	all->count--;
	l->gone = true;
	l->next = all->gone;
	all->gone = l;
}

void lives_forget(struct lives *all)
{
	while (all->gone) {
		struct life *l = all->gone;

		all->gone = l->next;
		life_free(l);
	}
}

void lives_release(struct lives *all)
{
	while (all->first) {
		struct life *l = all->first;

		all->first = l->next;
		life_free(l);
	}
	all->count = 0;
	lives_forget(all);
}

struct life *lives_by_generation(const struct lives *all, uint64_t generation, uint64_t cgroup_id)
{
	for (struct life *l = all->first; l; l = l->next)
		if (l->meta.generation == generation &&
		    (cgroup_id == 0 || l->meta.cgroup_id == cgroup_id))
			return l;
	return NULL;
}

struct life *lives_by_file(const struct lives *all, const char *file)
{
	for (struct life *l = all->first; l; l = l->next)
		if (strcmp(l->file, file) == 0)
			return l;
	return NULL;
}

struct life *lives_running_by_key(const struct lives *all, const char *key)
{
	for (struct life *l = all->first; l; l = l->next)
		if (!l->ended && strcmp(l->meta.key, key) == 0)
			return l;
	return NULL;
}

int lives_admit(struct lives *all, struct meta *meta, struct life **ret)
{
	struct life *known = lives_by_generation(all, meta->generation, meta->cgroup_id);
	_life_ struct life *l = NULL;

	if (known && strcmp(known->meta.id, meta->id) == 0) {
		/* The hello says what it began with; records may have changed that. */
		if (known->meta.policy[0])
			memcpy(meta->policy, known->meta.policy, sizeof(meta->policy));
		meta_release(&known->meta);
		known->meta = *meta;
		memset(meta, 0, sizeof(*meta));
		*ret = known;
		return 0;
	}
	l = life_new(meta);
	if (!l)
		return -ENOMEM;
	if (lives_by_file(all, l->file))
		return -EEXIST;
	lives_add(all, l);
	*ret = TAKE_PTR(l);
	return 0;
}

/* Whether a word that fits both means the two of them: lives of one container, or of one that was made
 * again under its name, are one. */
static bool same(const struct life *a, const struct life *b, enum meta_fit fit)
{
	char x[META_ADDRESS_MAX], y[META_ADDRESS_MAX];

	if (fit == META_FIT_KEY) /* numbers of cgroups begin again when the host does */
		return true;
	/* Two runtimes may have the same id, both running; of one bundle it is one container, started again. */
	if (strcmp(a->meta.id, b->meta.id) == 0)
		return !a->stream || !b->stream || !a->meta.bundle || !b->meta.bundle ||
		       strcmp(a->meta.bundle, b->meta.bundle) == 0;
	if (fit == META_FIT_PREFIX || (!a->ended && !b->ended))
		return false;
	meta_address(&a->meta, x);
	meta_address(&b->meta, y);
	return strcmp(x, y) == 0;
}

/* Of two that are the same: what runs, else what started last. */
static bool better(const struct life *a, const struct life *b)
{
	if (a->ended != b->ended && strcmp(a->meta.id, b->meta.id) != 0)
		return !a->ended;
	return a->meta.started_wall_ns > b->meta.started_wall_ns;
}

/* Those that fit as well as any, each container once; where their id is the same, those that run. */
static void list_candidates(const struct lives *all, const char *word, enum meta_fit fit, char *error,
			    size_t size)
{
	int n = snprintf(error, size, "'%s' %s:", word, meta_fits_several(fit));
	size_t at = n < 0 || (size_t)n >= size ? size - 1 : (size_t)n;

	for (struct life *l = all->first; l; l = l->next) {
		bool seen = false;

		for (struct life *o = all->first; o != l && !seen; o = o->next)
			seen = fit != META_FIT_ID && strcmp(o->meta.id, l->meta.id) == 0;
		if (!seen && (fit != META_FIT_ID || l->stream) && meta_fits(&l->meta, word) == fit)
			at = meta_put_candidate(&l->meta, fit, error, size, at);
	}
}

int lives_find(const struct lives *all, const char *word, struct life **ret, char *error,
	       size_t error_size)
{
	enum meta_fit best_fit = META_FIT_NONE;
	struct life *best = NULL;
	bool ambiguous = false;

	for (struct life *l = all->first; l && *word; l = l->next) {
		enum meta_fit fit = meta_fits(&l->meta, word);

		if (fit == META_FIT_NONE || fit < best_fit)
			continue;
		if (fit > best_fit) {
			best = NULL;
			ambiguous = false;
		}
		best_fit = fit;
		ambiguous |= best && !same(best, l, fit);
		if (!best || better(l, best))
			best = l;
	}
	if (!best) {
		snprintf(error, error_size, "no container '%s' is known; reeve ps -a lists all",
			 word);
		return -ENOENT;
	}
	if (ambiguous) {
		list_candidates(all, word, best_fit, error, error_size);
		return -EEXIST;
	}
	*ret = best;
	return 0;
}

void life_note(struct life *l, uint64_t seq, unsigned kind)
{
	if (seq == 0)
		l->armed = true;
	if (kind == RV_KIND_CLOSE)
		l->closed = true;
	if (!l->any || seq > l->high)
		l->high = seq;
	l->any = true;
	life_settle(l);
}

uint64_t life_settle(struct life *l)
{
	uint64_t now = util_now_ns();

	if (now - l->settling_since_ns >= LIFE_SETTLE_NS) {
		l->settled = l->settling;
		l->settling = l->high;
		l->settling_since_ns = now;
	}
	return l->settled;
}

void life_end(struct life *l)
{
	if (l->ended)
		return;
	l->ended = true;
	l->ended_wall_ns = util_wall_ns();
}

void life_count(struct life *l, const struct rv_counters *c)
{
	if (c->issued >= l->counters.issued)
		l->counters = *c;
}

uint64_t life_lost(const struct life *l)
{
	uint64_t lost = 0;

	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		lost += l->counters.lost[k];
	return lost;
}

int life_by_start(const void *a, const void *b)
{
	const struct life *x = *(struct life *const *)a, *y = *(struct life *const *)b;

	if (x->meta.started_wall_ns == y->meta.started_wall_ns)
		return strcmp(x->meta.id, y->meta.id);
	return x->meta.started_wall_ns < y->meta.started_wall_ns ? -1 : 1;
}

const char *life_state(const struct life *l)
{
	if (l->ended)
		return "ended";
	return l->armed ? "running" : "preparing";
}
