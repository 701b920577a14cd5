/* SPDX-License-Identifier: Apache-2.0 */
/* See dry.h. */
#include "dry.h"
#include <errno.h>
#include <search.h>
#include <string.h>
#include "order.h"
#include "sidecar/common/util.h"

/* "when" of the image that an exec made. */
struct image {
	uint64_t seq;
	uint32_t when;
};

/* What a record was counted as, for its repetitions. */
struct hit {
	uint64_t seq;
	struct dry_entry *entry;
};

struct dry {
	const struct policy_image *policy;
	const struct rv_table *table;
	struct dry_counts counts;
	void *entries;
	size_t entries_n;
	struct image *images; /* by number */
	size_t images_n, images_size;
	uint64_t refused_seq; /* the last one that was refused then */
	bool refused_again;
	struct hit *hits; /* by number */
	size_t hits_n, hits_size;
};

struct dry *dry_new(const struct policy_image *image)
{
	struct dry *d = calloc(1, sizeof(*d));

	if (d) {
		d->policy = image;
		d->table = image->value;
	}
	return d;
}

void dry_free(struct dry *d)
{
	if (!d)
		return;
	tdestroy(d->entries, free);
	free(d->images);
	free(d->hits);
	free(d);
}

static int grow(void *list, size_t n, size_t *size, size_t each)
{
	size_t more = *size ? *size * 2 : 256;
	void *grown;

	if (n < *size)
		return 0;
	grown = reallocarray(*(void **)list, more, each);
	if (!grown)
		return -ENOMEM;
	*(void **)list = grown;
	*size = more;
	return 0;
}

