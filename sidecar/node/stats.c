/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `stats`: what is stored of a container, or of each, in numbers: by kind, by verdict, in
 * bytes, from when to when; beside it what the kernel counted instead of recording, and what was
 * lost. Adds the rows up, some a turn: no number of it is kept anywhere to go wrong. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "sidecar/node/client.h"
#include "sidecar/node/counters.h"

#define ROWS_PER_PIECE 2048

struct count {
	uint64_t stored, denied, would_deny, repeated, lost;
};

struct stats {
	struct life **lives;
	size_t n, at;
	bool one; /* asked for by name: in detail */

	/* of lives[at] */
	uint64_t next;
	struct count kinds[RV_KIND_MAX], sum; /* kinds[0]: of none we know */
	uint64_t bytes;
	int64_t first_ns, last_ns;
};

static void add_row(struct stats *g, const struct store_row *row)
{
	unsigned kind = counters_kind(row->kind);
	struct rv_head head = {};

	if (row->record && row->record_len >= sizeof(head))
		memcpy(&head, row->record, sizeof(head));
	g->kinds[kind].stored++;
	g->kinds[kind].denied += head.verdict == RV_VERDICT_DENIED;
	g->kinds[kind].would_deny += head.verdict == RV_VERDICT_WOULD_DENY;
	g->bytes += row->record_len;
	if (row->wall_ns < g->first_ns)
		g->first_ns = row->wall_ns;
	if (row->wall_ns > g->last_ns)
		g->last_ns = row->wall_ns;
}

static void begin(struct stats *g)
{
	g->next = 0;
	memset(g->kinds, 0, sizeof(g->kinds));
	g->sum = (struct count){};
	g->bytes = 0;
	g->first_ns = INT64_MAX;
	g->last_ns = INT64_MIN;
}

/* 1: go on, 0: all of them. */
static int add_rows(struct client *c)
{
	struct stats *g = c->state;
	struct store_row row;
	int r;

	if (!c->life->any)
		return 0;
	r = store_rows(c->store, c->life, g->next);
	for (unsigned n = 0; r >= 0 && n < ROWS_PER_PIECE; n++) {
		r = store_next(c->life, &row);
		if (r != 1)
			break;
		add_row(g, &row);
		g->next = row.seq + 1;
	}
	store_end(c->life);
	return r;
}

/* The kernel's counters, and the sums. */
static void finish(struct stats *g, const struct life *l)
{
	for (unsigned i = 0; i < RV_MERGE_MAX; i++)
		g->kinds[counters_merge_kind(i)].repeated += l->counters.merged[i];
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		struct count *n = &g->kinds[k];

		n->lost = l->counters.lost[k];
		g->sum.stored += n->stored;
		g->sum.denied += n->denied;
		g->sum.would_deny += n->would_deny;
		g->sum.repeated += n->repeated;
		g->sum.lost += n->lost;
	}
}

static bool is_empty(const struct count *n)
{
	return !n->stored && !n->repeated && !n->lost;
}

static const char *name_of(unsigned kind)
{
	return kind ? event_kind_name(kind) : "unknown";
}

static void put_count(struct json_out *o, const struct count *n)
{
	json_out_member_unsigned(o, "stored", n->stored);
	json_out_member_unsigned(o, "denied", n->denied);
	json_out_member_unsigned(o, "would_deny", n->would_deny);
	json_out_member_unsigned(o, "repeated", n->repeated);
	json_out_member_unsigned(o, "lost", n->lost);
}

static void put_when(struct json_out *o, const char *key, bool any, int64_t wall_ns)
{
	char when[WHEN_SIZE];

	when_put(wall_ns, when);
	json_out_key(o, key);
	if (any)
		json_out_string(o, when, strlen(when));
	else
		json_out_null(o);
}

static int write_json(struct client *c, const struct stats *g)
{
	_json_out_ struct json_out *o = json_out_new();

	json_out_open_object(o);
	json_out_member_string(o, "id", c->id);
	json_out_member_string(o, "name", c->name);
	json_out_member_string(o, "state", life_state(c->life));
	put_count(o, &g->sum);
	json_out_member_unsigned(o, "cut", cuts_cut(&c->life->cuts));
	json_out_member_unsigned(o, "dropped", cuts_dropped(&c->life->cuts));
	json_out_member_unsigned(o, "record_bytes", g->bytes);
	json_out_member_unsigned(o, "file_bytes", store_bytes(c->store, c->life));
	put_when(o, "first", g->sum.stored > 0, g->first_ns);
	put_when(o, "last", g->sum.stored > 0, g->last_ns);
	json_out_key(o, "kinds");
	json_out_open_object(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		if (is_empty(&g->kinds[k]))
			continue;
		json_out_key(o, name_of(k));
		json_out_open_object(o);
		put_count(o, &g->kinds[k]);
		json_out_close_object(o);
	}
	json_out_close_object(o);
	json_out_close_object(o);
	return client_write_json(c, o);
}

