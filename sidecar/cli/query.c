/* SPDX-License-Identifier: Apache-2.0 */
/* See query.h. The node is trusted to be the node (its socket lies in a root-owned directory), but
 * not to be alive or well: every wait has an end, every end has a message with a way out. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "progress.h"
#include "query.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

#define CONNECT_RETRY_MS 20
#define QUERY_JSON_MAX (16u << 20) /* bytes */

static int try_connect(int *ret_fd)
{
	static const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = PATH_QUERY_SOCKET};
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int query_probe(void)
{
	_close_ int fd = -1;

	return try_connect(&fd);
}

/* Puts what went wrong, and the way out, into q->error. */
static int explain(struct query *q, int r)
{
	const char *why = strerror(-r);

	switch (r) {
	case -ENOENT:
	case -ECONNREFUSED:
		return util_refuse(-ECONNREFUSED, q->error, sizeof(q->error),
				   "no node is running (%s: %s): start it with 'systemctl start "
				   "reeve-node', or 'reeve-node' as root",
				   PATH_QUERY_SOCKET, why);
	case -EACCES:
		return util_refuse(r, q->error, sizeof(q->error),
				   "not allowed to ask the node (%s): be root or a member of "
				   "group %s",
				   PATH_QUERY_SOCKET, REEVE_GROUP);
	case -ETIMEDOUT:
	case -EAGAIN:
		return util_refuse(-ETIMEDOUT, q->error, sizeof(q->error),
				   "the node does not answer (%s): see its log; 'systemctl "
				   "restart reeve-node' is safe",
				   PATH_QUERY_SOCKET);
	case -ECONNRESET:
	case -EPIPE:
		return util_refuse(-ECONNRESET, q->error, sizeof(q->error),
				   "the node closed the connection before its answer was "
				   "complete: see its log, then ask again");
	default:
		return util_refuse(r, q->error, sizeof(q->error), "ask the node at %s: %s",
				   PATH_QUERY_SOCKET, why);
	}
}

/* A full backlog says EAGAIN at once; a node that is merely busy takes us within the bound. */
static int connect_patiently(int *ret_fd)
{
	uint64_t until = util_now_ns() + QUERY_FIRST_ANSWER_MS * 1000000ull;
	int r;

	while ((r = try_connect(ret_fd)) == -EAGAIN && util_now_ns() < until)
		poll(NULL, 0, CONNECT_RETRY_MS);
	return r;
}

static int send_request(int fd, const char *text, size_t len)
{
	struct wire_buf out = {0};
	int r = wire_put(&out, WIRE_QUERY, 0, 0, text, len);

	while (r == 0 && (r = wire_flush(&out, fd)) == 1) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};

		r = poll(&p, 1, QUERY_FIRST_ANSWER_MS) > 0 ? 0 : -ETIMEDOUT;
	}
	wire_buf_release(&out);
	return r;
}

int query_open(struct query *q, struct json_out *request)
{
	_close_ int fd = -1;
	const char *text;
	size_t len;
	int r = json_out_text(request, &text, &len);

	*q = (struct query){.fd = -1};
	if (r == 0)
		r = connect_patiently(&fd);
	if (r == 0)
		r = send_request(fd, text, len);
	if (r == -EPIPE || r == -ECONNRESET)
		r = 0; /* turned away, and told why */
	if (r < 0)
		return explain(q, r);
	q->fd = TAKE_FD(fd);
	return 0;
}

void query_release(struct query *q)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	wire_buf_release(&q->in);
}

/* The node's last word: 1, or its error. */
static int finish(struct query *q, const struct wire_frame *f)
{
	struct json *done _json_ = NULL;
	char error[128];
	int64_t status;
	int r = json_parse((const char *)f->payload, f->head.length, false, &done, error,
			   sizeof(error));

	if (r < 0)
		return util_refuse(-EPROTO, q->error, sizeof(q->error),
				   "cannot read the node's last word: %s", error);
	status = json_get_number(done, "status", EPROTO);
	if (status == 0)
		return 1;
	if (status < 0 || status > 4095)
		status = EPROTO;
	return util_refuse(-(int)status, q->error, sizeof(q->error), "%s",
			   json_get_string(done, "error", strerror((int)status)));
}

static int take_frame(struct query *q, const struct wire_frame *f, int out)
{
	int r;

	q->answered = true;
	if (f->head.type == WIRE_DONE)
		return finish(q, f);
	if (f->head.type != WIRE_DATA)
		return 0;
	progress_bytes(f->payload, f->head.length);
	if (q->take)
		return q->take(q->arg, f->payload, f->head.length);
	r = util_write_all(out, f->payload, f->head.length);
	if (r < 0)
		util_refuse(r, q->error, sizeof(q->error), "write the answer: %s", strerror(-r));
	return r;
}