/* The place of a number, or where it would be. */
static size_t find_image(const struct dry *d, uint64_t seq)
{
	size_t low = 0, high = d->images_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->images[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* False: it is not known which "when" hold. A process whose exec has no number has none, when it is
 * the runtime's that is about to exec; else it is not known. */
static bool find_when(const struct dry *d, const struct rv_head *head, uint32_t *ret)
{
	size_t at = find_image(d, head->exec_seq);

	*ret = 0;
	if (d->table->whens_n == 0 || (head->exec_seq == 0 && head->kind == RV_KIND_EXEC))
		return true;
	if (at == d->images_n || d->images[at].seq != head->exec_seq)
		return false;
	*ret = d->images[at].when;
	return true;
}

static int see_exec(struct dry *d, const struct event *e)
{
	uint32_t before;

	if (d->table->whens_n == 0 || !find_when(d, &e->head, &before))
		return 0;
	if (grow(&d->images, d->images_n, &d->images_size, sizeof(*d->images)) < 0)
		return -ENOMEM;
	d->images[d->images_n++] = (struct image){
	    e->head.seq, policy_when(d->policy, before, e->path ? e->path : "", e->path_len)};
	return 0;
}

static void count(struct dry *d, struct dry_entry *e, uint64_t n)
{
	e->count += n;
	d->counts.audited += e->action == RV_ACT_AUDIT ? n : 0;
	d->counts.would_deny += e->action == RV_ACT_WOULD_DENY ? n : 0;
	d->counts.denied += e->action == RV_ACT_DENY ? n : 0;
}

static int by_seq(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* A capability's are of whichever processes of the executable: with conditions about those that
 * came before it is not known of which. */
static void see_repeat(struct dry *d, const struct event *e)
{
	struct hit key = {.seq = e->repeat.of_seq};
	const struct hit *hit =
	    d->hits_n ? bsearch(&key, d->hits, d->hits_n, sizeof(key), by_seq) : NULL;

	if (e->repeat.of_kind == RV_KIND_CAPABILITY && d->table->whens_n)
		d->counts.unknown[RV_KIND_CAPABILITY] += e->repeat.count;
	else if (hit)
		count(d, hit->entry, e->repeat.count);
}

int dry_see(struct dry *d, const struct event *e, bool counted)
{
	if (e->head.kind == RV_KIND_EXEC && e->head.hook != RV_HOOK_EXEC_CHECK)
		return see_exec(d, e);
	if (e->head.kind == RV_KIND_REPEAT && counted)
		see_repeat(d, e);
	return 0;
}

/* judge_refuse; decided: what the rules say that need not know. */
static struct policy_answer untold(const struct dry *d, const struct asked *q,
				   const struct policy_answer *decided)
{
	struct policy_answer a = {.policy = -1};

	if (!q->untold && !(d->table->flags & RV_POLICY_UNRESOLVABLE_DENY))
		return *decided;
	if (!(d->table->asked[q->subject] & q->access) ||
	    !(d->table->flags & RV_POLICY_UNRESOLVABLE_DENY))
		return a;
	a.action = d->table->flags & RV_POLICY_ENFORCE ? RV_ACT_DENY : RV_ACT_WOULD_DENY;
	a.error = EACCES;
	return a;
}

static int compare(const void *a, const void *b)
{
	const struct dry_entry *x = a, *y = b;
	int r = order(y->action, x->action);

	r = r ? r : order(x->subject, y->subject);
	r = r ? r : order(x->kind, y->kind);
	r = r ? r : order_text(x->text, x->len, y->text, y->len);
	r = r ? r : order(x->access, y->access);
	r = r ? r : order(x->which, y->which);
	r = r ? r : order(x->protocol, y->protocol);
	r = r ? r : order(x->untold, y->untold);
	r = r ? r : order((unsigned)x->policy, (unsigned)y->policy);
	return r ? r : order(x->rule, y->rule);
}

static int tell(struct dry *d, const struct rv_head *head, const struct asked *q,
		const struct policy_answer *a)
{
	struct dry_entry *e = malloc(sizeof(*e) + q->len), **found;

	if (!e || grow(&d->hits, d->hits_n, &d->hits_size, sizeof(*d->hits)) < 0) {
		free(e);
		return -ENOMEM;
	}
	*e = (struct dry_entry){.kind = head->kind,
				.subject = q->subject,
				.access = q->access,
				.which = q->which,
				.protocol = q->protocol,
				.untold = q->untold,
				.action = a->action,
				.error = a->error,
				.rule = a->rule,
				.policy = a->policy,
				.first = head->seq,
				.len = q->len};
	if (q->len)
		memcpy(e->text, q->text, q->len);
	found = tsearch(e, &d->entries, compare);
	if (!found || *found != e)
		free(e);
	if (!found)
		return -ENOMEM;
	if (*found == e && d->entries_n++ == DRY_ENTRIES_MAX)
		return -E2BIG;
	count(d, *found, 1);
	/* An exec that is told late has no repetitions. */
	if (head->kind != RV_KIND_EXEC)
		d->hits[d->hits_n++] = (struct hit){head->seq, *found};
	return 0;
}

/* A rename is one act and two questions. */
static int add_refused(struct dry *d, const struct rv_head *head, bool now)
{
	if (d->counts.refused_then == 0 || head->seq != d->refused_seq) {
		d->counts.refused_then++;
		d->refused_again = false;
	}
	d->refused_seq = head->seq;
	d->counts.refused_now += now && !d->refused_again;
	d->refused_again |= now;
	return 0;
}

int dry_add(void *arg, const struct rv_head *head, const struct asked *q)
{
	struct policy_question question = {.subject = q->subject,
					   .access = q->access,
					   .which = q->which,
					   .protocol = q->protocol,
					   .text = q->text,
					   .len = q->len};
	struct dry *d = arg;
	struct policy_answer a;
	bool unknown;

	question.tag_state = q->tag_state;
	if (q->tag_len)
		question.tag = policy_tag(d->policy, q->tag, q->tag_len);
	unknown = !find_when(d, head, &question.when);
	a = policy_decide(d->policy, &question);
	if (unknown || (a.tag_missed && q->tag_unrecorded && !q->untold)) {
		d->counts.unknown[head->kind]++;
		return 0;
	}
	if (q->untold || (a.tag_missed && a.action < RV_ACT_DENY))
		a = untold(d, q, &a);
	if (head->verdict == RV_VERDICT_DENIED)
		return add_refused(d, head, a.action >= RV_ACT_WOULD_DENY);
	d->counts.asked++;
	return a.action == RV_ACT_ALLOW ? 0 : tell(d, head, q, &a);
}

struct dry_counts dry_counts(const struct dry *d)
{
	return d->counts;
}

struct walk {
	int (*each)(void *arg, const struct dry_entry *e);
	void *arg;
	int r;
};

static void visit(const void *node, VISIT when, void *arg)
{
	struct walk *w = arg;

	if ((when == postorder || when == leaf) && w->r >= 0)
		w->r = w->each(w->arg, *(const struct dry_entry *const *)node);
}

int dry_each(const struct dry *d, int (*each)(void *arg, const struct dry_entry *e), void *arg)
{
	struct walk w = {each, arg, 0};

	twalk_r(d->entries, visit, &w);
	return w.r;
}

uint64_t dry_blind(const struct policy_image *image, uint64_t recorded)
{
	const struct rv_table *t = image->value;
	uint64_t kinds = 0;

	for (unsigned s = 0; s < RV_SUBJECT_KERNEL; s++)
		if (t->asked[s])
			kinds |= asked_kinds(s);
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		struct policy_question q = {
		    .subject = RV_SUBJECT_KERNEL, .access = RV_DO_ANY, .which = k, .when = ~0u};

		if (policy_kind_decided(k) && policy_decide(image, &q).action != RV_ACT_ALLOW)
			kinds |= 1ull << k;
	}
	return kinds & ~recorded;
}
