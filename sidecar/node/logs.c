/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `logs` of one container: its records by number, as far as the question wants them; the
 * last of them ("last": N), or the newest first ("reverse"). The place in the record is a
 * number, nothing of the database stays open between two pieces. A follower holds back behind a
 * missing number until that has had its time to come (numbers arrive out of order); one that
 * comes later still is shown then. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/index.h"
#include "sidecar/node/lines.h"

#define ROWS_PER_PIECE 128
#define ROWS_PER_LOOK 1024 /* that were passed over */
#define FOUND_PER_LOOK 256
#define PARTS_PER_LOOK 16

struct logs {
	struct lines lines; /* in reverse, next goes down */
	bool looking;	    /* for the last ones, likewise; they come into found */
	struct seqs found;
	uint64_t next; /* everything below is shown, or late */
	uint64_t end;  /* without follow: the last number there was when asked */
	struct seqs late;
	bool missed; /* late did not take them all */
	struct beside beside;
	struct index_part part; /* the one looked at last */
};

/* 0: all of them are written. 1: not yet. */
static int write_numbers(struct client *c, struct seqs *list, bool from_end)
{
	struct logs *g = c->state;
	size_t i;
	int r = 0;

	for (i = 0; i < list->n && r == 0 && client_has_room(c); i++)
		r = lines_put_number(c, &g->lines, &g->beside,
				     list->of[from_end ? list->n - 1 - i : i]);
	list->n -= i;
	if (!from_end)
		memmove(list->of, list->of + i, list->n * sizeof(*list->of));
	return r < 0 ? r : list->n > 0;
}

/* 1: a row was written, 0: there is none, -EAGAIN: it must wait. */
static int write_row(struct client *c, const struct store_row *row)
{
	struct logs *g = c->state;
	const struct lines *l = &g->lines;
	int r;

	if (!l->follow && !l->reverse && row->seq > g->end)
		return 0;
	if (l->follow && !c->life->ended && row->seq != g->next &&
	    row->seq > life_settle(c->life) && !(g->next == 0 && row->seq == 1))
		return -EAGAIN;
	r = lines_put(c, &g->lines, &g->beside, row);
	g->next = l->reverse ? row->seq - 1 : row->seq + 1;
	if (r < 0)
		return r;
	return !(l->reverse && (row->seq == 0 || (l->last && l->shown == l->last)));
}

/* The same for a row on the way down to the last ones: only its number is kept. */
static int keep_row(struct client *c, const struct store_row *row)
{
	struct logs *g = c->state;
	int r = 0;

	g->next = row->seq - 1;
	if (lines_want(c, &g->lines, &g->beside, row))
		r = seqs_add(&g->found, row->seq);
	return r < 0 ? r : row->seq > 0 && g->found.n < g->lines.last;
}

static int one_row(struct client *c, uint64_t seq,
		   int (*each)(struct client *c, const struct store_row *row))
{
	struct store_row row;
	int r = store_rows(c->store, c->life, seq);

	if (r == 0)
		r = store_next(c->life, &row);
	if (r >= 0)
		r = r == 1 && row.seq == seq ? each(c, &row) : 1; /* it was taken out of the file */
	store_end(c->life);
	return r;
}

/* As each_row, as far as the record is indexed: only what may fit. 2: it is not, here. */
static int each_found(struct client *c, bool down,
		      int (*each)(struct client *c, const struct store_row *row))
{
	struct logs *g = c->state;
	uint64_t seq;
	int r = 1;

	for (unsigned found = 0, parts = 0; r == 1 && client_has_room(c);) {
		if (!down && !g->lines.follow && g->next > g->end)
			return 0;
		if (index_look(c->store, c->life, &g->lines.filter, g->next, &g->part))
			parts = PARTS_PER_LOOK - 1;
		if (!g->part.indexed)
			return 2;
		if (index_next(&g->part, down, g->next, &seq)) {
			g->next = down ? seq - 1 : seq + 1;
			r = one_row(c, seq, each);
			if (r == 1 && down && seq == 0)
				return 0;
			if (r == -EAGAIN)
				g->next = seq;
			found++;
		} else if (down && g->part.number == 0) {
			return 0;
		} else {
			g->next = (g->part.number + !down) * INDEX_PART - down;
			parts++;
		}
		if (found == FOUND_PER_LOOK || parts >= PARTS_PER_LOOK)
			break;
	}
	return r;
}

