/* SPDX-License-Identifier: Apache-2.0 */
/* Acts are collected by what they are, each once. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include "order.h"
#include "seen.h"
#include "sidecar/common/quote.h"

struct learn *learn_new(void)
{
	return calloc(1, sizeof(struct learn));
}

void learn_free(struct learn *l)
{
	if (!l)
		return;
	tdestroy(l->acts, free);
	free(l->all);
	free(l->rules);
	widen_free(l->globs);
	free(l);
}

int seen_compare(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int r = order(x->subject, y->subject);

	r = r ? r : order(x->untold, y->untold);
	r = r ? r : order(x->which, y->which);
	r = r ? r : order_text(x->text, x->len, y->text, y->len);
	r = r ? r : order(x->protocol, y->protocol);
	return r ? r : order(x->access, y->access);
}

int learn_add(void *arg, const struct rv_head *head, const struct asked *q)
{
	struct learn *l = arg;
	struct seen *s, **found;

	if (head->verdict == RV_VERDICT_DENIED || head->verdict == RV_VERDICT_WOULD_DENY) {
		/* A rename is one act and two questions. */
		if (head->seq == l->refused_seq && head->boot_ns == l->refused_ns)
			return 0;
		l->refused_seq = head->seq;
		l->refused_ns = head->boot_ns;
		l->counts.denied += head->verdict == RV_VERDICT_DENIED;
		l->counts.would_deny += head->verdict == RV_VERDICT_WOULD_DENY;
		return 0;
	}
	s = malloc(sizeof(*s) + q->len);
	if (!s)
		return -ENOMEM;
	*s = (struct seen){.subject = q->subject,
			   .access = q->access | q->also,
			   .which = q->which,
			   .protocol = q->protocol,
			   .kind = (uint8_t)head->kind,
			   .untold = q->untold,
			   .len = q->len};
	if (q->len)
		memcpy(s->text, q->text, q->len);
	found = tsearch(s, &l->acts, seen_compare);
	if (!found) {
		free(s);
		return -ENOMEM;
	}
	if (*found == s && l->n++ == LEARN_ACTS_MAX)
		return -E2BIG;
	(*found)->records++;
	if (*found != s)
		free(s);
	return 0;
}

struct learn_counts learn_counts(const struct learn *l)
{
	return l->counts;
}

void learn_put_omitted(const struct learn *l, FILE *f)
{
	char object[ASKED_OBJECT_MAX];
	size_t shown = 0, more = 0, len;

	for (size_t i = 0; i < l->n; i++) {
		const struct seen *s = l->all[i];

		if (!s->omitted)
			continue;
		if (shown == LEARN_SHOWN_MAX) {
			more++;
			continue;
		}
		fprintf(f, "  %s ", event_kind_name(s->kind));
		len = asked_object(s->subject, s->which, s->protocol, s->text, s->len, object);
		quote_word(f, object, len);
		fprintf(f, ": %s (%llu records)\n",
			s->untold ? "its path could not be told" : "no glob can say such a name",
			(unsigned long long)s->records);
		shown++;
	}
	if (more)
		fprintf(f, "  ... and %zu more\n", more);
}
