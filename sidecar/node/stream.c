/* SPDX-License-Identifier: Apache-2.0 */
/* See stream.h. The order that nothing is lost by: records are copied into the intake, committed,
 * and only then acknowledged; while the store refuses, nothing more is read from this agent, whose
 * spool keeps everything. */
#include "sidecar/node/stream.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/node.h"
#include "sidecar/node/stream_inside.h"

static void unlink_stream(struct stream *s)
{
	struct stream **at = &s->node->streams;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->node->stream_count--;
}

static void set_stalled(struct stream *s, bool stalled, int r)
{
	if (s->stalled == stalled)
		return;
	s->stalled = stalled;
	s->node->stalled_count += stalled ? 1 : -1u;
	if (stalled)
		log_err(r,
			"write store %s/%s: container %s waits with its agent, tried every second",
			PATH_STORE, s->life->file, s->life->meta.id);
	else
		log_info("store %s/%s can be written again", PATH_STORE, s->life->file);
}

void stream_free(struct stream *s)
{
	struct node *n = s->node;

	if (s->stalled)
		n->stalled_count--;
	loop_remove(&n->loop, &s->watch);
	loop_timer_stop(&n->loop, &s->timer);
	turns_remove(&n->turns, &s->turn);
	if (s->life && s->life->stream == s)
		s->life->stream = NULL;
	if (s->life && !s->life->ended)
		adopt_soon(n);
	unlink_stream(s);
	close(s->fd);
	wire_buf_release(&s->in);
	wire_buf_release(&s->out);
	intake_release(&s->intake);
	free(s);
}

static void watch(struct stream *s)
{
	uint32_t events = 0;

	if (!s->stalled && !s->ending && !s->closing && !s->turn.waits)
		events |= EPOLLIN;
	if (s->out.done < s->out.len)
		events |= EPOLLOUT;
	loop_change(&s->node->loop, &s->watch, events);
}

/* 0: go on; -errno: the stream is of no more use. */
static int answer(struct stream *s, uint16_t type, uint64_t position, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	uint64_t id = s->life ? s->life->meta.generation : 0;
	int r;

	if (s->out.len - s->out.done > STREAM_OUT_MAX)
		return -ENOBUFS;
	r = wire_put(&s->out, type, id, position, text, len);
	if (r == 0)
		r = wire_flush(&s->out, s->fd);
	return r < 0 ? r : 0;
}

static int refuse(struct stream *s, const char *why)
{
	s->node->refused_peers++;
	if (log_due(&s->node->refused_said_ns))
		log_warn(0, "refused the agent of %s (pid %d): %s",
			 s->life ? s->life->meta.id : s->key, (int)s->pid, why);
	s->closing = true;
	loop_timer_set(&s->node->loop, &s->timer, STREAM_HELLO_MS); /* to read that */
	return answer(s, WIRE_REFUSED, 0, why);
}

static int acknowledge(struct stream *s)
{
	int r = 0;

	if (s->position != s->acked)
		r = answer(s, WIRE_ACK, s->position, NULL);
	s->acked = s->position;
	if (r == 0 && s->ending && !s->closing) {
		s->closing = true;
		loop_timer_set(&s->node->loop, &s->timer, STREAM_HELLO_MS);
		r = answer(s, WIRE_ACK, s->end_position, NULL);
	}
	return r;
}

/* Everything taken in goes to disk and is acknowledged, or waits for the next try. */
static int commit(struct stream *s)
{
	struct life *l = s->life;
	bool ended = l->ended;
	int r;

	loop_timer_stop(&s->node->loop, &s->timer);
	if (s->ending) {
		bulk_drain_all(s->node);
		life_end(l);
		s->intake.meta = true;
	}
	if (s->intake.len > 0 || s->intake.meta) {
		r = disk_commit(s->node, &s->intake, l);
		if (r < 0) {
			l->ended = ended;
			set_stalled(s, true, r);
			loop_timer_set(&s->node->loop, &s->timer, STREAM_RETRY_MS);
			return 0;
		}
		set_stalled(s, false, 0);
		clients_notify(l, s->intake.stored.of, s->intake.stored.n);
		logs_all_notify(s->node, l, s->intake.stored.of, s->intake.stored.n);
	}
	return acknowledge(s);
}

static int take_hello(struct stream *s, const struct wire_frame *f)
{
	_json_ struct json *j = NULL;
	struct meta meta = {};
	char error[256];
	int r;

	if (s->life)
		return refuse(s, "a second hello on one stream");
	if (f->head.length > META_SIZE_MAX)
		return refuse(s, "the hello is too long");
	r = json_parse((const char *)f->payload, f->head.length, false, &j, error, sizeof(error));
	if (r == 0)
		r = meta_from_json(j, &meta, error, sizeof(error));
	if (r < 0)
		return refuse(s, r == -ENOMEM ? "no memory" : error);
	if (strcmp(meta.key, s->key) != 0 || meta.generation == 0) {
		meta_release(&meta);
		return refuse(s, "the hello speaks for another container than the agent's cgroup");
	}
	r = lives_admit(&s->node->lives, &meta, &s->life);
	meta_release(&meta);
	if (r < 0)
		return refuse(s, r == -EEXIST ? "another container of that id started in the same "
						"millisecond"
					      : "no memory");
	if (s->life->stream) /* its agent is gone: the lock lets one live at a time */
		stream_free(s->life->stream);
	s->life->stream = s;
	if (!s->life->closed) /* given up too early: its END is still to come */
		s->life->ended = false;
	s->intake.meta = true;
	loop_timer_set(&s->node->loop, &s->timer, INTAKE_COMMIT_MS);
	return answer(s, WIRE_WELCOME, 0, NULL);
}

