/* SPDX-License-Identifier: Apache-2.0 */
/* From a record's bytes to a struct event: the one decoder, used by the node and by tests. Every
 * length is checked against the bytes at hand before anything is pointed at; a record that
 * contradicts itself is -EBADMSG, never guessed at. Formatting is in event_text.c, event_json.c. */
#include <errno.h>
#include <string.h>
#include "event.h"
#include "event_view.h"

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

static int decode_open(struct event *e, struct cursor *c)
{
	e->path_len = e->open.path_len;
	if (e->path_len >= RV_PATH_MAX)
		return -EBADMSG;
	return take(c, e->path_len, &e->path);
}

static int decode_connect(struct event *e, struct cursor *c)
{
	int r;

	e->path_len = e->connect.path_len;
	if (e->path_len >= RV_PATH_MAX)
		return -EBADMSG;
	r = take(c, e->path_len, &e->path);
	/* A pathname ends at its NUL, whatever length the caller passed; an abstract name does not.
	 */
	if (r == 0 && e->path_len > 0 && e->path[0] != '\0')
		e->path_len = strnlen(e->path, e->path_len);
	return r;
}

static int decode_exec(struct event *e, struct cursor *c)
{
	const struct rv_exec *x = &e->exec;
	const char *args;

	e->path_len = x->path_len;
	e->filename_len = x->filename_len;
	if (e->path_len >= RV_PATH_MAX || e->filename_len >= RV_PATH_MAX)
		return -EBADMSG;
	if (x->args_len > RV_ARGS_MAX || x->args_missing > x->args_len)
		return -EBADMSG;
	if (x->args_stored != 0 && x->args_stored != x->args_len)
		return -EBADMSG;
	if (x->args_state == RV_ARGS_WHOLE && x->args_stored != x->args_len)
		return -EBADMSG;
	if (take(c, e->path_len, &e->path) < 0 || take(c, e->filename_len, &e->filename) < 0 ||
	    take(c, x->args_stored, &args) < 0)
		return -EBADMSG;
	if (x->args_state == RV_ARGS_WHOLE || x->args_stored > 0) {
		e->args = args;
		e->args_len = x->args_stored;
	}
	return 0;
}

/* Size of the struct a kind starts with. */
static size_t fixed_size(unsigned kind)
{
	switch (kind) {
	case RV_KIND_ARMED:
		return sizeof(struct rv_armed);
	case RV_KIND_EXEC:
		return sizeof(struct rv_exec);
	case RV_KIND_EXIT:
		return sizeof(struct rv_exit);
	case RV_KIND_OPEN:
		return sizeof(struct rv_open);
	case RV_KIND_CONNECT:
		return sizeof(struct rv_connect);
	case RV_KIND_CHECKPOINT:
	case RV_KIND_CLOSE:
		return sizeof(struct rv_checkpoint);
	default:
		return sizeof(struct rv_head);
	}
}

static int decode_body(struct event *e, struct cursor *c)
{
	switch (e->head.kind) {
	case RV_KIND_EXEC:
		return decode_exec(e, c);
	case RV_KIND_OPEN:
		return decode_open(e, c);
	case RV_KIND_CONNECT:
		return decode_connect(e, c);
	default:
		return 0;
	}
}

long event_decode(const uint8_t *data, size_t len, struct event *ret)
{
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
	fixed = fixed_size(e.head.kind);
	if (e.head.len < fixed)
		return -EBADMSG;
	if (e.head.len > len)
		return 0;

	memcpy(&e.head, data, sizeof(e.head));
	/* Every member of the union starts at the same place with the head. */
	memcpy(&e.armed, data, fixed);
	c = (struct cursor){data + fixed, e.head.len - fixed};
	r = decode_body(&e, &c);
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

int event_set_args(struct event *e, const char *args, size_t len)
{
	if (e->head.kind != RV_KIND_EXEC || len != e->exec.args_len)
		return -EBADMSG;
	if (e->exec.args_hash != 0 && hash64(args, len) != e->exec.args_hash)
		return -EBADMSG;
	e->args = args;
	e->args_len = len;
	return 0;
}

const char *event_kind_name(unsigned kind)
{
#define KIND_NAME(NAME, number, name, hook) [number] = (name),
#define KIND_CHECK(NAME, number, name, hook) RV_ASSERT(RV_KIND_##NAME == (number));
	static const char *const names[RV_KIND_MAX] = {RV_KINDS(KIND_NAME)};
	RV_KINDS(KIND_CHECK)

	return kind < RV_KIND_MAX && names[kind] ? names[kind] : "unknown";
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

const char *event_hook_name(unsigned hook)
{
#define HOOK_NAME(NAME, number, name, prog) [number] = (name),
#define HOOK_CHECK(NAME, number, name, prog) RV_ASSERT(RV_HOOK_##NAME == (number));
	static const char *const names[RV_HOOK_MAX] = {RV_HOOKS(HOOK_NAME, HOOK_NAME)};
	RV_HOOKS(HOOK_CHECK, HOOK_CHECK)

	return hook < RV_HOOK_MAX && names[hook] ? names[hook] : "unknown";
}
