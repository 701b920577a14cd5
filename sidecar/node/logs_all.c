/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `logs` of all containers: their records in one answer, by time; of one container in the
 * order of their numbers. A few rows of each are held at a time, and of those alone whose time has
 * come: a container that began later is not opened before. One that cannot be read is named at the
 * end, behind the others' records.
 *
 * A follower looks again a few times a second: what came meanwhile is in order of time, and behind
 * what was shown before. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/merge.h"
#include "sidecar/node/reading.h"

#define ROWS_PER_PIECE 128
#define LOOK_NS (CLIENT_WAIT_MS * 1000000ull)

struct last {
	size_t source;
	uint64_t seq;
};

struct all {
	struct lines lines;
	bool down;    /* from the newest on */
	bool looking; /* for the last ones: they come into found */
	struct reading **sources;
	size_t n, size;
	uint64_t lives; /* how many had ever come when looked last; new ones come first in the list */
	struct merge merge;
	struct last *found;
	size_t found_n;
	uint64_t looked_ns; /* when a follower looked again */
	bool missed;	    /* what came late was too much */
	size_t failed;
};

/* Every record of it is before or behind all that is asked for. */
static bool is_outside(const struct all *g, const struct life *l)
{
	const struct filter *f = &g->lines.filter;

	return (l->ended && (int64_t)l->ended_wall_ns < f->since_ns) ||
	       (int64_t)l->meta.started_wall_ns >= f->until_ns;
}

static int wait_for(struct all *g, size_t index)
{
	struct reading *s = g->sources[index];
	int r = merge_add(&g->merge, (struct merge_item){s->at, index});

	s->waiting = r == 0;
	s->over = false;
	return r;
}

static int add_source(struct all *g, struct life *l)
{
	struct reading *s;

	if (g->n == g->size) {
		size_t size = g->size ? g->size * 2 : 64;
		struct reading **grown = realloc(g->sources, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		g->sources = grown;
		g->size = size;
	}
	s = reading_new(l, g->down);
	if (!s)
		return -ENOMEM;
	g->sources[g->n++] = s;
	return l->any ? wait_for(g, g->n - 1) : 0;
}

static struct reading *source_of(const struct all *g, const struct life *l)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->sources[i]->life == l)
			return g->sources[i];
	return NULL;
}

/* Those that came since the last time. */
static int add_lives(struct all *g, const struct lives *lives)
{
	struct life *l = lives->first;
	int r = 0;

	for (; g->lives < lives->added && l && r == 0; g->lives++, l = l->next)
		if (!is_outside(g, l) && !source_of(g, l))
			r = add_source(g, l);
	if (r == 0) /* some were removed meanwhile */
		g->lives = lives->added;
	return r;
}

/* Containers that are new, and those that have more than before. */
static int look_again(struct client *c)
{
	struct all *g = c->state;
	uint64_t now = util_now_ns();
	size_t known = g->n;
	int r;

	if (now - g->looked_ns < LOOK_NS)
		return 0;
	g->looked_ns = now;
	r = add_lives(g, &c->node->lives);
	for (size_t i = 0; i < known && r == 0; i++) {
		const struct reading *s = g->sources[i];

		if (!s->waiting && s->life->any && s->life->high >= s->next)
			r = wait_for(g, i);
	}
	return r;
}

/* The first of the merge has no rows held: reads some. A store that fails costs its own alone. */
static int fill(struct client *c, struct reading *s)
{
	struct all *g = c->state;
	int r;

	if (s->over || s->life->gone) {
		merge_remove(&g->merge);
		s->waiting = false;
		if (!g->looking)
			reading_close(s);
		return 0;
	}
	r = reading_fill(s, c->store, &g->lines);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		s->over = true;
		if (g->failed++ == 0)
			snprintf(c->error, sizeof(c->error), "read the record of %s: %s",
				 s->life->meta.id, strerror(-r));
	}
	merge_move(&g->merge, reading_at(s));
	return 0;
}

static int keep(struct all *g, size_t source, uint64_t seq)
{
	if (!g->found)
		g->found = calloc(g->lines.last, sizeof(*g->found));
	if (!g->found)
		return -ENOMEM;
	g->found[g->found_n++] = (struct last){source, seq};
	return 0;
}

/* The next row of all. 1: go on, 0: that was enough. */
static int take_row(struct client *c, size_t index)
{
	struct all *g = c->state;
	struct reading *s = g->sources[index];
	const struct store_row *row = reading_row(s);
	int r = 0;

	if (!g->looking)
		r = lines_put(c, &g->lines, &s->held->beside, row);
	else if (lines_want(c, &g->lines, &s->held->beside, row))
		r = keep(g, index, row->seq);
	reading_pass(s);
	merge_move(&g->merge, reading_at(s));
	if (r < 0)
		return r;
	return !g->down || !g->lines.last ||
	       (g->looking ? g->found_n : g->lines.shown) < g->lines.last;
}

