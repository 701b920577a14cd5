/* SPDX-License-Identifier: Apache-2.0 */
/* See intake.h. A record of another generation is refused and counted, one whose number is stored
 * already is counted as a duplicate: an agent sends again what was not acknowledged. */
#include "sidecar/node/intake.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/index.h"

#define INTAKE_KEEP (512u << 10) /* bytes an emptied buffer may keep */

void intake_release(struct intake *in)
{
	free(in->data);
	free(in->stored.of);
	free(in->dropped);
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

int intake_drop(struct intake *in, const struct dropped *d)
{
	if (d->seq >= INTAKE_SEQ_MAX || !counters_known(d->kind))
		return -EBADMSG;
	if (in->dropped_n == in->dropped_size) {
		size_t size = in->dropped_size ? in->dropped_size * 2 : 256;
		struct dropped *grown = realloc(in->dropped, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		in->dropped = grown;
		in->dropped_size = size;
	}
	in->dropped[in->dropped_n++] = *d;
	return 0;
}

/* A kind without a name has no place where it could be counted. */
static bool is_dropped(const struct event *e, enum record_class from_class)
{
	return class_of(e->head.kind, e->head.verdict) < from_class && counters_known(e->head.kind);
}

static struct dropped dropped_of(const struct event *e)
{
	struct dropped d = {.seq = e->head.seq, .kind = e->head.kind};

	if (d.kind == RV_KIND_REPEAT) {
		d.of_kind = (uint16_t)e->repeat.of_kind;
		d.repeats = e->repeat.count;
	}
	return d;
}

int intake_split(const struct intake *in, uint64_t generation, enum record_class from_class,
		 struct intake *ret)
{
	int r = 0;
	bool bulk;

	for (size_t i = 0; i < in->dropped_n && r == 0; i++)
		r = intake_drop(ret, &in->dropped[i]);
	for (size_t at = 0, next; at < in->len && r == 0; at = next) {
		struct event e;
		long n = event_decode(in->data + at, in->len - at, &e);

		if (n <= 0)
			return -EBADMSG;
		next = at + (size_t)n;
		if (e.head.generation == generation && is_dropped(&e, from_class)) {
			struct dropped d = dropped_of(&e);

			r = intake_drop(ret, &d);
		} else {
			r = intake_add(ret, in->data + at, (size_t)n, &bulk);
		}
	}
	return r;
}

/* What a batch changes in the life; applied only once it is committed. */
struct tally {
	struct rv_counters counters;
	uint64_t duplicates, refused, denied, would_deny;
	uint64_t stored[RV_KIND_MAX], bytes;
	bool counted, armed, closed;
	int64_t tai_offset_ns;
	char policy[sizeof(((struct meta *)0)->policy)]; /* the name, after a change of it */
	enum record_class from_class; /* those before it are dropped */
	struct numbers dropped;
};

static void count_stored(struct tally *t, const struct rv_head *h)
{
	t->stored[h->kind < RV_KIND_MAX ? h->kind : 0]++;
	t->bytes += h->len;
	t->denied += h->verdict == RV_VERDICT_DENIED;
	t->would_deny += h->verdict == RV_VERDICT_WOULD_DENY;
}

/* Not stored, as the disk is full; but counted, unless it came before. */
static int count_dropped(struct life *l, const struct dropped *d, struct tally *t)
{
	int r;

	if (store_was_here(l, d->seq) || numbers_have(&t->dropped, d->seq)) {
		t->duplicates++;
		return 0;
	}
	r = numbers_add(&t->dropped, d->seq);
	if (r < 0)
		return r;
	l->cuts.dropped[d->kind]++;
	if (d->kind == RV_KIND_REPEAT && counters_merge(d->of_kind) < RV_MERGE_MAX)
		l->cuts.repeats_dropped[counters_merge(d->of_kind)] += d->repeats;
	return 0;
}

static void note(const struct event *e, struct tally *t)
{
	unsigned kind = e->head.kind;

	if (kind == RV_KIND_POLICY)
		memcpy(t->policy, e->policy.policy_name.s, sizeof(t->policy) - 1);
	t->armed |= e->head.seq == 0;
	t->closed |= kind == RV_KIND_CLOSE;
	if (kind == RV_KIND_CHECKPOINT || kind == RV_KIND_CLOSE) {
		if (!t->counted || e->checkpoint.counters.issued >= t->counters.issued)
			t->counters = e->checkpoint.counters;
		t->counted = true;
	}
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
	note(e, t);
	if (is_dropped(e, t->from_class)) {
		struct dropped d = dropped_of(e);

		return count_dropped(l, &d, t);
	}
	if (l->cut_high && h->seq <= l->cut_high && store_was_here(l, h->seq)) {
		t->duplicates++;
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
	for (size_t i = 0; i < in->dropped_n; i++) {
		int r = count_dropped(l, &in->dropped[i], t);

		if (r < 0)
			return r;
	}
	return 0;
}

int intake_commit(struct intake *in, struct store *s, struct life *l)
{
	struct tally t = {.tai_offset_ns = util_tai_offset_ns(), .from_class = s->from_class};
	struct cuts cuts;
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
	cuts = l->cuts;
	indexed = l->indexed;
	r = put_all(in, l, &t);
	apply(l, &t);
	if (r == 0)
		r = store_put_dropped(l, &t.dropped);
	if (r == 0 && (in->meta || t.dropped.n || t.duplicates || t.refused || t.counted || t.policy[0]))
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
		l->cuts = cuts;
		l->indexed = indexed;
		l->spoilt = r == -EUCLEAN;
		in->stored.n = 0;
		numbers_release(&t.dropped);
		return r;
	}
	if (t.dropped.n > 0 && t.dropped.of[t.dropped.n - 1].to > l->cut_high)
		l->cut_high = t.dropped.of[t.dropped.n - 1].to;
	numbers_release(&t.dropped);
	for (size_t i = 0; i < in->stored.n; i++)
		life_note(l, in->stored.of[i], in->stored.of[i] == 0 ? RV_KIND_ARMED : 0);
	l->stored += in->stored.n;
	l->denied += t.denied;
	l->would_deny += t.would_deny;
	l->closed |= t.closed;
	l->armed |= t.armed;
	tell(&s->counts, &t);
	counts_advance(&s->counts, &before.counters, &l->counters);
	counts_advance_cuts(&s->counts, &cuts, &l->cuts);
	in->len = in->dropped_n = 0;
	in->meta = false;
	if (in->size > INTAKE_KEEP) {
		free(in->data);
		in->data = NULL;
		in->size = 0;
	}
	index_advance(s, l);
	return 0;
}
