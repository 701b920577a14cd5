/* SPDX-License-Identifier: Apache-2.0 */
/* See reading.h. */
#include "sidecar/node/reading.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"

#define ROWS_PER_LOOK 1024 /* that are passed over */

struct reading *reading_new(struct life *l, bool down)
{
	struct reading *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->life = l;
	s->down = down;
	s->end = l->high;
	s->next = down ? l->high : 0;
	if (!down)
		s->at = (int64_t)l->meta.started_wall_ns;
	else
		s->at = l->ended ? (int64_t)l->ended_wall_ns : INT64_MAX;
	return s;
}

void reading_close(struct reading *s)
{
	while (reading_row(s))
		reading_pass(s);
	if (s->held)
		beside_release(&s->held->beside);
	free(s->held);
	s->held = NULL;
}

void reading_free(struct reading *s)
{
	reading_close(s);
	free(s->late.of);
	free(s);
}

void reading_turn(struct reading *s)
{
	while (reading_row(s))
		reading_pass(s);
	s->down = false;
	s->waiting = false;
	s->next = s->life->any ? s->end + 1 : 0;
}

int reading_open(struct reading *s)
{
	if (!s->held)
		s->held = calloc(1, sizeof(*s->held));
	return s->held ? 0 : -ENOMEM;
}

int64_t reading_at(const struct reading *s)
{
	return s->row < s->rows_n ? s->held->rows[s->row].at : s->at;
}

const struct store_row *reading_row(const struct reading *s)
{
	return s->row < s->rows_n ? &s->held->rows[s->row].row : NULL;
}

void reading_pass(struct reading *s)
{
	free((void *)s->held->rows[s->row++].row.record);
}

/* Whether its turn has come: a follower waits for missing numbers as in logs.c. */
static bool is_due(struct reading *s, bool follow, const struct store_row *row)
{
	if (s->down)
		return true;
	if (!follow)
		return row->seq <= s->end;
	return s->life->ended || row->seq == s->next || row->seq <= life_settle(s->life) ||
	       (s->next == 0 && row->seq == 1);
}

static int hold(struct reading *s, const struct store_row *row)
{
	unsigned kind = event_kind_number(row->kind, strlen(row->kind));
	uint8_t *copy = malloc(row->record_len + 1);
	struct reading_row h = {*row, s->at};

	if (!copy)
		return -ENOMEM;
	if (row->record_len > 0)
		memcpy(copy, row->record, row->record_len);
	h.row.record = copy;
	h.row.kind = kind ? event_kind_name(kind) : ""; /* the row's own goes with the row */
	s->held->rows[s->rows_n++] = h;
	return 0;
}

/* 1: it is the reader's. 0: that was all for now. */
static int take(struct reading *s, const struct lines *wanted, const struct store_row *row)
{
	int r = 0;

	if (!is_due(s, wanted->follow, row)) {
		s->over = true;
		return 0;
	}
	if (s->down ? row->wall_ns < s->at : row->wall_ns > s->at)
		s->at = row->wall_ns;
	s->next = s->down ? row->seq - 1 : row->seq + 1;
	s->over = s->down && row->seq == 0;
	if (lines_may_want(wanted, row))
		r = hold(s, row);
	return r < 0 ? r : !s->over && s->rows_n < READING_ROWS;
}

int reading_fill(struct reading *s, struct store *store, const struct lines *wanted)
{
	struct store_row row;
	size_t bytes = 0;
	int r = reading_open(s);

	s->row = s->rows_n = 0;
	if (r == 0)
		r = s->down ? store_rows_back(store, s->life, s->next)
			    : store_rows(store, s->life, s->next);
	if (r < 0)
		return r;
	for (unsigned n = 0; n < ROWS_PER_LOOK && bytes < READING_BYTES; n++) {
		r = store_next(s->life, &row);
		s->over = r == 0;
		if (r == 1)
			r = take(s, wanted, &row);
		if (r != 1)
			break;
		bytes += s->rows_n > 0 ? row.record_len : 0;
	}
	store_end(s->life);
	return r < 0 ? r : 0;
}
