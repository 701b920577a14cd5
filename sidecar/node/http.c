/* SPDX-License-Identifier: Apache-2.0 */
/* See http.h. The answer is made whole when the request is there, then sent as the client takes it. It ends
 * with our half of the connection; what the client still says is read and forgotten until it, too, ends: a
 * socket closed before that would take the answer back (RST). */
#include "sidecar/node/http.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/http_request.h"
#include "sidecar/node/node.h"

#define HTTP_TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"

struct http_client {
	struct node *node;
	struct http_client *next;
	int fd;
	struct loop_watch watch;
	struct loop_timer timer; /* the end of its time */
	char head[HTTP_HEAD_MAX];
	size_t head_len;
	char *answer; /* NULL: the request is not whole */
	size_t answer_len, sent;
};

static void client_free(struct http_client *c)
{
	struct http *h = &c->node->http;
	struct http_client **at = &h->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	h->client_count--;
	loop_remove(&c->node->loop, &c->watch);
	loop_timer_stop(&c->node->loop, &c->timer);
	close(c->fd);
	free(c->answer);
	free(c);
}

static int answer(struct http_client *c, const char *status, const char *type, const char *text, size_t len,
		  bool head_only)
{
	FILE *f = open_memstream(&c->answer, &c->answer_len);
	bool failed;

	if (!f)
		return -ENOMEM;
	fprintf(f, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n", status, type,
		len);
	if (strncmp(status, "405", 3) == 0)
		fputs("Allow: GET, HEAD\r\n", f);
	fputs("\r\n", f);
	if (!head_only)
		fwrite(text, 1, len, f);
	failed = ferror(f);
	return fclose(f) != 0 || failed ? -ENOMEM : 0;
}

static int refuse(struct http_client *c, const char *status, const char *why)
{
	return answer(c, status, HTTP_TYPE_TEXT, why, strlen(why), false);
}

static int give_metrics(struct http_client *c, bool head_only)
{
	const char *text;
	size_t len;

	if (metrics_text(c->node, &text, &len) < 0)
		return refuse(c, "503 Service Unavailable", "no memory\n");
	return answer(c, "200 OK", HTTP_TYPE_METRICS, text, len, head_only);
}

static int respond(struct http_client *c)
{
	enum http_request wanted = http_request_read(c->head, c->head_len);

	switch (wanted) {
	case HTTP_UNFINISHED:
		return c->head_len < HTTP_HEAD_MAX ? 0
						    : refuse(c, "431 Request Header Fields Too Large",
							     "the request is too long\n");
	case HTTP_GET:
	case HTTP_HEAD:
		return give_metrics(c, wanted == HTTP_HEAD);
	case HTTP_OTHER_TARGET:
		return refuse(c, "404 Not Found", "there is /metrics, and nothing else\n");
	case HTTP_OTHER_METHOD:
		return refuse(c, "405 Method Not Allowed", "expected GET or HEAD\n");
	case HTTP_MALFORMED:
		break;
	}
	return refuse(c, "400 Bad Request", "expected: GET /metrics HTTP/1.1\n");
}

/* -errno: it is of no more use. */
static int listen_to(struct http_client *c)
{
	size_t room = HTTP_HEAD_MAX - c->head_len;
	ssize_t got = recv(c->fd, c->head + c->head_len, room, 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -ECONNRESET;
	c->head_len += (size_t)got;
	return respond(c);
}

static int talk(struct http_client *c)
{
	while (c->sent < c->answer_len) {
		ssize_t n = send(c->fd, c->answer + c->sent, c->answer_len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return loop_change(&c->node->loop, &c->watch, EPOLLOUT);
		if (n < 0)
			return -errno;
		c->sent += (size_t)n;
	}
	shutdown(c->fd, SHUT_WR);
	return loop_change(&c->node->loop, &c->watch, EPOLLIN);
}

/* Its last words. */
static int forget(struct http_client *c)
{
	ssize_t got = recv(c->fd, c->head, HTTP_HEAD_MAX, 0);

	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)) ? 0 : -ECONNRESET;
}

static void ready(void *arg, uint32_t events)
{
	struct http_client *c = arg;
	int r = 0;

	if (c->answer && c->sent == c->answer_len)
		r = forget(c);
	else if (!c->answer && (events & EPOLLIN))
		r = listen_to(c);
	else if (events & (EPOLLERR | EPOLLHUP))
		r = -ECONNRESET;
	if (r == 0 && c->answer && c->sent < c->answer_len)
		r = talk(c);
	if (r < 0)
		client_free(c);
}

static void expired(void *arg)
{
	client_free(arg);
}

int http_open(struct node *n, int fd)
{
	struct http *h = &n->http;
	struct http_client *c = h->clients;
	int r;

	while (h->client_count >= HTTP_CLIENTS_MAX && c->next)
		c = c->next;
	if (h->client_count >= HTTP_CLIENTS_MAX)
		client_free(c);
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->node = n;
	c->fd = fd;
	c->watch.ready = ready;
	c->timer.expired = expired;
	c->watch.arg = c->timer.arg = c;
	c->next = h->clients;
	h->clients = c;
	h->client_count++;
	r = loop_add(&n->loop, &c->watch, fd, EPOLLIN);
	if (r < 0)
		client_free(c);
	else
		loop_timer_set(&n->loop, &c->timer, HTTP_TIME_MS);
	return r;
}

void http_release(struct node *n)
{
	struct http *h = &n->http;

	while (h->clients)
		client_free(h->clients);
	for (unsigned i = 0; i < h->listeners_n; i++)
		listen_remove(&h->listeners[i]);
	h->listeners_n = 0;
	if (h->path[0])
		(void)unlink(h->path);
}
