/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. Taking away what is oldest, in pieces, and noting what was: in the chain, in the
 * table cuts, in the life's numbers. Ranges are exact: every number in one was a record. */
#include <errno.h>
#include <string.h>
#include "sidecar/common/event.h"
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/index.h"
#include "sidecar/node/store_inside.h"

#define ROWS_PER_PIECE 1024
#define BYTES_PER_PIECE (4u << 20) /* what is freed is overwritten, in the log first */
#define LOOKED_PER_PIECE 8192

static int note(struct life *l, uint64_t from, uint64_t to, const char *why)
{
	uint8_t digest[CRYPT_DIGEST];
	int r = db_cuts_make(l->db->db);

	if (r == 0)
		r = db_put_cut(l->db->db, from, to, why);
	if (r < 0)
		return r;
	chain_cut_write(to, why, digest);
	return chain_add(&l->db->chain, CHAIN_CUT, from, digest);
}

int store_cut(struct life *l, uint64_t from, uint64_t to, const char *why)
{
	int r = db_cut(l->db->db, from, to);

	return r < 0 ? r : note(l, from, to, why);
}

int store_put_dropped(struct life *l, const struct numbers *dropped)
{
	int r = 0;

	for (size_t i = 0; i < dropped->n && r == 0; i++)
		r = note(l, dropped->of[i].from, dropped->of[i].to, CUTS_WHY_FULL);
	return r;
}

bool store_was_here(const struct life *l, uint64_t seq)
{
	uint64_t from, to;

	if (l->any && seq <= l->high && db_has_event(l->db->db, seq))
		return true;
	return l->cut_high && seq <= l->cut_high && db_get_cut(l->db->db, seq, &from, &to) == 0 &&
	       from <= seq;
}

int store_cuts_from(struct store *s, struct life *l, uint64_t from, size_t max, struct numbers *ret)
{
	int r = l->cut_high ? store_open_life(s, l, false) : 0;

	for (uint64_t at = from; l->cut_high && r == 0 && at <= l->cut_high;) {
		uint64_t first, last;

		if (ret->n == max)
			return 1;
		r = db_get_cut(l->db->db, at, &first, &last);
		if (r == 0)
			r = numbers_add_range(ret, first, last);
		at = r == 0 ? last + 1 : at;
	}
	return r == -ENOENT ? 0 : r;
}

int store_cuts_sum(struct store *s, struct life *l, uint64_t *ret)
{
	int r = l->cut_high ? store_open_life(s, l, false) : -ENOENT;

	*ret = 0;
	if (r == 0)
		r = db_sum_cuts(l->db->db, ret);
	return r == -ENOENT ? 0 : r;
}

/* What is given up first, as far as there is any of it; CLASSES: nothing. */
static enum record_class choose(const struct cuts *c, const struct cut_order *o, uint64_t limit)
{
	static const enum record_class last_first[] = {CLASS_EVIDENCE, CLASS_PROCESSES};

	if (o->before_ns == INT64_MAX)
		for (unsigned i = 0; i < ARRAY_SIZE(last_first); i++)
			if (c->kept[last_first[i]] > o->share &&
			    c->below[last_first[i]] < c->below[CLASS_ACTS])
				return last_first[i];
	if (c->below[CLASS_ACTS] < limit)
		return CLASS_ACTS;
	if (o->before_ns != INT64_MAX || o->acts_only)
		return CLASSES;
	if (c->below[CLASS_PROCESSES] < limit)
		return CLASS_PROCESSES;
	return c->below[CLASS_EVIDENCE] < limit ? CLASS_EVIDENCE : CLASSES;
}

/* One record less. */
static void count(struct cuts *c, unsigned kind, bool denied, const struct db_weight *w)
{
	struct event e;

	c->cut[kind]++;
	c->denials += denied;
	if (kind == RV_KIND_REPEAT && w->record && event_decode(w->record, w->record_len, &e) > 0 &&
	    e.head.kind == kind && counters_merge(e.repeat.of_kind) < RV_MERGE_MAX)
		c->repeats_cut[counters_merge(e.repeat.of_kind)] += e.repeat.count;
}

/* Whether this row goes; counted either way. Record 0 says of whom all the others are. */
static bool goes(struct cuts *c, enum record_class going, const struct db_weight *w)
{
	unsigned kind = w->kind ? counters_kind(w->kind) : 0;
	bool denied = w->verdict && strcmp(w->verdict, event_verdict_name(RV_VERDICT_DENIED)) == 0;
	bool would =
	    w->verdict && strcmp(w->verdict, event_verdict_name(RV_VERDICT_WOULD_DENY)) == 0;
	enum record_class class = class_of(kind, denied	 ? RV_VERDICT_DENIED
						 : would ? RV_VERDICT_WOULD_DENY
							 : RV_VERDICT_NONE);

	if (w->seq == 0 || kind == 0)
		return false;
	if (going == CLASS_ACTS && class >= CLASS_PROCESSES) {
		c->kept[class] += w->bytes;
		return false;
	}
	if (going != CLASS_ACTS) {
		if (class != going)
			return false;
		c->kept[class] -= w->bytes < c->kept[class] ? w->bytes : c->kept[class];
	}
	count(c, kind, denied, w);
	return true;
}