static int take_records(struct stream *s, const struct wire_frame *f)
{
	bool bulk = false, first = s->intake.len == 0;
	int r = intake_add(&s->intake, f->payload, f->head.length, &bulk);

	if (r == -EBADMSG)
		return refuse(s, "a frame of records does not hold whole records");
	if (r < 0)
		return r;
	s->position = f->head.position;
	if (bulk)
		bulk_drain_all(s->node);
	if (s->intake.len >= INTAKE_COMMIT_BYTES) {
		s->full = true;
		return commit(s);
	}
	if (first)
		loop_timer_set(&s->node->loop, &s->timer, disk_commit_ms(s->node));
	return 0;
}

static int take_state(struct stream *s, const struct wire_frame *f)
{
	struct rv_counters c, before;

	if (f->head.length != sizeof(c))
		return refuse(s, "a frame of counters has the wrong size");
	memcpy(&c, f->payload, sizeof(c));
	before = s->life->counters;
	life_count(s->life, &c);
	counts_advance(&s->node->store.counts, &before, &s->life->counters);
	s->intake.meta = true;
	if (!s->timer.armed)
		loop_timer_set(&s->node->loop, &s->timer, STREAM_STATE_MS);
	return 0;
}

static int take_frame(struct stream *s, const struct wire_frame *f)
{
	if (f->head.type == WIRE_HELLO)
		return take_hello(s, f);
	if (!s->life)
		return refuse(s, "the first frame is no hello");
	switch (f->head.type) {
	case WIRE_RECORDS:
		return take_records(s, f);
	case WIRE_STATE:
		return take_state(s, f);
	case WIRE_END:
		s->ending = true;
		s->end_position = f->head.position;
		return commit(s);
	default:
		return 0; /* a later version's word: skipped by its length */
	}
}

/* Those that were read already. */
static int take_frames(struct stream *s)
{
	struct wire_frame f;
	int r = 1;

	while (r == 1 && !s->full && !s->stalled && !s->ending && !s->closing) {
		r = wire_next(&s->in, &f);
		if (r == 1) {
			r = take_frame(s, &f);
			r = r < 0 ? r : 1;
		}
	}
	return r < 0 ? r : 0;
}

/* After the peer is gone: what it sent still counts, an END as well. */
void stream_end(struct stream *s)
{
	if (s->life && !s->stalled && (s->intake.len > 0 || s->intake.meta))
		(void)commit(s);
	stream_free(s);
}

static void after(struct stream *s, int r)
{
	if (r == -EPROTO || r == -EPROTONOSUPPORT || r == -EMSGSIZE)
		r = refuse(s, r == -EPROTONOSUPPORT ? "the protocol's version is another"
						    : "that is not the protocol");
	if (r < 0 || (s->closing && s->out.done == s->out.len))
		stream_end(s);
	else
		watch(s);
}

/* Until there is no more, or it was read from so many times, or a whole transaction was written: then it goes on
 * when the others were heard that have as much to tell. */
static int hear(struct stream *s, unsigned reads)
{
	int r = 1;

	s->full = false;
	while (r > 0) {
		r = take_frames(s);
		if (r < 0 || s->full || s->stalled || s->ending || s->closing || reads-- == 0)
			break;
		r = wire_fill(&s->in, s->fd);
	}
	if (s->full && !s->stalled)
		turns_add(&s->node->turns, &s->turn);
	return r < 0 ? r : 0;
}

void stream_turn(void *arg)
{
	struct stream *s = arg;

	if (!s->stalled)
		after(s, hear(s, STREAM_TURN_READS));
}

void stream_ready(void *arg, uint32_t events)
{
	struct stream *s = arg;
	int r = 0;

	if (events & EPOLLOUT)
		r = wire_flush(&s->out, s->fd);
	if (r >= 0 && (events & EPOLLIN) && !s->stalled)
		r = hear(s, 1);
	else if (r >= 0 && (events & (EPOLLHUP | EPOLLERR)) && !s->turn.waits)
		r = -ECONNRESET;
	after(s, r < 0 ? r : 0);
}

void stream_expired(void *arg)
{
	struct stream *s = arg;
	int r;

	if (s->closing) {
		stream_end(s);
		return;
	}
	if (!s->life) {
		after(s, refuse(s, "no hello came"));
		return;
	}
	r = commit(s);
	if (r == 0 && !s->stalled && !s->turn.waits)
		r = hear(s, 0); /* what was read before the store refused */
	after(s, r);
}