int query_pump(struct query *q, int out)
{
	struct wire_frame f;
	int filled = wire_fill(&q->in, q->fd);
	int r;

	if (filled < 0 && filled != -ECONNRESET)
		return explain(q, filled);
	while ((r = wire_next(&q->in, &f)) > 0) {
		r = take_frame(q, &f, out);
		if (r != 0)
			return r;
	}
	if (r < 0)
		return util_refuse(r, q->error, sizeof(q->error),
				   "cannot understand the node (%s): is it of another version "
				   "than this reeve (%s)?",
				   strerror(-r), REEVE_BUILD);
	return filled < 0 ? explain(q, filled) : 0;
}

int query_first_answer(struct query *q)
{
	struct pollfd p = {.fd = q->fd, .events = POLLIN};
	int r;

	do {
		r = poll(&p, 1, QUERY_FIRST_ANSWER_MS);
	} while (r < 0 && errno == EINTR);
	return r > 0 ? 0 : explain(q, r == 0 ? -ETIMEDOUT : -errno);
}

/* Until the answer ends. A reader of ours that goes away while the node pauses is noticed. */
static int pump_all(struct query *q, bool follow)
{
	int r = 0;

	while (r == 0) {
		struct pollfd p[2] = {{.fd = q->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
		int wait_ms = q->answered ? QUERY_NEXT_ANSWER_MS : QUERY_FIRST_ANSWER_MS;
		int n = poll(p, 2, follow ? -1 : wait_ms);

		if (n < 0 && errno != EINTR)
			return explain(q, -errno);
		if (n == 0)
			return explain(q, -ETIMEDOUT);
		if (n > 0 && p[0].revents)
			r = query_pump(q, STDOUT_FILENO);
		else if (n > 0 && p[1].revents & (POLLERR | POLLNVAL))
			r = -EPIPE;
	}
	return r;
}

int query_print(struct json_out *request, bool follow)
{
	struct query q = {.fd = -1};
	int r;

	if (!request)
		return log_err(-ENOMEM, "write the request"), 1;
	r = query_open(&q, request);
	if (r == 0)
		r = pump_all(&q, follow);
	if (r < 0 && r != -EPIPE)
		log_err(0, "%s", q.error);
	query_release(&q);
	json_out_free(request);
	return r < 0 && r != -EPIPE;
}

static int take_all(struct query *q)
{
	int r = query_first_answer(q);

	while (r == 0) {
		struct pollfd p = {.fd = q->fd, .events = POLLIN};
		int n = poll(&p, 1, QUERY_NEXT_ANSWER_MS);

		if (n < 0 && errno != EINTR)
			return explain(q, -errno);
		if (n == 0)
			return explain(q, -ETIMEDOUT);
		if (n > 0)
			r = query_pump(q, -1);
	}
	return r < 0 ? r : 0;
}

int query_each(struct json_out *request, int (*take)(void *arg, const void *data, size_t len),
	       void *arg, char *error, size_t error_size)
{
	struct query q = {.fd = -1};
	int r;

	if (!request)
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	r = query_open(&q, request);
	q.take = take;
	q.arg = arg;
	if (r == 0)
		r = take_all(&q);
	if (r < 0 && q.error[0])
		util_refuse(r, error, error_size, "%s", q.error);
	query_release(&q);
	json_out_free(request);
	return r;
}

struct answer {
	char *text;
	size_t len;
};

static int take_text(void *arg, const void *data, size_t len)
{
	struct answer *a = arg;
	char *grown = a->len + len <= QUERY_JSON_MAX ? realloc(a->text, a->len + len + 1) : NULL;

	if (!grown)
		return a->len + len > QUERY_JSON_MAX ? -EFBIG : -ENOMEM;
	memcpy(grown + a->len, data, len);
	a->text = grown;
	a->len += len;
	return 0;
}

int query_text(struct json_out *request, char **ret, size_t *ret_len, char *error, size_t error_size)
{
	struct answer a = {};
	int r = query_each(request, take_text, &a, error, error_size);

	if (!a.text && (r == 0 || r == -EUCLEAN))
		a.text = calloc(1, 1);
	if (r != 0 && r != -EUCLEAN) {
		free(a.text);
		return r;
	}
	if (!a.text)
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	a.text[a.len] = '\0';
	*ret = a.text;
	*ret_len = a.len;
	return r;
}

int query_json(struct json_out *request, struct json **ret, char *error, size_t error_size)
{
	_free_ char *text = NULL;
	size_t len;
	int r = query_text(request, &text, &len, error, error_size), parsed;

	if (!text)
		return r;
	parsed = json_parse(text, len, false, ret, error, error_size);
	return parsed < 0 ? parsed : r;
}

struct json_out *query_request_format(const char *verb, const char *id, const char *format)
{
	struct json_out *o = json_out_new();

	if (!o)
		return NULL;
	json_out_open_object(o);
	json_out_member_string(o, "verb", verb);
	json_out_member_string(o, "format", format);
	if (id)
		json_out_member_string(o, "id", id);
	return o;
}

struct json_out *query_request(const char *verb, const char *id, bool json)
{
	return query_request_format(verb, id, json ? "json" : "text");
}
