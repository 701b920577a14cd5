/* SPDX-License-Identifier: Apache-2.0 */
/* See learn.h. Acts are collected by what they are; then names get globs (widen.h) and addresses
 * ranges; then the whole is tried as the kernel would decide, each act counted at the rule that
 * allows it, and rules that allow none are left out: another one does in their place. */
#include "learn.h"
#include <errno.h>
#include <search.h>
#include <string.h>
#include "order.h"
#include "seen.h"
#include "sidecar/common/util.h"

struct learned *learned_new(struct learn *l, const struct seen *as)
{
	if (l->rules_n == l->rules_size) {
		size_t size = l->rules_size ? l->rules_size * 2 : 64;
		struct learned *grown = realloc(l->rules, size * sizeof(*grown));

		if (!grown)
			return NULL;
		l->rules = grown;
		l->rules_size = size;
	}
	l->rules[l->rules_n] = (struct learned){
	    .subject = as->subject, .access = as->access, .which = as->which, .as = as};
	return &l->rules[l->rules_n++];
}

static void collect(const void *node, VISIT visit, void *arg)
{
	struct learn *l = arg;

	if (visit == postorder || visit == leaf)
		l->all[l->n++] = *(struct seen *const *)node;
}

static bool has_text(unsigned subject)
{
	return subject == RV_SUBJECT_EXEC || subject == RV_SUBJECT_FILE ||
	       subject == RV_SUBJECT_UNIX;
}

static int by_path(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : seen_compare(x->as, y->as);
}

/* What is done to one glob is one rule, said of the first act. */
static void join_rules(struct learn *l, size_t from)
{
	size_t n = from;

	if (l->rules_n == from)
		return;
	qsort(l->rules + from, l->rules_n - from, sizeof(l->rules[0]), by_path);
	for (size_t i = from; i < l->rules_n; i++) {
		struct learned *last = n > from ? &l->rules[n - 1] : NULL;

		if (last && strcmp(last->path, l->rules[i].path) == 0) {
			last->access |= l->rules[i].access;
			last->wider |= l->rules[i].wider;
		} else {
			l->rules[n++] = l->rules[i];
		}
	}
	l->rules_n = n;
}

/* Each thing that is done to files by itself: many that are read make no glob for those written. */
static int learn_access(struct learn *l, unsigned subject, uint32_t bit, struct widen_name *names)
{
	size_t n = 0;
	int r;

	for (size_t i = 0; i < l->n; i++) {
		struct seen *s = l->all[i];

		if (s->subject == subject && (s->access & bit) && !s->untold)
			names[n++] = (struct widen_name){.s = s->text, .len = s->len, .of = s};
	}
	r = widen(l->globs, names, n, subject == RV_SUBJECT_EXEC);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct seen *s = names[i].of;
		struct learned *rule;

		s->omitted |= !names[i].glob;
		if (!names[i].glob)
			continue;
		rule = learned_new(l, s);
		if (!rule)
			return -ENOMEM;
		rule->access = bit;
		rule->path = names[i].glob;
		rule->wider = names[i].wider;
	}
	return r;
}

static int learn_paths(struct learn *l, unsigned subject)
{
	_free_ struct widen_name *names = calloc(l->n + 1, sizeof(*names));
	size_t from = l->rules_n;
	int r = names ? 0 : -ENOMEM;

	for (uint32_t bit = 1; r == 0 && policy_access_name(subject, bit); bit <<= 1)
		r = learn_access(l, subject, bit, names);
	if (r == 0)
		join_rules(l, from);
	return r;
}

/* One rule for memory; one for each capability and each kind. */
static int learn_numbers(struct learn *l)
{
	struct learned *memory = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct seen *s = l->all[i];

		if (has_text(s->subject) || s->subject == RV_SUBJECT_NETWORK)
			continue;
		if (s->subject == RV_SUBJECT_MEMORY && memory) {
			memory->access |= s->access;
			continue;
		}
		if (!learned_new(l, s))
			return -ENOMEM;
		if (s->subject == RV_SUBJECT_MEMORY)
			memory = &l->rules[l->rules_n - 1];
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;
	int r = order(x->subject, y->subject);

	r = r ? r : order(y->wider, x->wider);
	if (r == 0 && x->path)
		return by_path(x, y);
	return r ? r : seen_compare(x->as, y->as);
}

