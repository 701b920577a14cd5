/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `logs`: a container's records by number, one line each. The place in the record is a
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
#include "sidecar/node/names.h"

#define ROWS_PER_PIECE 128
#define EXE_CACHE_SIZE 64

struct exe {
	uint64_t seq; /* 0: empty */
	char *path;
	size_t len;
	size_t title_len;
	char title[EVENT_TITLE_MAX];
};

struct logs {
	bool follow;
	uint64_t next; /* everything below is shown, or late */
	uint64_t end;  /* without follow: the last number there was when asked */
	uint64_t *late;
	size_t late_len;
	size_t late_size;
	bool missed; /* late did not take them all */
	struct exe exes[EXE_CACHE_SIZE];
	struct names names;
	struct json_out *out;
};

static struct exe *exe_slot(struct logs *g, uint64_t seq)
{
	return &g->exes[seq % EXE_CACHE_SIZE];
}

static void exe_remember(struct logs *g, const struct event *exec)
{
	struct exe *x = exe_slot(g, exec->head.seq);
	size_t len = exec->path_len;
	char *copy = len ? malloc(len) : NULL;
	const char *title;

	if (!copy)
		return;
	memcpy(copy, exec->path, len);
	free(x->path);
	*x = (struct exe){.seq = exec->head.seq, .path = copy, .len = len};
	title = event_title(exec, &x->title_len);
	if (x->title_len > 0)
		memcpy(x->title, title, x->title_len);
}

/* The executable the acting program was made from: named by the number of its exec record. */
static void exe_find(struct client *c, const struct event *e, struct event_context *ret)
{
	struct logs *g = c->state;
	uint64_t seq = e->head.exec_seq;
	_free_ uint8_t *record = NULL;
	struct event exec;
	size_t len;

	if (seq == 0)
		return;
	if (exe_slot(g, seq)->seq != seq &&
	    store_get_record(c->store, c->life, seq, &record, &len) == 0 &&
	    event_decode(record, len, &exec) > 0 && exec.head.kind == RV_KIND_EXEC)
		exe_remember(g, &exec);
	if (exe_slot(g, seq)->seq == seq) {
		ret->exe = exe_slot(g, seq)->path;
		ret->exe_len = exe_slot(g, seq)->len;
		ret->title = exe_slot(g, seq)->title_len ? exe_slot(g, seq)->title : NULL;
		ret->title_len = exe_slot(g, seq)->title_len;
	}
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
		exe_remember(c->state, &e);
	}
	exe_find(c, &e, &x);
	names_find(&((struct logs *)c->state)->names, c, &e, &x);
	return write_line(c, &e, &x);
}

static int write_late(struct client *c)
{
	struct logs *g = c->state;
	size_t i;
	int r = 0;

	for (i = 0; i < g->late_len && r == 0 && client_has_room(c); i++) {
		_free_ uint8_t *record = NULL;
		struct event e;
		size_t len;

		r = store_get_record(c->store, c->life, g->late[i], &record, &len);
		if (r == 0 && event_decode(record, len, &e) > 0)
			r = write_record(c, g->late[i], record, len,
					 (int64_t)e.head.tai_ns - c->life->tai_offset_ns);
	}
	g->late_len -= i;
	memmove(g->late, g->late + i, g->late_len * sizeof(*g->late));
	return r;
}

/* 1: a row was written, 0: there is none, -EAGAIN: it must wait. */
static int write_row(struct client *c, const struct store_row *row)
{
	struct logs *g = c->state;
	int r;

	if (!g->follow && row->seq > g->end)
		return 0;
	if (g->follow && !c->life->ended && row->seq != g->next &&
	    row->seq > life_settle(c->life) && !(g->next == 0 && row->seq == 1))
		return -EAGAIN;
	r = write_record(c, row->seq, row->record, row->record_len, row->wall_ns);
	g->next = row->seq + 1;
	return r < 0 ? r : 1;
}

static int write_rows(struct client *c)
{
	struct logs *g = c->state;
	struct store_row row;
	int r, n = 0;

	r = store_rows(c->store, c->life, g->next);
	if (r < 0)
		return r;
	do {
		r = store_next(c->life, &row);
		if (r == 1)
			r = write_row(c, &row);
	} while (r == 1 && ++n < ROWS_PER_PIECE && client_has_room(c));
	store_end(c->life);
	return r;
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
	r = g->late_len > 0 ? write_late(c) : 0;
	if (r == 0 && g->late_len > 0)
		return 1;
	if (r == 0)
		r = write_rows(c);
	if (r == 0 && g->follow && !c->life->ended)
		return -ENODATA;
	return r;
}

static int start(struct client *c, const struct json *query)
{
	const struct json *follow = json_get(query, "follow");
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
	g->follow = follow && follow->type == JSON_BOOL && follow->boolean;
	g->end = c->life->high;
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
	for (unsigned i = 0; i < EXE_CACHE_SIZE; i++)
		free(g->exes[i].path);
	names_release(&g->names);
	free(g->late);
	json_out_free(g->out);
	free(g);
	c->state = NULL;
}

void logs_notify(struct client *c, const uint64_t *seqs, size_t count)
{
	struct logs *g = c->state;

	for (size_t i = 0; g && i < count; i++) {
		if (seqs[i] >= g->next)
			continue;
		g->missed |= g->late_len >= CLIENT_LATE_MAX;
		if (g->missed)
			return;
		if (g->late_len == g->late_size) {
			size_t size = g->late_size ? g->late_size * 2 : 64;
			uint64_t *grown = realloc(g->late, size * sizeof(*grown));

			g->missed |= !grown;
			if (!grown)
				return;
			g->late = grown;
			g->late_size = size;
		}
		g->late[g->late_len++] = seqs[i];
	}
}

const struct verb verb_logs = {"logs", start, step, release};
