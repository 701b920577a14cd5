/* SPDX-License-Identifier: Apache-2.0 */
/* From a record's bytes to a struct event: the one decoder, used by the node and by tests. Every
 * length is checked against the bytes at hand before anything is pointed at; a record that
 * contradicts itself is -EBADMSG, never guessed at. Formatting is in event_text.c, event_json.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "event.h"
#include "event_view.h"
#include "util.h"

/* Larger than any record the programs can make: beyond it the length itself is garbage. */
#define RECORD_SIZE_MAX (RV_ARGS_MAX + 4u * RV_PATH_MAX)

/* Walks the variable parts behind a record's fixed struct. */
struct cursor {
	const uint8_t *data;
	size_t left;
};

static int take(struct cursor *c, size_t len, const char **ret)
{
	if (len > c->left)
		return -EBADMSG;
	*ret = (const char *)c->data;
	c->data += len;
	c->left -= len;
	return 0;
}

/* The byte strings behind the struct, in the table's order. The first is the path, if it is one. */
static int decode_strings(struct event *e, const struct event_kind *k, struct cursor *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < k->fields_n; i++) {
		const struct event_field *f = &k->fields[i];
		struct event_string *s;
		uint32_t len;

		if (!f->string)
			continue;
		RV_ASSERT(EVENT_STRINGS_MAX >= 4);
		memcpy(&len, (const char *)&e->head + f->offset, sizeof(len));
		if (n == EVENT_STRINGS_MAX || len >= RV_PATH_MAX)
			return -EBADMSG;
		s = &e->strings[n];
		s->len = len;
		if (take(c, len, &s->s) < 0)
			return -EBADMSG;
		if (n++ == 0 && f->view == VIEW_PATH) {
			e->path = s->s;
			e->path_len = s->len;
		}
	}
	return 0;
}

static int decode_args(struct event *e, struct cursor *c)
{
	const struct rv_exec *x = &e->exec;
	const char *args;

	if (x->args_len > RV_ARGS_MAX || x->args_missing > x->args_len)
		return -EBADMSG;
	if (x->args_stored != 0 && x->args_stored != x->args_len)
		return -EBADMSG;
	if ((x->args_state == RV_ARGS_WHOLE || x->args_state == RV_ARGS_CLAIMED) &&
	    x->args_stored != x->args_len)
		return -EBADMSG;
	if (take(c, x->args_stored, &args) < 0)
		return -EBADMSG;
	if (x->args_state == RV_ARGS_WHOLE || x->args_state == RV_ARGS_CLAIMED ||
	    x->args_stored > 0) {
		e->block = args;
		e->args_len = x->args_stored;
	}
	return 0;
}

static int decode_body(struct event *e, const struct event_kind *k, struct cursor *c)
{
	int r = k ? decode_strings(e, k, c) : 0;

	return r == 0 && e->head.kind == RV_KIND_EXEC ? decode_args(e, c) : r;
}

long event_decode(const uint8_t *data, size_t len, struct event *ret)
{
	const struct event_kind *kind;
	struct event e = {0};
	struct cursor c;
	size_t fixed, step;
	int r;

	if (len < offsetof(struct rv_head, seq))
		return 0;
	memcpy(&e.head, data, offsetof(struct rv_head, seq));
	if (e.head.len < sizeof(struct rv_head) || e.head.len > RECORD_SIZE_MAX)
		return -EBADMSG;
	/* A bulk block has another head; it is event_set_args' business. */
	if (e.head.kind == RV_KIND_ARGS || e.head.kind == 0 || e.head.kind >= RV_KIND_MAX)
		return -EBADMSG;
	kind = event_kind(e.head.kind);
	fixed = kind ? kind->size : sizeof(struct rv_head);
	if (e.head.len < fixed)
		return -EBADMSG;
	if (e.head.len > len)
		return 0;

	/* Every member of the union starts with the head. */
	memcpy((char *)&e, data, fixed);
	c = (struct cursor){data + fixed, e.head.len - fixed};
	r = decode_body(&e, kind, &c);
	if (r < 0)
		return r;
	*ret = e;
	step = ((size_t)e.head.len + 7) & ~(size_t)7;
	return (long)(step < len ? step : len);
}

static uint64_t hash64(const char *data, size_t len)
{
	uint64_t h = RV_HASH_SEED;

	for (size_t at = 0; at < len || at % RV_HASH_BLOCK; at += 8) {
		uint64_t word = 0;

		if (at < len)
			memcpy(&word, data + at, len - at < 8 ? len - at : 8);
		h = RV_HASH_STEP(h, word);
	}
	return h;
}

bool event_args_in_bulk(const struct event *e)
{
	return e->head.kind == RV_KIND_EXEC && (e->exec.args_state == RV_ARGS_BULK ||
						e->exec.args_state == RV_ARGS_CLAIMED_BULK);
}

int event_set_args(struct event *e, const char *args, size_t len)
{
	if (e->head.kind != RV_KIND_EXEC || len != e->exec.args_len)
		return -EBADMSG;
	if (e->exec.args_hash != 0 && hash64(args, len) != e->exec.args_hash)
		return -EBADMSG;
	e->block = args;
	e->args_len = len;
	return 0;
}

void event_make_close(struct rv_checkpoint *ret, const struct rv_state *state, const char *maker)
{
	struct rv_checkpoint c = {.counters = state->counters};

	c.counters.taken[RV_KIND_CLOSE] = 1;
	c.head.len = sizeof(c);
	c.head.kind = RV_KIND_CLOSE;
	c.head.seq = c.counters.issued + 1;
	c.head.boot_ns = util_boot_ns();
	c.head.tai_ns = util_wall_ns() + (uint64_t)util_tai_offset_ns();
	c.head.generation = state->generation;
	c.head.cgroup_id = state->cgroup_id;
	if (state->slot != RV_SLOT_NODE)
		c.head.phase = c.counters.armed ? RV_PHASE_ARMED : RV_PHASE_SETUP;
	snprintf(c.head.comm, sizeof(c.head.comm), "%s", maker);
	*ret = c;
}

const char *event_kind_name(unsigned number)
{
	const struct event_kind *k = event_kind(number);

	return k ? k->name : "unknown";
}

const char *event_verdict_name(unsigned verdict)
{
	static const char *const names[] = {
	    [RV_VERDICT_NONE] = "none",
	    [RV_VERDICT_ALLOWED] = "allowed",
	    [RV_VERDICT_DENIED] = "denied",
	    [RV_VERDICT_WOULD_DENY] = "would-deny",
	};
	RV_ASSERT(sizeof(names) / sizeof(names[0]) == RV_VERDICT_WOULD_DENY + 1);

	return verdict <= RV_VERDICT_WOULD_DENY ? names[verdict] : "unknown";
}

const char *event_hook_name(unsigned number)
{
	const struct event_hook *h = event_hook(number);

	return h ? h->hook : "unknown";
}