static int make_rules(struct learn *l)
{
	int r = learn_paths(l, RV_SUBJECT_EXEC);

	if (r == 0)
		r = learn_paths(l, RV_SUBJECT_FILE);
	if (r == 0)
		r = learn_paths(l, RV_SUBJECT_UNIX);
	if (r == 0)
		r = learned_network(l);
	if (r == 0)
		r = learn_numbers(l);
	if (l->rules_n)
		qsort(l->rules, l->rules_n, sizeof(l->rules[0]), by_place);
	return r;
}

/* Counts the act's records at every rule that it takes to allow it. -EINVAL: it is not allowed. */
static int try_act(struct learn *l, const struct policy_image *image, const struct seen *s)
{
	uint32_t counted[32], n = 0;

	for (uint32_t bit = 1; bit && bit <= s->access; bit <<= 1) {
		struct policy_question q = {.subject = s->subject,
					    .access = bit,
					    .which = s->which,
					    .protocol = s->protocol,
					    .text = s->text,
					    .len = s->len};
		struct policy_answer a;
		uint32_t k = 0;

		if (!(s->access & bit))
			continue;
		a = policy_decide(image, &q);
		if (a.action != RV_ACT_ALLOW || a.rule > l->rules_n)
			return -EINVAL;
		while (k < n && counted[k] != a.rule)
			k++;
		if (k < n || !a.rule)
			continue;
		counted[n++] = a.rule;
		l->rules[a.rule - 1].records += s->records;
	}
	return 0;
}

static int read_back(const char *text, size_t len, struct policy_image *ret, char *error,
		     size_t error_size)
{
	_policy_ struct policy *p = NULL;
	int r = policy_parse(text, len, "learned", &p, error, error_size);

	return r ? r : policy_compile((const struct policy *const *)&p, 1, ret, error, error_size);
}

/* Compiles what would be written and tries each act on it. */
static int try_rules(struct learn *l, const struct learn_options *o, char *error, size_t error_size)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {0};
	_free_ char *text = NULL;
	size_t len;
	int r = learned_write(l, o, &text, &len);

	if (r == 0)
		r = read_back(text, len, &image, error, error_size);
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		const struct seen *s = l->all[i];

		if (s->omitted || !(o->subjects >> s->subject & 1))
			continue;
		r = try_act(l, &image, s);
		if (r < 0)
			return util_refuse(
			    r, error, error_size,
			    "the rules made do not allow act %zu of %zu, %s: a fault "
			    "of reeve",
			    i + 1, l->n, event_kind_name(s->kind));
	}
	return r;
}

static void drop_idle(struct learn *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->rules_n; i++)
		if (l->rules[i].records)
			l->rules[n++] = l->rules[i];
	l->rules_n = n;
	for (size_t i = 0; i < n; i++)
		l->rules[i].records = 0;
}

static void keep_subjects(struct learn *l, unsigned subjects)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (subjects >> l->all[i]->subject & 1)
			l->all[n++] = l->all[i];
	l->n = n;
}

int learn_policy(struct learn *l, const struct learn_options *o, char **ret, char *error,
		 size_t error_size)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {0};
	_free_ char *text = NULL;
	size_t len;
	int r;

	l->globs = widen_new();
	l->all = calloc(l->n + 1, sizeof(l->all[0]));
	if (!l->globs || !l->all)
		return -ENOMEM;
	l->n = 0;
	twalk_r(l->acts, collect, l);
	keep_subjects(l, o->subjects);
	for (size_t i = 0; i < l->n; i++)
		l->all[i]->omitted = l->all[i]->untold;
	r = make_rules(l);
	if (r == 0 && l->rules_n >= POLICY_RULES_MAX)
		return util_refuse(
		    -E2BIG, error, error_size,
		    "%zu different acts need %zu rules, and a policy has at most %d; "
		    "--since or --subjects take fewer",
		    l->n, l->rules_n, POLICY_RULES_MAX);
	if (r == 0)
		r = try_rules(l, o, error, error_size);
	if (r < 0)
		return r;
	drop_idle(l);
	r = try_rules(l, o, error, error_size);
	if (r == 0)
		r = learned_write(l, o, &text, &len);
	if (r == 0) /* with the reasons, too */
		r = read_back(text, len, &image, error, error_size);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++)
		*(l->all[i]->omitted ? &l->counts.omitted : &l->counts.learned) +=
		    l->all[i]->records;
	l->counts.rules = l->rules_n;
	*ret = TAKE_PTR(text);
	return 0;
}
