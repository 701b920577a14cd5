/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `logs`: a container's records by number, one line each, as far as the question's filter wants
 * them; the last of them ("last": N), or the newest first ("reverse"). The place in the record is a
 * number, nothing of the database stays open between two pieces. A follower holds back behind a
 * missing number until that has had its time to come (numbers arrive out of order); one that
 * comes later still is shown then. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/row.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/exes.h"
#include "sidecar/node/filter.h"
#include "sidecar/node/index.h"
#include "sidecar/node/names.h"

#define ROWS_PER_PIECE 128
#define ROWS_PER_LOOK 1024 /* that were passed over */
#define LAST_MAX 1000000
#define FOUND_PER_LOOK 256
#define PARTS_PER_LOOK 16

struct numbers {
	uint64_t *of;
	size_t n, size;
};

struct logs {
	bool follow;
	bool reverse;	/* the newest first: next goes down */
	bool looking;	/* for the last ones, likewise; they come into found */
	uint64_t last;	/* how many at most, 0 all */
	uint64_t shown;
	struct filter filter;
	struct numbers found;
	uint64_t next; /* everything below is shown, or late */
	uint64_t end;  /* without follow: the last number there was when asked */
	struct numbers late;
	bool missed; /* late did not take them all */
	struct exes exes;
	struct index_part part; /* the one looked at last */
	struct names names;
	struct json_out *out;
};

static int add_number(struct numbers *list, uint64_t number)
{
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 64;
		uint64_t *grown = realloc(list->of, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->of = grown;
		list->size = size;
	}
	list->of[list->n++] = number;
	return 0;
}

/* The executable the acting program was made from: named by the number of its exec record. */
static void exe_find(struct client *c, const struct event *e, struct event_context *ret)
{
	struct logs *g = c->state;
	const struct exe *x = exes_find(&g->exes, c->store, c->life, e);

	if (!x)
		return;
	ret->exe = x->path;
	ret->exe_len = x->len;
	ret->title = x->title_len ? x->title : NULL;
	ret->title_len = x->title_len;
}

static int write_line(struct client *c, const struct event *e, const struct event_context *x)
{
	struct logs *g = c->state;
	_free_ char *line = NULL;
	const char *text;
	size_t len;
	int r;

	if (c->audit) {
		line = event_to_audit(e, x);
		return line ? client_write(c, line, strlen(line)) : -ENOMEM;
	}
	if (!c->json) {
		line = event_to_text(e, x);
		return line ? client_printf(c, "%s\n", line) : -ENOMEM;
	}
	json_out_reset(g->out);
	event_to_json(e, x, g->out);
	r = json_out_text(g->out, &text, &len);
	if (r == 0)
		r = client_write(c, text, len);
	return r < 0 ? r : client_write(c, "\n", 1);
}

/* It has a line in every format: its number is no gap. */
static int write_unreadable(struct client *c, uint64_t seq, int64_t wall_ns)
{
	struct event e = {.head = {.seq = seq, .tai_ns = (uint64_t)wall_ns}};
	struct event_context x = {.container = c->life->meta.id, .name = c->life->meta.name};

	if (c->audit)
		return write_line(c, &e, &x);
	return client_printf(c, "%s\n",
			     c->json ? "{\"kind\":\"unreadable\"}" : "unreadable record");
}

static int write_raw(struct client *c, uint64_t seq, const uint8_t *record, size_t len,
		     int64_t wall_ns)
{
	const struct row_head head = {.wall_ns = wall_ns, .seq = seq, .len = len};
	static const char zeroes[8];
	int r;

	if (!record || len > ROW_LEN_MAX) {
		snprintf(c->error, sizeof(c->error), "record %" PRIu64 " cannot be read", seq);
		return -EBADMSG;
	}
	r = client_write(c, &head, sizeof(head));
	if (r == 0)
		r = client_write(c, record, len);
	return r < 0 ? r : client_write(c, zeroes, ROW_SPACE(len) - len);
}

static int write_record(struct client *c, uint64_t seq, const uint8_t *record, size_t len,
			int64_t wall_ns)
{
	struct event_context x = {.container = c->id, .name = c->name, .meta = c->id ? &c->life->meta : NULL};
	struct logs *g = c->state;
	_free_ uint8_t *args = NULL;
	struct event e;
	size_t args_len;

	if (c->raw)
		return write_raw(c, seq, record, len, wall_ns);
	if (!record || event_decode(record, len, &e) <= 0)
		return write_unreadable(c, seq, wall_ns);
	x.tai_offset_ns = (int64_t)e.head.tai_ns - wall_ns;
	if (e.head.kind == RV_KIND_EXEC) {
		if (event_args_in_bulk(&e) &&
		    store_get_args(c->store, c->life, e.head.seq, &args, &args_len) == 0)
			(void)event_set_args(&e, (const char *)args, args_len);
		exes_remember(&g->exes, &e);
	}
	exe_find(c, &e, &x);
	if (!filter_fits(&g->filter, &e, x.exe, x.exe_len))
		return 0;
	g->shown++;
	names_find(&g->names, c, &e, &x);
	return write_line(c, &e, &x);
}

static int write_number(struct client *c, uint64_t seq)
{
	_free_ uint8_t *record = NULL;
	struct event e;
	size_t len;
	int r = store_get_record(c->store, c->life, seq, &record, &len);

	if (r < 0 || event_decode(record, len, &e) <= 0)
		return r < 0 ? r : write_unreadable(c, seq, 0);
	return write_record(c, seq, record, len,
			    (int64_t)e.head.tai_ns - c->life->tai_offset_ns);
}

