/* SPDX-License-Identifier: Apache-2.0 */
/* See lines.h. */
#include "sidecar/node/lines.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/row.h"
#include "sidecar/common/util.h"

void beside_release(struct beside *b)
{
	exes_release(&b->exes);
	names_release(&b->names);
}

/* The executable the acting program was made from: named by the number of its exec record. */
static void exe_find(struct client *c, struct beside *b, const struct event *e,
		     struct event_context *ret)
{
	const struct exe *x = exes_find(&b->exes, c->store, c->life, e);

	if (!x)
		return;
	ret->exe = x->path;
	ret->exe_len = x->len;
	ret->title = x->title_len ? x->title : NULL;
	ret->title_len = x->title_len;
}

static int put_fields(struct client *c, const struct lines *g, const char *json, size_t len)
{
	enum event_form form = c->csv	 ? EVENT_FORM_CSV
			       : c->json ? EVENT_FORM_JSON
					 : EVENT_FORM_TEXT;
	size_t line_len = 0;
	_free_ char *line = event_fields_line(&g->fields, form, json, len, &line_len);

	return line ? client_write(c, line, line_len) : -ENOMEM;
}

/* Several containers' lines tell which is whose by the word ausearch -n looks for. */
static int put_audit(struct client *c, const struct event *e, const struct event_context *x)
{
	_free_ char *lines = event_to_audit(e, x);
	int r = lines ? 0 : -ENOMEM;

	if (lines && !c->all)
		return client_write(c, lines, strlen(lines));
	for (char *at = lines, *end; r == 0 && (end = strchr(at, '\n')); at = end + 1)
		r = client_printf(c, "node=%s %.*s\n", c->id, (int)(end - at), at);
	return r;
}

static int put_line(struct client *c, struct lines *g, const struct event *e,
		    const struct event_context *x)
{
	_free_ char *line = NULL;
	const char *text;
	size_t len;
	int r;

	if (c->audit)
		return put_audit(c, e, x);
	if (!c->json && g->fields.n == 0) {
		line = event_to_text(e, x);
		return line ? client_printf(c, "%s\n", line) : -ENOMEM;
	}
	json_out_reset(g->out);
	event_to_json(e, x, g->out);
	if (g->fields.n == 0)
		return client_write_json(c, g->out);
	r = json_out_text(g->out, &text, &len);
	return r < 0 ? r : put_fields(c, g, text, len);
}

/* It has a line in every format: its number is no gap. */
static int put_unreadable(struct client *c, struct lines *g, const struct store_row *row)
{
	static const char json[] = "{\"kind\":\"unreadable\"}";
	struct event e = {.head = {.seq = row->seq, .tai_ns = (uint64_t)row->wall_ns}};
	struct event_context x = {.container = c->life->meta.id, .name = c->life->meta.name};

	if (c->audit)
		return put_line(c, g, &e, &x);
	if (g->fields.n > 0)
		return put_fields(c, g, json, sizeof(json) - 1);
	return client_printf(c, "%s\n", c->json ? json : "unreadable record");
}

static int put_raw(struct client *c, const struct store_row *row)
{
	const struct row_head head = {
	    .wall_ns = row->wall_ns, .seq = row->seq, .len = row->record_len};
	static const char zeroes[8];
	int r;

	if (!row->record || row->record_len > ROW_LEN_MAX) {
		snprintf(c->error, sizeof(c->error), "record %" PRIu64 " cannot be read", row->seq);
		return -EBADMSG;
	}
	r = client_write(c, &head, sizeof(head));
	if (r == 0)
		r = client_write(c, row->record, row->record_len);
	return r < 0 ? r : client_write(c, zeroes, ROW_SPACE(row->record_len) - row->record_len);
}

bool lines_may_want(const struct lines *g, const struct store_row *row)
{
	return filter_fits_row(&g->filter, event_kind_number(row->kind, strlen(row->kind)),
			       row->wall_ns);
}

