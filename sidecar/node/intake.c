/* SPDX-License-Identifier: Apache-2.0 */
/* See intake.h. A record of another generation is refused and counted, one whose number is stored
 * already is counted as a duplicate: an agent sends again what was not acknowledged. */
#include "sidecar/node/intake.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/index.h"

#define INTAKE_KEEP (512u << 10) /* bytes an emptied buffer may keep */

void intake_release(struct intake *in)
{
	free(in->data);
	free(in->stored.of);
	*in = (struct intake){};
}

static int check(const uint8_t *data, size_t len, bool *ret_bulk)
{
	bool bulk = false;

	while (len > 0) {
		struct event e;
		long n = event_decode(data, len, &e);

		if (n <= 0 || e.head.seq >= INTAKE_SEQ_MAX)
			return -EBADMSG;
		bulk |= event_args_in_bulk(&e);
		data += n;
		len -= (size_t)n;
	}
	*ret_bulk = bulk;
	return 0;
}

int intake_add(struct intake *in, const uint8_t *data, size_t len, bool *ret_bulk)
{
	int r = len % 8 == 0 ? check(data, len, ret_bulk) : -EBADMSG;

	if (r < 0)
		return r;
	if (in->size - in->len < len) {
		size_t size = in->size ? in->size : 64u << 10;
		uint8_t *grown;

		while (size - in->len < len)
			size *= 2;
		grown = realloc(in->data, size);
		if (!grown)
			return -ENOMEM;
		in->data = grown;
		in->size = size;
	}
	if (len > 0)
		memcpy(in->data + in->len, data, len);
	in->len += len;
	return 0;
}

/* What a batch changes in the life; applied only once it is committed. */
struct tally {
	struct rv_counters counters;
	uint64_t duplicates, refused, denied, would_deny;
	uint64_t stored[RV_KIND_MAX], bytes;
	bool counted, armed, closed;
	int64_t tai_offset_ns;
	char policy[sizeof(((struct meta *)0)->policy)]; /* the name, after a change of it */
};

static void count_stored(struct tally *t, const struct rv_head *h)
{
	t->stored[h->kind < RV_KIND_MAX ? h->kind : 0]++;
	t->bytes += h->len;
	t->denied += h->verdict == RV_VERDICT_DENIED;
	t->would_deny += h->verdict == RV_VERDICT_WOULD_DENY;
}

static int put(struct intake *in, struct life *l, const uint8_t *data, const struct event *e,
	       struct tally *t)
{
	const struct rv_head *h = &e->head;
	int r;

	if (h->generation != l->meta.generation) {
		t->refused++;
		return 0;
	}
	r = store_put_event(l, e, data, event_minus(h->tai_ns, t->tai_offset_ns));
	if (r < 0)
		return r;
	if (r == 0)
		t->duplicates++;
	else if ((r = seqs_add(&in->stored, h->seq)) < 0 || (r = index_forget(l, h->seq)) < 0)
		return r;
	else
		count_stored(t, h);
	if (h->kind == RV_KIND_POLICY)
		memcpy(t->policy, e->policy.policy_name.s, sizeof(t->policy) - 1);
	t->armed |= h->seq == 0;
	t->closed |= h->kind == RV_KIND_CLOSE;
	if (h->kind == RV_KIND_CHECKPOINT || h->kind == RV_KIND_CLOSE) {
		if (!t->counted || e->checkpoint.counters.issued >= t->counters.issued)
			t->counters = e->checkpoint.counters;
		t->counted = true;
	}
	return 0;
}

static void apply(struct life *l, const struct tally *t)
{
	l->duplicates += t->duplicates;
	l->refused += t->refused;
	l->tai_offset_ns = t->tai_offset_ns;
	if (t->policy[0])
		memcpy(l->meta.policy, t->policy, sizeof(t->policy));
	if (t->counted)
		life_count(l, &t->counters);
}

/* The same for the node's sums, once it is committed. */
static void tell(struct counts *c, const struct tally *t)
{
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		c->stored[k] += t->stored[k];
	c->stored_bytes += t->bytes;
	c->denied += t->denied;
	c->would_deny += t->would_deny;
	c->duplicates += t->duplicates;
	c->refused += t->refused;
}

static int put_all(struct intake *in, struct life *l, struct tally *t)
{
	for (size_t at = 0; at < in->len;) {
		struct event e;
		long n = event_decode(in->data + at, in->len - at, &e);
		int r;

		if (n <= 0)
			return -EBADMSG;
		r = put(in, l, in->data + at, &e, t);
		if (r < 0)
			return r;
		at += (size_t)n;
	}
	return 0;
}

int intake_commit(struct intake *in, struct store *s, struct life *l)
{
	struct tally t = {.tai_offset_ns = util_tai_offset_ns()};
	struct tally before = {.duplicates = l->duplicates,
			       .refused = l->refused,
			       .counters = l->counters,
			       .tai_offset_ns = l->tai_offset_ns};
	uint64_t indexed;
	int r;

	in->stored.n = 0;
	r = store_begin(s, l);
	if (r < 0)
		return r;
	if (index_know(s, l) < 0) /* no reason to lose a record */
		l->index_failed = true;
	indexed = l->indexed;
	r = put_all(in, l, &t);
	apply(l, &t);
	if (r == 0 && (in->meta || t.duplicates || t.refused || t.counted || t.policy[0]))
		r = store_put_meta(l);
	if (r < 0)
		store_abort(s, l);
	else
		r = store_commit(s, l);
	if (r < 0) {
		l->duplicates = before.duplicates;
		l->refused = before.refused;
		l->counters = before.counters;
		l->tai_offset_ns = before.tai_offset_ns;
		l->indexed = indexed;
		l->spoilt = r == -EUCLEAN;
		in->stored.n = 0;
		return r;
	}
	for (size_t i = 0; i < in->stored.n; i++)
		life_note(l, in->stored.of[i], in->stored.of[i] == 0 ? RV_KIND_ARMED : 0);
	l->stored += in->stored.n;
	l->denied += t.denied;
	l->would_deny += t.would_deny;
	l->closed |= t.closed;
	l->armed |= t.armed;
	tell(&s->counts, &t);
	counts_advance(&s->counts, &before.counters, &l->counters);
	in->len = 0;
	in->meta = false;
	if (in->size > INTAKE_KEEP) {
		free(in->data);
		in->data = NULL;
		in->size = 0;
	}
	index_advance(s, l);
	return 0;
}