/* 0: all of them are written. 1: not yet. */
static int write_numbers(struct client *c, struct numbers *list, bool from_end)
{
	size_t i;
	int r = 0;

	for (i = 0; i < list->n && r == 0 && client_has_room(c); i++)
		r = write_number(c, list->of[from_end ? list->n - 1 - i : i]);
	list->n -= i;
	if (!from_end)
		memmove(list->of, list->of + i, list->n * sizeof(*list->of));
	return r < 0 ? r : list->n > 0;
}

/* 1: a row was written, 0: there is none, -EAGAIN: it must wait. */
static int write_row(struct client *c, const struct store_row *row)
{
	struct logs *g = c->state;
	int r = 0;

	if (!g->follow && !g->reverse && row->seq > g->end)
		return 0;
	if (g->follow && !c->life->ended && row->seq != g->next &&
	    row->seq > life_settle(c->life) && !(g->next == 0 && row->seq == 1))
		return -EAGAIN;
	if (c->raw || filter_fits_row(&g->filter, event_kind_number(row->kind, strlen(row->kind)),
				      row->wall_ns))
		r = write_record(c, row->seq, row->record, row->record_len, row->wall_ns);
	g->next = g->reverse ? row->seq - 1 : row->seq + 1;
	if (r < 0)
		return r;
	return !(g->reverse && (row->seq == 0 || (g->last && g->shown == g->last)));
}

/* The same for a row on the way down to the last ones: only its number is kept. */
static int keep_row(struct client *c, const struct store_row *row)
{
	struct logs *g = c->state;
	struct event_context x = {};
	struct event e;
	int r = 0;

	g->next = row->seq - 1;
	if (!filter_fits_row(&g->filter, event_kind_number(row->kind, strlen(row->kind)),
			     row->wall_ns))
		return row->seq > 0;
	if (g->filter.any) {
		if (!row->record || event_decode(row->record, row->record_len, &e) <= 0)
			return row->seq > 0;
		exe_find(c, &e, &x);
		if (!filter_fits(&g->filter, &e, x.exe, x.exe_len))
			return row->seq > 0;
	}
	r = add_number(&g->found, row->seq);
	return r < 0 ? r : row->seq > 0 && g->found.n < g->last;
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
		if (!down && !g->follow && g->next > g->end)
			return 0;
		index_look(c->store, c->life, &g->filter, g->next, &g->part);
		if (!g->part.indexed)
			return 2;
		if (index_next(&g->part, down, g->next, &seq)) {
			g->next = down ? seq - 1 : seq + 1;
			r = one_row(c, seq, each);
			if (r == 1 && down && seq == 0)
				return 0;
			found++;
		} else if (down && g->part.number == 0) {
			return 0;
		} else {
			g->next = (g->part.number + !down) * INDEX_PART - down;
			parts++;
		}
		if (found == FOUND_PER_LOOK || parts == PARTS_PER_LOOK)
			break;
	}
	return r;
}

/* 1: go on later. */
static int each_row(struct client *c, bool down,
		    int (*each)(struct client *c, const struct store_row *row))
{
	struct logs *g = c->state;
	uint64_t shown = g->shown;
	struct store_row row;
	int r = 2, n = 0;

	if (g->filter.any && !c->raw)
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
	} while (r == 1 && ++n < ROWS_PER_LOOK && g->shown - shown < ROWS_PER_PIECE &&
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
		return g->follow && !c->life->ended ? -ENODATA : 0;
	if (g->looking)
		return look(c);
	r = write_numbers(c, &g->found, true);
	if (r == 0)
		r = write_numbers(c, &g->late, false);
	if (r == 0)
		r = each_row(c, g->reverse, write_row);
	if (r == 0 && g->follow && !c->life->ended)
		return -ENODATA;
	return r;
}

static int read_question(struct client *c, const struct json *query)
{
	const struct json *follow = json_get(query, "follow"), *reverse = json_get(query, "reverse");
	int64_t last = json_get_number(query, "last", 0);
	struct logs *g = c->state;

	g->follow = follow && follow->type == JSON_BOOL && follow->boolean;
	g->reverse = reverse && reverse->type == JSON_BOOL && reverse->boolean;
	if (last < 0 || last > LAST_MAX || (g->follow && g->reverse)) {
		snprintf(c->error, sizeof(c->error),
			 g->follow && g->reverse ? "\"follow\" and \"reverse\" do not go together"
						 : "\"last\": expected a number up to %d",
			 LAST_MAX);
		return -EINVAL;
	}
	g->last = (uint64_t)last;
	g->looking = last > 0 && !g->reverse;
	g->end = c->life->high;
	g->next = g->looking || g->reverse ? g->end : 0;
	return filter_read(query, &g->filter, c->error, sizeof(c->error));
}

static int start(struct client *c, const struct json *query)
{
	struct logs *g;
	int r = client_find_life(c, query);

	if (r < 0)
		return r;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	c->state = g;
	g->out = json_out_new();
	if (!g->out)
		return -ENOMEM;
	r = read_question(c, query);
	if (r < 0)
		return r;
	if (g->follow) {
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
	exes_release(&g->exes);
	names_release(&g->names);
	free(g->late.of);
	free(g->found.of);
	filter_release(&g->filter);
	json_out_free(g->out);
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
	for (size_t i = 0; i < count && !g->missed; i++)
		if (seqs[i] < passed)
			g->missed = g->late.n >= CLIENT_LATE_MAX || add_number(&g->late, seqs[i]) < 0;
}

const struct verb verb_logs = {"logs", start, step, release};