/* 1: go on, 0: nothing is left. */
static int merge_on(struct client *c)
{
	struct all *g = c->state;
	int r = 1;

	for (unsigned n = 0; r == 1 && n < ROWS_PER_PIECE && client_has_room(c); n++) {
		size_t index;
		struct reading *s;

		if (g->merge.n == 0)
			return 0;
		index = g->merge.of[0].index;
		s = g->sources[index];
		client_turn_to(c, s->life);
		if (reading_row(s)) {
			r = take_row(c, index);
			continue;
		}
		r = fill(c, s);
		return r < 0 ? r : 1; /* enough work for a turn */
	}
	return r;
}

/* What looking has found, oldest first. 0: all is written. */
static int write_found(struct client *c)
{
	struct all *g = c->state;
	int r = 0;

	while (g->found_n > 0 && r == 0 && client_has_room(c)) {
		const struct last *l = &g->found[--g->found_n];
		struct reading *s = g->sources[l->source];

		client_turn_to(c, s->life);
		r = lines_put_number(c, &g->lines, &s->held->beside, l->seq);
	}
	return r < 0 ? r : g->found_n > 0;
}

static int write_late(struct client *c)
{
	struct all *g = c->state;

	for (size_t i = 0; i < g->n; i++) {
		struct reading *s = g->sources[i];

		if (s->late.n > 0 && reading_open(s) < 0)
			return -ENOMEM;
		client_turn_to(c, s->life);
		while (s->late.n > 0 && client_has_room(c)) {
			int r = lines_put_number(c, &g->lines, &s->held->beside,
						 s->late.of[--s->late.n]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* From the newest down to the last ones; then on from where that began. */
static void end_look(struct all *g)
{
	g->looking = g->down = false;
	g->merge.reverse = false;
	g->merge.n = 0;
	for (size_t i = 0; i < g->n; i++)
		reading_turn(g->sources[i]);
}

static int step(struct client *c)
{
	struct all *g = c->state;
	int r = 0;

	if (g->missed)
		return util_refuse(-ENOBUFS, c->error, sizeof(c->error),
				   "the reader is too slow to follow; ask again without following");
	if (g->looking) {
		r = merge_on(c);
		return r == 0 ? (end_look(g), 1) : r;
	}
	if (g->found_n > 0)
		return (r = write_found(c)) < 0 ? r : 1;
	if (g->lines.follow) {
		r = write_late(c);
		if (r == 0)
			r = look_again(c);
	}
	if (r == 0)
		r = merge_on(c);
	if (r == 0 && g->failed)
		return -EIO;
	return r == 0 && g->lines.follow ? -EAGAIN : r;
}

static int start(struct client *c, const struct json *query)
{
	struct all *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	c->state = g;
	c->all = true;
	if (c->raw)
		return util_refuse(-EINVAL, c->error, sizeof(c->error),
				   "raw is for one container's records");
	r = lines_start(c, query, &g->lines);
	g->looking = g->lines.last > 0 && !g->lines.reverse;
	g->down = g->merge.reverse = g->looking || g->lines.reverse;
	if (r == 0)
		r = add_lives(g, &c->node->lives);
	return r < 0 ? r : 1;
}

static void release(struct client *c)
{
	struct all *g = c->state;

	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		reading_free(g->sources[i]);
	free(g->sources);
	free(g->found);
	merge_release(&g->merge);
	lines_release(&g->lines);
	free(g);
	c->state = NULL;
}

/* Whether reading on would not come to that number. */
static bool is_passed(const struct all *g, const struct reading *s, uint64_t seq)
{
	if (!g->looking)
		return seq < s->next;
	return seq <= s->end && (s->over || seq > s->next);
}

void logs_all_notify(struct node *n, const struct life *l, const uint64_t *seqs, size_t count)
{
	for (struct client *c = n->clients; c; c = c->next) {
		struct all *g = c->verb == &verb_logs_all ? c->state : NULL;
		struct reading *s = g && g->lines.follow ? source_of(g, l) : NULL;

		for (size_t i = 0; i < count && s; i++)
			if (is_passed(g, s, seqs[i]) &&
			    (s->late.n >= CLIENT_LATE_MAX || seqs_add(&s->late, seqs[i]) < 0))
				g->missed = true;
	}
}

const struct verb verb_logs_all = {"logs-all", start, step, release};