/* 1: go on later. */
static int each_row(struct client *c, bool down,
		    int (*each)(struct client *c, const struct store_row *row))
{
	struct logs *g = c->state;
	uint64_t shown = g->lines.shown;
	struct store_row row;
	int r = 2, n = 0;

	if (g->lines.filter.any && !c->raw)
		r = each_found(c, down, each);
	if (r != 2)
		return r;
	r = down ? store_rows_back(c->store, c->life, g->next)
		 : store_rows(c->store, c->life, g->next);
	if (r < 0)
		return r;
	do {
		r = store_next(c->life, &row);
		if (r == 1)
			r = each(c, &row);
	} while (r == 1 && ++n < ROWS_PER_LOOK && g->lines.shown - shown < ROWS_PER_PIECE &&
		 client_has_room(c));
	store_end(c->life);
	return r;
}

static int look(struct client *c)
{
	struct logs *g = c->state;
	int r = each_row(c, true, keep_row);

	if (r != 0)
		return r;
	g->looking = false;
	g->next = g->end + 1;
	return 1;
}

static int step(struct client *c)
{
	struct logs *g = c->state;
	int r;

	if (g->missed) {
		snprintf(c->error, sizeof(c->error),
			 "the reader is too slow to follow; ask again without following");
		return -ENOBUFS;
	}
	if (!c->life->any)
		return g->lines.follow && !c->life->ended ? -ENODATA : 0;
	if (g->looking)
		return look(c);
	r = write_numbers(c, &g->found, true);
	if (r == 0)
		r = write_numbers(c, &g->late, false);
	if (r == 0)
		r = each_row(c, g->lines.reverse, write_row);
	if (r == 0 && g->lines.follow && !c->life->ended)
		return -ENODATA;
	return r;
}

static int start(struct client *c, const struct json *query)
{
	struct logs *g;
	int r;

	if (json_is_true(query, "all")) {
		c->verb = &verb_logs_all;
		return c->verb->start(c, query);
	}
	r = client_find_life(c, query);
	if (r < 0)
		return r;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	c->state = g;
	r = lines_start(c, query, &g->lines);
	if (r < 0)
		return r;
	g->looking = g->lines.last > 0 && !g->lines.reverse;
	g->end = c->life->high;
	g->next = g->looking || g->lines.reverse ? g->end : 0;
	if (g->lines.follow) {
		c->next_follower = c->life->followers;
		c->life->followers = c;
	}
	return 1;
}

static void release(struct client *c)
{
	struct logs *g = c->state;

	if (!g)
		return;
	beside_release(&g->beside);
	lines_release(&g->lines);
	free(g->late.of);
	free(g->found.of);
	free(g);
	c->state = NULL;
}

void logs_notify(struct client *c, const uint64_t *seqs, size_t count)
{
	struct logs *g = c->state;
	uint64_t passed;

	if (!g)
		return;
	/* While it looks for the last ones: what it will come to by itself is above them all. */
	passed = g->looking ? g->end + 1 : g->next;
	for (size_t i = 0; i < count; i++) /* what was looked up of it is of before */
		g->part.known &= seqs[i] / INDEX_PART != g->part.number;
	for (size_t i = 0; i < count && !g->missed; i++)
		if (seqs[i] < passed)
			g->missed = g->late.n >= CLIENT_LATE_MAX || seqs_add(&g->late, seqs[i]) < 0;
}

const struct verb verb_logs = {"logs", start, step, release};