struct piece {
	enum record_class class;
	struct cuts cuts; /* as they are to be */
	struct numbers gone;
	uint64_t records, bytes;
};

static bool is_large(const struct piece *p)
{
	return p->records >= ROWS_PER_PIECE || p->bytes >= BYTES_PER_PIECE;
}

/* Looks at some rows from the class's place on. */
static int collect(struct life *l, const struct cut_order *o, uint64_t limit, struct piece *p)
{
	uint64_t *below = &p->cuts.below[p->class];
	struct db_weight w;
	int r = db_weigh(l->db->db, *below, &w);

	for (unsigned n = 0; r == 0 && n < LOOKED_PER_PIECE && !is_large(p); n++) {
		if (w.seq >= limit)
			*below = limit;
		if (w.seq >= limit || w.wall_ns >= o->before_ns)
			break;
		if (goes(&p->cuts, p->class, &w)) {
			r = numbers_add(&p->gone, w.seq);
			p->records++;
			p->bytes += w.bytes;
		}
		*below = w.seq + 1;
		if (r == 0)
			r = db_weigh_next(l->db->db, &w);
	}
	db_end(l->db->db);
	if (r == -ENOENT)
		*below = limit;
	return r == -ENOENT ? 0 : r;
}

static int take_away(struct life *l, const struct cut_order *o, const struct piece *p)
{
	uint64_t first = l->cuts.below[p->class] / INDEX_PART;
	uint64_t end = p->cuts.below[p->class] / INDEX_PART;
	int r = 0;

	for (size_t i = 0; i < p->gone.n && r == 0; i++)
		r = store_cut(l, p->gone.of[i].from, p->gone.of[i].to, o->why);
	if (r == 0 && end > first)
		r = store_cut_parts(l, first, end);
	return r;
}

static int piece(struct store *s, struct life *l, const struct cut_order *o, uint64_t limit,
		 struct piece *p)
{
	struct cuts before = l->cuts;
	int r = store_begin(s, l);

	if (r < 0)
		return r;
	r = collect(l, o, limit, p);
	if (r == 0)
		r = take_away(l, o, p);
	if (r == 0) {
		l->cuts = p->cuts;
		r = p->records > 0 ? store_put_meta(l) : 0;
	}
	if (r < 0)
		store_abort(s, l);
	else
		r = store_commit(s, l);
	if (r < 0)
		l->cuts = before;
	else
		counts_advance_cuts(&s->counts, &before, &l->cuts);
	return r;
}

/* The first number that stays. The last ones may be large: whoever makes them is not to have the rest removed. */
static int find_limit(struct store *s, struct life *l, const struct cut_order *o, uint64_t *ret)
{
	int r = store_open_life(s, l, false);

	*ret = l->any && l->high >= o->keep ? l->high + 1 - o->keep : 0;
	if (r < 0 || o->before_ns != INT64_MAX)
		return r;
	return db_tail(l->db->db, *ret, o->share + o->share / 2, ret);
}

int store_cut_some(struct store *s, struct life *l, const struct cut_order *o,
		   uint64_t *ret_records)
{
	struct piece p = {.cuts = l->cuts};
	uint64_t limit, place;
	int r = find_limit(s, l, o, &limit);

	*ret_records = 0;
	if (r < 0)
		return r;
	p.class = choose(&l->cuts, o, limit);
	if (p.class == CLASSES)
		return 0;
	place = l->cuts.below[p.class];
	r = piece(s, l, o, limit, &p);
	if (r == 0 && p.gone.n > 0) {
		uint64_t last = p.gone.of[p.gone.n - 1].to;

		l->cut_high = last > l->cut_high ? last : l->cut_high;
		l->cut_changes++;
		*ret_records = p.records;
	}
	numbers_release(&p.gone);
	return r < 0 ? r : l->cuts.below[p.class] > place;
}

int store_space(struct store *s, struct life *l, uint64_t *ret_used, uint64_t *ret_free)
{
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_space(l->db->db, ret_used, ret_free);
}

int store_fold(struct store *s, struct life *l, bool end)
{
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_fold(l->db->db, end);
}

int store_shrink(struct store *s, struct life *l, uint64_t bytes)
{
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_shrink(l->db->db, bytes);
}
