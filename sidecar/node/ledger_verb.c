/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `ledger`: walks the stored numbers of one container a few thousand a turn and says
 * whether they add up. Its status is EUCLEAN when they do not. */
#include <errno.h>
#include <stdio.h>
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/ledger.h"

/* What a stored REPEAT tells; one that cannot be read tells nothing, and the sums will say so. */
static void add_repeat(struct ledger *l, const struct store_row *row)
{
	struct event e;

	if (row->record && event_decode(row->record, row->record_len, &e) > 0 &&
	    e.head.kind == RV_KIND_REPEAT)
		ledger_repeat(l, e.repeat.of_kind, e.repeat.count);
}

#define NUMBERS_PER_PIECE 8192
#define CUTS_PER_PIECE 4096

struct walk {
	struct ledger ledger;
	uint64_t next, end;
	struct numbers gone;
	uint64_t cut_changes; /* the life's when it began */
};

/* From the beginning, with the numbers of this moment. */
static int begin(struct client *c)
{
	struct walk *w = c->state;
	struct ledger *l = &w->ledger;
	uint64_t counted, told;
	int r = store_cuts_sum(c->store, c->life, &told);

	if (r < 0)
		return r;
	*l = (struct ledger){.cuts = c->life->cuts};
	l->settled = c->life->ended ? UINT64_MAX : life_settle(c->life);
	counted = cuts_cut(&l->cuts) + cuts_dropped(&l->cuts);
	l->cut_untold = told > counted ? told - counted : counted - told;
	w->next = 0;
	w->end = c->life->high;
	w->cut_changes = c->life->cut_changes;
	return 0;
}

/* The next ranges of what is gone. *ret_end: numbers up to it can be walked. */
static int load_gone(struct client *c, uint64_t *ret_end)
{
	struct walk *w = c->state;
	int r;

	numbers_release(&w->gone);
	r = store_cuts_from(c->store, c->life, w->next, CUTS_PER_PIECE, &w->gone);
	ledger_gone(&w->ledger, &w->gone);
	*ret_end = r == 1 ? w->gone.of[w->gone.n - 1].to : UINT64_MAX;
	return r < 0 ? r : 0;
}

static int start(struct client *c, const struct json *query)
{
	struct walk *w;
	int r = client_find_life(c, query);

	if (r < 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	c->state = w;
	r = begin(c);
	return r < 0 ? r : 1;
}

/* 1: go on, 0: all numbers seen. */
static int walk_on(struct client *c)
{
	struct walk *w = c->state;
	struct store_row row;
	uint64_t end;
	int r, n = 0;

	if (!c->life->any)
		return 0;
	r = load_gone(c, &end);
	if (r == 0)
		r = store_seqs(c->store, c->life, w->next);
	while (r >= 0 && n++ < NUMBERS_PER_PIECE) {
		r = store_next(c->life, &row);
		if (r != 1 || row.seq > w->end) {
			r = r < 0 ? r : 0;
			break;
		}
		if (row.seq > end) {
			ledger_pass(&w->ledger, end);
			w->next = end + 1;
			break;
		}
		add_repeat(&w->ledger, &row);
		ledger_add(&w->ledger, row.seq, counters_kind(row.kind));
		w->next = row.seq + 1;
	}
	store_end(c->life);
	return r;
}

static int write_ledger(struct client *c, const struct ledger *l)
{
	_json_out_ struct json_out *o = NULL;
	_free_ char *text = NULL;

	if (!c->json) {
		text = ledger_to_text(l, c->id);
		return text ? client_printf(c, "%s", text) : -ENOMEM;
	}
	o = json_out_new();
	if (!o)
		return -ENOMEM;
	ledger_to_json(l, c->id, o);
	return client_write_json(c, o);
}

static int step(struct client *c)
{
	struct walk *w = c->state;
	int r;

	if (c->life->cutting) /* what was counted as stored would be gone */
		return -EAGAIN;
	if (w->cut_changes != c->life->cut_changes && (r = begin(c)) < 0)
		return r;
	r = walk_on(c);
	if (r != 0)
		return r;
	ledger_finish(&w->ledger, &c->life->counters, c->life->ended);
	w->ledger.duplicates = c->life->duplicates;
	w->ledger.refused = c->life->refused;
	r = write_ledger(c, &w->ledger);
	if (r == 0 && !w->ledger.exact) {
		snprintf(c->error, sizeof(c->error), "the record of %s does not add up",
			 c->id ? c->id : "the node");
		r = -EUCLEAN;
	}
	return r;
}

static void release(struct client *c)
{
	struct walk *w = c->state;

	if (w)
		numbers_release(&w->gone);
	free(w);
	c->state = NULL;
}

const struct verb verb_ledger = {"ledger", start, step, release};
