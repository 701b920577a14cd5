/* SPDX-License-Identifier: Apache-2.0 */
/* See client.h. A piece per turn and only while the client reads: one that stops costs its own
 * buffer and nobody's time. */
#include "sidecar/node/client.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/removal.h"

#define PIECE_MAX (1u << 20) /* bytes of one WIRE_DATA */

static void unfollow(struct client *c)
{
	struct client **at = c->life ? &c->life->followers : NULL;

	while (at && *at && *at != c)
		at = &(*at)->next_follower;
	if (at && *at)
		*at = c->next_follower;
}

void client_free(struct client *c)
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

	if (c->lines)
		r = wire_put_bytes(&c->out, c->piece, c->piece_len);
	for (size_t at = 0, n; !c->lines && r == 0 && at < c->piece_len; at += n) {
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
	if (r == 0 && !c->lines)
		r = wire_put(&c->out, WIRE_DONE, 0, 0, text, len);
	if (r == 0 && c->lines && (r = wire_put_bytes(&c->out, text, len)) == 0)
		r = wire_put_bytes(&c->out, "\n", 1);
	c->done = true;
	return r;
}

static void spent(struct client *c, uint64_t began_ns)
{
	uint64_t ns = util_now_ns() - began_ns;

	c->work_ns += ns;
	c->node->query_counts.work_ns += ns;
}

/* 0: all is sent, 1: the client must read first. */
static int flush(struct client *c)
{
	size_t left = c->out.len - c->out.done;
	int r = wire_flush(&c->out, c->fd);

	if (r == 0 || c->out.len - c->out.done < left)
		c->moved_ns = util_now_ns();
	return r;
}

/* One step of the verb, and DONE when it was the last. */
static int work(struct client *c)
{
	uint64_t began = util_now_ns();
	int r = c->verb->step(c), put = put_piece(c);

	spent(c, began);
	if (put < 0)
		return put;
	if (r == -EAGAIN || r == -ENODATA)
		c->work_ns = 0;
	if (r == 1 && c->work_ns > CLIENT_WORK_MAX_S * 1000000000ull)
		r = util_refuse(-ETIME, c->error, sizeof(c->error),
				"this took %d s of the node's time and is not at its end: ask for less "
				"at a time",
				CLIENT_WORK_MAX_S);
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
	sent = flush(c);
	if (sent < 0 || (sent == 0 && c->done))
		return sent < 0 ? sent : -ECONNRESET;
	if (sent == 0 && r != -ENODATA)
		loop_timer_set(&c->node->loop, &c->timer, r == -EAGAIN ? CLIENT_WAIT_MS : 0);
	return loop_change(&c->node->loop, &c->watch,
			   (c->lines ? 0u : EPOLLIN | EPOLLRDHUP) | (sent > 0 ? (uint32_t)EPOLLOUT : 0u));
}

/* The question, once it is whole. Its end is that of the line, or of all that comes. */
static int next_question(struct client *c, bool is_end, const char **ret, size_t *ret_len)
{
	const char *at = (const char *)c->in.data + c->in.done;
	size_t len = c->in.len - c->in.done;
	const char *line_end;
	struct wire_frame f;
	int r;

	if (c->lines) {
		line_end = memchr(at, '\n', len);
		*ret = at;
		*ret_len = line_end ? (size_t)(line_end - at) : len;
		return line_end || is_end;
	}
	r = wire_next(&c->in, &f);
	if (r <= 0)
		return r;
	*ret = (const char *)f.payload;
	*ret_len = f.head.length;
	return f.head.type == WIRE_QUERY ? 1 : -EPROTO;
}

static int listen_to(struct client *c)
{
	int filled = wire_fill(&c->in, c->fd), r;
	const char *text;
	uint64_t began;
	size_t len;

	if (filled == 0 || (filled < 0 && filled != -ECONNRESET))
		return filled;
	if (c->verb || c->done)
		return filled < 0 ? filled : -EPROTO; /* one question is enough */
	c->lines = c->in.len > c->in.done && c->in.data[c->in.done] == '{';
	if (c->in.len - c->in.done > CLIENT_QUERY_MAX)
		return -EMSGSIZE;
	r = next_question(c, filled < 0, &text, &len);
	if (r <= 0)
		return r < 0 || filled > 0 ? r : filled;
	began = util_now_ns();
	r = client_ask(c, text, len);
	spent(c, began);
	if (r < 0)
		return put_done(c, r);
	/* Heard: before the work, which can take longer than a client waits for a sign of life. */
	r = c->lines ? 0 : wire_put(&c->out, WIRE_DATA, 0, 0, "", 0);
	return r < 0 || (r = flush(c)) < 0 ? r : 1;
}

/* What it sent is no question: it is told, as far as it still listens. */
static void refuse(struct client *c, int r)
{
	c->node->query_counts.malformed++;
	snprintf(c->error, sizeof(c->error), "%s: docs/protocol.md says how to ask",
		 r == -EPROTONOSUPPORT ? "the protocol's version is another"
		 : r == -EMSGSIZE      ? "the question is too long"
				       : "that is not the protocol");
	if (put_done(c, r) == 0)
		(void)wire_flush(&c->out, c->fd);
	client_free(c);
}

static void ready(void *arg, uint32_t events)
{
	struct client *c = arg;
	int r = 0;

	if (events & (EPOLLHUP | EPOLLERR))
		r = -ECONNRESET;
	if (r == 0 && (events & EPOLLIN))
		r = listen_to(c);
	if (r >= 0 && (events & EPOLLRDHUP) && !c->lines)
		r = -ECONNRESET;
	if (r >= 0 && (c->verb || c->done))
		r = turn(c);
	if (r == -EPROTO || r == -EPROTONOSUPPORT || r == -EMSGSIZE)
		refuse(c, r);
	else if (r < 0)
		client_free(c);
}

static void expired(void *arg)
{
	struct client *c = arg;
	bool silent = !c->verb && !c->done;

	c->node->query_counts.silent += silent;
	if (silent || turn(c) < 0)
		client_free(c);
}

static int turn_away(struct node *n, int fd, uid_t uid)
{
	struct client c = {.node = n, .fd = fd};

	n->query_counts.turned_away++;
	if (log_due(&n->query_counts.said_ns))
		log_warn(0, "a client of user %u was turned away, %u are connected (%llu so far)", uid,
			 n->client_count, (unsigned long long)n->query_counts.turned_away);
	snprintf(c.error, sizeof(c.error), "too many ask at the same time: at most %d, %d of one user",
		 NODE_CLIENTS_MAX, CLIENT_UID_MAX);
	if (put_done(&c, -EBUSY) == 0)
		(void)wire_flush(&c.out, fd);
	wire_buf_release(&c.out);
	close(fd);
	return -EBUSY;
}

int client_open(struct node *n, int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);
	struct client *c;
	int r;

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	if (!client_make_room(n, peer.uid))
		return turn_away(n, fd, peer.uid);
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->node = n;
	c->fd = fd;
	c->uid = peer.uid;
	c->moved_ns = util_now_ns();
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
	if (r == -ENOENT)
		(void)removal_find(PATH_REMOVED, json_get_string(query, "id", ""), c->error,
				   sizeof(c->error));
	if (r == 0)
		client_turn_to(c, l);
	return r;
}