static int write_row(struct client *c, const char *name, const struct count *n)
{
	return client_printf(
	    c, "%-24s %10" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64 " %8" PRIu64, name,
	    n->stored, n->denied, n->would_deny, n->repeated, n->lost);
}

static int write_heading(struct client *c, const char *first, const char *rest)
{
	return client_printf(c, "%-24s %10s %8s %10s %10s %8s%s\n", first, "STORED", "DENIED",
			     "WOULD-DENY", "REPEATED", "LOST", rest);
}

static int write_life(struct client *c, const struct stats *g)
{
	char first[WHEN_SIZE] = "-", last[WHEN_SIZE] = "-";
	int r = write_row(c, c->id, &g->sum);

	if (g->sum.stored > 0) {
		when_put(g->first_ns, first);
		when_put(g->last_ns, last);
		strcpy(first + 19, "Z");
		strcpy(last + 19, "Z");
	}
	return r < 0 ? r
		     : client_printf(c, " %12" PRIu64 " %-20s %-20s %-9s %s\n", store_bytes(c->store, c->life),
				     first, last, life_state(c->life), c->name);
}

static int write_kinds(struct client *c, const struct stats *g)
{
	int r = client_printf(c, "\n%" PRIu64 " bytes of records\n", g->bytes);

	if (r == 0 && (cuts_cut(&c->life->cuts) || cuts_dropped(&c->life->cuts)))
		r = client_printf(c, "%" PRIu64 " records cut by retention, %" PRIu64
				     " dropped by a full disk; 'reeve ledger' has their kinds\n",
				  cuts_cut(&c->life->cuts), cuts_dropped(&c->life->cuts));
	if (r == 0)
		r = client_printf(c, "\n");
	if (r == 0)
		r = write_heading(c, "KIND", "");
	for (unsigned k = 0; k < RV_KIND_MAX && r == 0; k++) {
		if (is_empty(&g->kinds[k]))
			continue;
		r = write_row(c, name_of(k), &g->kinds[k]);
		if (r == 0)
			r = client_write(c, "\n", 1);
	}
	return r;
}

static int step(struct client *c)
{
	struct stats *g = c->state;
	int r;

	if (g->at == g->n)
		return 0;
	client_turn_to(c, g->lives[g->at]);
	if (c->life->gone) { /* by retention, since the question was asked */
		begin(g);
		return ++g->at < g->n;
	}
	r = add_rows(c);
	if (r != 0)
		return r < 0 ? util_refuse(r, c->error, sizeof(c->error),
					   "read the record of %s: %s", c->id, strerror(-r))
			     : r;
	finish(g, c->life);
	r = c->json ? write_json(c, g) : write_life(c, g);
	if (r == 0 && !c->json && g->one)
		r = write_kinds(c, g);
	begin(g);
	return r < 0 ? r : ++g->at < g->n;
}

static int find_lives(struct client *c, const struct json *query, struct stats *g)
{
	int r;

	g->one = json_get(query, "id") != NULL;
	g->lives = calloc(c->node->lives.count + 1, sizeof(*g->lives));
	if (!g->lives)
		return -ENOMEM;
	if (g->one) {
		r = client_find_life(c, query);
		if (r == 0)
			g->lives[g->n++] = c->life;
		return r;
	}
	for (struct life *l = c->node->lives.first; l; l = l->next)
		g->lives[g->n++] = l;
	qsort(g->lives, g->n, sizeof(*g->lives), life_by_start);
	return 0;
}

static int start(struct client *c, const struct json *query)
{
	struct stats *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	c->state = g;
	begin(g);
	r = find_lives(c, query, g);
	if (r == 0 && !c->json)
		r = write_heading(
		    c, "ID",
		    "   FILE BYTES FIRST                LAST                 STATE     NAME");
	return r < 0 ? r : 1;
}

static void release(struct client *c)
{
	struct stats *g = c->state;

	if (!g)
		return;
	free(g->lives);
	free(g);
	c->state = NULL;
}

const struct verb verb_stats = {"stats", start, step, release};
