/* SPDX-License-Identifier: Apache-2.0 */
/* See client.h. A piece per turn and only while the client reads: one that stops costs its own
 * buffer and nobody's time. */
#include "sidecar/node/client.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

#define PIECE_MAX (1u << 20) /* bytes of one WIRE_DATA */

static const struct verb *const verbs[] = {&verb_ps,	   &verb_logs,	 &verb_ledger, &verb_stats,
					   &verb_status, &verb_verify, &verb_anchor};

static void unfollow(struct client *c)
{
	struct client **at = c->life ? &c->life->followers : NULL;

	while (at && *at && *at != c)
		at = &(*at)->next_follower;
	if (at && *at)
		*at = c->next_follower;
}

static void client_free(struct client *c)
{
	struct client **at = &c->node->clients;

	unfollow(c);
	if (c->verb && c->verb->release)
		c->verb->release(c);
	loop_remove(&c->node->loop, &c->watch);
	loop_timer_stop(&c->node->loop, &c->timer);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->node->client_count--;
	close(c->fd);
	wire_buf_release(&c->in);
	wire_buf_release(&c->out);
	free(c->piece);
	free(c);
}

bool client_has_room(const struct client *c)
{
	return c->out.len - c->out.done + c->piece_len < CLIENT_OUT_MAX;
}

int client_write(struct client *c, const void *data, size_t len)
{
	if (c->piece_size - c->piece_len < len) {
		size_t size = c->piece_size ? c->piece_size : 4096;
		char *grown;

		while (size - c->piece_len < len)
			size *= 2;
		grown = realloc(c->piece, size);
		if (!grown)
			return -ENOMEM;
		c->piece = grown;
		c->piece_size = size;
	}
	memcpy(c->piece + c->piece_len, data, len);
	c->piece_len += len;
	return 0;
}

static int put_piece(struct client *c)
{
	int r = 0;

	for (size_t at = 0, n; r == 0 && at < c->piece_len; at += n) {
		n = c->piece_len - at < PIECE_MAX ? c->piece_len - at : PIECE_MAX;
		r = wire_put(&c->out, WIRE_DATA, 0, 0, c->piece + at, n);
	}
	c->piece_len = 0;
	if (c->piece_size > CLIENT_OUT_MAX) { /* a long line: rare */
		free(c->piece);
		c->piece = NULL;
		c->piece_size = 0;
	}
	return r;
}

int client_printf(struct client *c, const char *fmt, ...)
{
	_free_ char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return client_write(c, text, (size_t)n);
}

int client_write_json(struct client *c, struct json_out *o)
{
	const char *text;
	size_t len;
	int r = o ? json_out_text(o, &text, &len) : -ENOMEM;

	if (r == 0)
		r = client_write(c, text, len);
	return r < 0 ? r : client_write(c, "\n", 1);
}

static int put_done(struct client *c, int status)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *text;
	size_t len;
	int r;

	json_out_open_object(o);
	json_out_member_number(o, "status", -status);
	if (status < 0)
		json_out_member_string(o, "error", c->error[0] ? c->error : strerror(-status));
	json_out_close_object(o);
	r = o ? json_out_text(o, &text, &len) : -ENOMEM;
	if (r == 0)
		r = wire_put(&c->out, WIRE_DONE, 0, 0, text, len);
	c->done = true;
	return r;
}

static int take_query(struct client *c, const struct wire_frame *f)
{
	_json_ struct json *j = NULL;
	const char *verb, *format;
	int r = json_parse((const char *)f->payload, f->head.length, false, &j, c->error,
			   sizeof(c->error));

	if (r < 0)
		return r;
	verb = json_get_string(j, "verb", "");
	format = json_get_string(j, "format", "text");
	for (size_t i = 0; i < ARRAY_SIZE(verbs) && !c->verb; i++)
		if (strcmp(verbs[i]->name, verb) == 0)
			c->verb = verbs[i];
	c->json = strcmp(format, "json") == 0;
	c->audit = c->verb == &verb_logs && strcmp(format, "audit") == 0;
	c->raw = c->verb == &verb_logs && strcmp(format, "raw") == 0;
	c->csv = c->verb == &verb_logs && strcmp(format, "csv") == 0;
	if (!c->verb || (!c->json && !c->csv && !c->audit && !c->raw && strcmp(format, "text") != 0)) {
		snprintf(c->error, sizeof(c->error),
			 c->verb ? "%s has no format '%s'" : "no verb '%s'", verb, format);
		c->verb = NULL;
		return -EINVAL;
	}
	return c->verb->start(c, j);
}