int lines_put(struct client *c, struct lines *g, struct beside *b, const struct store_row *row)
{
	struct event_context x = {.container = c->id,
				  .name = c->name,
				  .meta = c->id ? &c->life->meta : NULL,
				  .colour = g->colour};
	_free_ uint8_t *args = NULL;
	struct event e;
	size_t args_len;

	if (!lines_may_want(g, row))
		return 0;
	if (c->raw)
		return put_raw(c, row);
	if (!row->record || event_decode(row->record, row->record_len, &e) <= 0)
		return put_unreadable(c, g, row);
	x.tai_offset_ns = event_minus(e.head.tai_ns, row->wall_ns);
	if (e.head.kind == RV_KIND_EXEC)
		exes_remember(&b->exes, &e);
	exe_find(c, b, &e, &x);
	if (!filter_fits(&g->filter, &e, x.exe, x.exe_len))
		return 0;
	/* Arguments can be megabytes: those of what is shown alone are read. */
	if (e.head.kind == RV_KIND_EXEC && event_args_in_bulk(&e) &&
	    store_get_args(c->store, c->life, e.head.seq, &args, &args_len) == 0) {
		(void)event_set_args(&e, (const char *)args, args_len);
		exes_remember(&b->exes, &e);
		exe_find(c, b, &e, &x);
	}
	g->shown++;
	names_find(&b->names, c, &e, &x);
	return put_line(c, g, &e, &x);
}

bool lines_want(struct client *c, struct lines *g, struct beside *b, const struct store_row *row)
{
	struct event_context x = {};
	struct event e;

	if (!g->filter.any)
		return true;
	if (!lines_may_want(g, row) || !row->record ||
	    event_decode(row->record, row->record_len, &e) <= 0)
		return false;
	exe_find(c, b, &e, &x);
	return filter_fits(&g->filter, &e, x.exe, x.exe_len);
}

int lines_put_number(struct client *c, struct lines *g, struct beside *b, uint64_t seq)
{
	struct store_row row;
	int r = store_rows(c->store, c->life, seq);

	if (r == 0)
		r = store_next(c->life, &row);
	if (r == 1)
		r = row.seq == seq ? lines_put(c, g, b, &row) : 0;
	store_end(c->life);
	return r;
}

static int put_header(struct client *c, const struct lines *g)
{
	size_t len = 0;
	_free_ char *line = event_fields_header(&g->fields, &len);

	return line ? client_write(c, line, len) : -ENOMEM;
}

static int read_order(struct client *c, const struct json *query, struct lines *ret)
{
	int64_t last = json_get_number(query, "last", 0);

	ret->follow = json_is_true(query, "follow");
	ret->reverse = json_is_true(query, "reverse");
	ret->colour = json_is_true(query, "colour");
	if (ret->follow && ret->reverse)
		return util_refuse(-EINVAL, c->error, sizeof(c->error),
				   "\"follow\" and \"reverse\" do not go together");
	if (last < 0 || last > LINES_LAST_MAX)
		return util_refuse(-EINVAL, c->error, sizeof(c->error),
				   "\"last\": expected a number up to %d", LINES_LAST_MAX);
	ret->last = (uint64_t)last;
	return 0;
}

int lines_start(struct client *c, const struct json *query, struct lines *ret)
{
	const struct json *fields = json_get(query, "fields");
	int r = read_order(c, query, ret);

	if (r < 0)
		return r;
	if (fields && (c->audit || c->raw))
		return util_refuse(-EINVAL, c->error, sizeof(c->error),
				   "fields can be chosen of the formats text, json and csv");
	ret->out = json_out_new();
	if (!ret->out)
		return -ENOMEM;
	if (fields || c->csv)
		r = event_fields_read(fields, &ret->fields, c->error, sizeof(c->error));
	if (r == 0)
		r = filter_read(query, &ret->filter, c->error, sizeof(c->error));
	return r == 0 && c->csv ? put_header(c, ret) : r;
}

void lines_release(struct lines *g)
{
	event_fields_release(&g->fields);
	filter_release(&g->filter);
	json_out_free(g->out);
}
