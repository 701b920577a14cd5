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
}

void lives_release(struct lives *all)
{
	while (all->first) {
		struct life *l = all->first;

		all->first = l->next;
		life_free(l);
	}
	all->count = 0;
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

enum fit { FIT_NONE, FIT_PREFIX, FIT_NAME, FIT_ID };

static enum fit fits(const struct life *l, const char *word)
{
	if (strcmp(l->meta.id, word) == 0)
		return FIT_ID;
	if (strcmp(l->meta.name, word) == 0)
		return FIT_NAME;
	return strncmp(l->meta.id, word, strlen(word)) == 0 ? FIT_PREFIX : FIT_NONE;
}

/* "web1 web2 ..." as far as there is room. */
static void list_ids(const struct lives *all, const char *word, char *error, size_t size)
{
	int at = snprintf(error, size, "'%s' fits several containers:", word);

	for (struct life *l = all->first; l; l = l->next) {
		bool seen = false;

		for (struct life *o = all->first; o != l && !seen; o = o->next)
			seen = strcmp(o->meta.id, l->meta.id) == 0;
		if (seen || fits(l, word) != FIT_PREFIX)
			continue;
		if (at < 0 || (size_t)at + strlen(l->meta.id) + 2 > size)
			return;
		at += snprintf(error + at, size - (size_t)at, " %s", l->meta.id);
	}
}

int lives_find(const struct lives *all, const char *word, struct life **ret, char *error,
	       size_t error_size)
{
	struct life *best = NULL;
	enum fit best_fit = FIT_NONE;
	bool ambiguous = false;

	for (struct life *l = all->first; l && *word; l = l->next) {
		enum fit fit = fits(l, word);

		if (fit == FIT_NONE || fit < best_fit)
			continue;
		if (fit > best_fit)
			best = NULL;
		ambiguous = fit == FIT_PREFIX &&
			    (best ? ambiguous || strcmp(best->meta.id, l->meta.id) != 0 : false);
		best_fit = fit;
		if (!best || l->meta.started_wall_ns > best->meta.started_wall_ns)
			best = l;
	}
	if (!best) {
		snprintf(error, error_size, "no container '%s' is known; reeve ps -a lists all",
			 word);
		return -ENOENT;
	}
	if (ambiguous) {
		list_ids(all, word, error, error_size);
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

const char *life_state(const struct life *l)
{
	if (l->ended)
		return "ended";
	return l->armed ? "running" : "preparing";
}