/* One step of the verb, and DONE when it was the last. */
static int work(struct client *c)
{
	int r = c->verb->step(c), put = put_piece(c);

	if (put < 0)
		return put;
	if (r == 1 || r == -EAGAIN || r == -ENODATA)
		return r;
	r = put_done(c, r);
	return r < 0 ? r : 1;
}

static int turn(struct client *c)
{
	int sent, r = 1;

	loop_timer_stop(&c->node->loop, &c->timer);
	if (c->verb && !c->done && client_has_room(c))
		r = work(c);
	if (r < 0 && r != -EAGAIN && r != -ENODATA)
		return r;
	sent = wire_flush(&c->out, c->fd);
	if (sent < 0 || (sent == 0 && c->done))
		return sent < 0 ? sent : -ECONNRESET;
	if (sent == 0 && r != -ENODATA)
		loop_timer_set(&c->node->loop, &c->timer, r == -EAGAIN ? CLIENT_WAIT_MS : 0);
	return loop_change(&c->node->loop, &c->watch,
			   EPOLLIN | EPOLLRDHUP | (sent > 0 ? (uint32_t)EPOLLOUT : 0));
}

static int listen_to(struct client *c)
{
	struct wire_frame f;
	int r = wire_fill(&c->in, c->fd);

	if (r <= 0)
		return r;
	if (c->verb || c->in.len - c->in.done > CLIENT_QUERY_MAX)
		return -EPROTO; /* one question is enough, and a short one */
	r = wire_next(&c->in, &f);
	if (r <= 0)
		return r;
	if (f.head.type != WIRE_QUERY)
		return -EPROTO;
	r = take_query(c, &f);
	if (r < 0)
		return put_done(c, r);
	/* Heard: before the work, which can take longer than a client waits for a sign of life. */
	r = wire_put(&c->out, WIRE_DATA, 0, 0, "", 0);
	return r < 0 || (r = wire_flush(&c->out, c->fd)) < 0 ? r : 1;
}

static void ready(void *arg, uint32_t events)
{
	struct client *c = arg;
	int r = 0;

	if (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP))
		r = -ECONNRESET;
	if (r == 0 && (events & EPOLLIN))
		r = listen_to(c);
	if (r >= 0 && (c->verb || c->done))
		r = turn(c);
	if (r < 0)
		client_free(c);
}

static void expired(void *arg)
{
	struct client *c = arg;

	if ((!c->verb && !c->done) || turn(c) < 0)
		client_free(c);
}

int client_open(struct node *n, int fd)
{
	struct client *c = n->client_count < NODE_CLIENTS_MAX ? calloc(1, sizeof(*c)) : NULL;
	int r;

	if (!c) {
		close(fd);
		return -EMFILE;
	}
	c->node = n;
	c->fd = fd;
	c->watch.ready = ready;
	c->timer.expired = expired;
	c->watch.arg = c->timer.arg = c;
	c->next = n->clients;
	n->clients = c;
	n->client_count++;
	r = loop_add(&n->loop, &c->watch, fd, EPOLLIN);
	if (r < 0)
		client_free(c);
	else
		loop_timer_set(&n->loop, &c->timer, CLIENT_ASK_MS);
	return r;
}

void clients_release(struct node *n)
{
	while (n->clients)
		client_free(n->clients);
}

void clients_notify(struct life *l, const uint64_t *seqs, size_t count)
{
	for (struct client *c = l->followers; c; c = c->next_follower) {
		logs_notify(c, seqs, count);
		if (c->out.len == c->out.done)
			loop_timer_set(&c->node->loop, &c->timer, 0);
	}
}

static int find_node(struct client *c)
{
	struct nodelog *g = &c->node->nodelog;

	c->life = nodelog_life(g);
	if (!c->life) {
		snprintf(c->error, sizeof(c->error),
			 "the node has no log yet: it begins when the programs are loaded "
			 "('reeve-load')");
		return -ENOENT;
	}
	c->store = &g->store;
	return 0;
}

void client_turn_to(struct client *c, struct life *l)
{
	c->life = l;
	c->store = &c->node->store;
	c->id = l->meta.id;
	c->name = l->meta.name;
}

int client_find_life(struct client *c, const struct json *query)
{
	struct life *l;
	int r;

	if (json_is_true(query, "node"))
		return find_node(c);
	r = lives_find(&c->node->lives, json_get_string(query, "id", ""), &l, c->error,
		       sizeof(c->error));
	if (r == 0)
		client_turn_to(c, l);
	return r;
}
