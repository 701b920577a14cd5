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

struct walk {
	struct ledger ledger;
	uint64_t next, end;
};

static int start(struct client *c, const struct json *query)
{
	struct walk *w;
	int r = client_find_life(c, query);

	if (r < 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->end = c->life->high;
	w->ledger.settled = c->life->ended ? UINT64_MAX : life_settle(c->life);
	c->state = w;
	return 1;
}

/* 1: go on, 0: all numbers seen. */
static int walk_on(struct client *c)
{
	struct walk *w = c->state;
	struct store_row row;
	int r, n = 0;

	if (!c->life->any)
		return 0;
	r = store_seqs(c->store, c->life, w->next);
	while (r >= 0 && n++ < NUMBERS_PER_PIECE) {
		r = store_next(c->life, &row);
		if (r != 1 || row.seq > w->end) {
			r = r < 0 ? r : 0;
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
	int r = walk_on(c);

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
	free(c->state);
	c->state = NULL;
}

const struct verb verb_ledger = {"ledger", start, step, release};
