/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of one or several policies to the kernel's table: rules first, then per subject an
 * automaton whose states say by which list of rules is decided. A list holds, policy by policy and
 * in the order of the file, what can still decide something there. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "compile.h"
#include "sidecar/common/sha256.h"
#include "sidecar/common/util.h"
#include "words.h"

static bool enforces(const struct policy *p)
{
	return p->flags & RV_POLICY_ENFORCE;
}

static uint8_t action_of(const struct policy *p, enum policy_action action)
{
	if (action == POLICY_DENY)
		return enforces(p) ? RV_ACT_DENY : RV_ACT_WOULD_DENY;
	return action == POLICY_AUDIT ? RV_ACT_AUDIT : RV_ACT_ALLOW;
}

/* Of several policies those that enforce say what becomes of what cannot be told or recorded; but a
 * tenant's takes no word away from the node's. */
static uint32_t flags_of(const struct compiler *c)
{
	uint32_t flags = 0, enforced = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!c->list[i]->tenants)
			enforced |= c->list[i]->flags & RV_POLICY_ENFORCE;
	for (size_t i = 0; i < c->n; i++)
		flags |= c->list[i]->flags &
			 (enforced && !enforces(c->list[i]) ? (uint32_t)RV_POLICY_EACH : ~0u);
	return flags;
}

/* "a+b+c"; names that do not fit any more are counted at the end. */
static void join_names(const struct policy *const *list, size_t n, char ret[static 64])
{
	const size_t tail = sizeof("+16 more") - 1;
	size_t at = 0;

	if (n > 1 && strlen(list[0]->name) >= 64 - tail) {
		snprintf(ret, 64, "%.*s+%zu more", (int)(63 - tail), list[0]->name,
			 (n - 1) % POLICY_LIST_MAX);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]->name) + (i > 0);

		if (at + len + (i + 1 < n ? tail : 0) >= 64 && i > 0) {
			snprintf(ret + at, 64 - at, "+%zu more", n - i);
			return;
		}
		at += (size_t)snprintf(ret + at, 64 - at, "%s%s", i ? "+" : "", list[i]->name);
	}
}

int compile_over(struct compiler *c, uint32_t number, const char *fmt, ...)
{
	const struct ref *ref = number ? &c->refs[number - 1] : NULL;
	int len = 0;
	va_list args;

	if (ref)
		len = snprintf(c->error, c->error_size,
			       "policy %s, rule in line %d: ", ref->policy->name, ref->rule->line);
	if (len < 0 || (size_t)len >= c->error_size)
		return -E2BIG;
	va_start(args, fmt);
	vsnprintf(c->error + len, c->error_size - (size_t)len, fmt, args);
	va_end(args);
	return -E2BIG;
}

/* Equal "when"s of several policies are one bit. */
static int when_bit(struct compiler *c, const struct policy *p, const struct policy_when *when,
		    uint32_t *ret)
{
	for (uint32_t i = 0; i < c->whens_n; i++) {
		if (strcmp(c->whens[i].when->exec, when->exec) == 0 &&
		    c->whens[i].when->children == when->children) {
			*ret = 1u << i;
			return 0;
		}
	}
	if (c->whens_n == POLICY_WHEN_MAX)
		return -E2BIG;
	c->whens[c->whens_n] = (struct when_ref){when, p};
	c->table.head.asked[RV_SUBJECT_WHEN] = 1;
	if (when->children)
		c->table.head.children |= 1u << c->whens_n;
	*ret = 1u << c->whens_n++;
	return 0;
}

static int tag_bit(struct compiler *c, struct ref *ref)
{
	const struct policy_tag *tag = &ref->policy->tags[ref->rule->tag - 1];
	bool exec = ref->rule->subject == POLICY_EXEC;
	uint32_t i = 0;

	while (i < c->tags_n && strcmp(c->tags[i].tag->glob, tag->glob) != 0)
		i++;
	if (i == POLICY_TAG_MAX)
		return -E2BIG;
	if (i == c->tags_n)
		c->tags[c->tags_n++] = (struct tag_ref){tag, ref->policy};
	c->table.head.asked[RV_SUBJECT_TAG] |= exec ? RV_TAG_ASKED_EXEC : ref->rule->access;
	ref->tag = 1u << i;
	return 0;
}

static int put_rule(struct compiler *c, const struct rv_rule *rule, uint32_t *ret)
{
	int r = table_room(&c->table, sizeof(*rule), 8, ret);

	if (r == 0)
		memcpy(c->table.data + *ret, rule, sizeof(*rule));
	return r;
}

static int put_one(struct compiler *c, const struct policy_rule *rule, uint32_t number)
{
	struct ref *ref = &c->refs[number - 1];
	int r;

	if (rule->when && when_bit(c, ref->policy, &ref->policy->whens[rule->when - 1], &ref->when))
		return compile_over(c, number,
				    "more than %d different \"when\" for one container; use fewer",
				    POLICY_WHEN_MAX);
	if (rule->tag && tag_bit(c, ref))
		return compile_over(c, number,
				    "more than %d different \"tag\" for one container; use fewer",
				    POLICY_TAG_MAX);
	r = put_rule(c,
		     &(struct rv_rule){.number = number,
				       .access = rule->access,
				       .error = rule->error,
				       .when = ref->when,
				       .tag = ref->tag,
				       .action = action_of(ref->policy, rule->action),
				       .policy = (uint8_t)ref->index,
				       .protocol = rule->protocol},
		     &ref->at);
	if (r == -E2BIG)
		return compile_over(c, number, "the table is full; use fewer rules");
	c->ranks[number] = (struct automaton_rank){
	    .group = ref->index,
	    .bits = rule->access,
	    /* Of a tenant's all are told: see look_for_loosening(). */
	    .hides = !compile_at_times(ref) && !ref->policy->tenants};
	if (rule->action != POLICY_ALLOW)
		c->table.head.asked[rule->subject] |= rule->access;
	return r;
}

static int put_rules(struct compiler *c)
{
	uint32_t number = 0;
	int r = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct policy *p = c->list[i];

		for (size_t k = 0; r == 0 && k < p->rules_n; k++) {
			c->refs[number++] =
			    (struct ref){.rule = &p->rules[k], .policy = p, .index = (unsigned)i};
			r = put_one(c, &p->rules[k], number);
		}
	}
	if (number)
		c->table.head.rules = c->refs[0].at;
	c->table.head.rules_n = number;
	return r;
}

/* What a policy says of everything else; as a rule, so that it is counted like one. */
static int put_defaults(struct compiler *c)
{
	for (size_t i = 0; i < c->n; i++) {
		for (unsigned s = 1; s < RV_SUBJECT_MAX; s++) {
			const struct policy_default *d = &c->list[i]->defaults[s];
			int r;

			if (d->action == POLICY_ALLOW)
				continue;
			c->table.head.asked[s] = words_access_all(s);
			r = put_rule(c,
				     &(struct rv_rule){.access = words_access_all(s),
						       .error = d->error,
						       .action = action_of(c->list[i], d->action),
						       .policy = (uint8_t)i,
						       .flags = RV_RULE_DEFAULT},
				     &c->otherwise[i][s]);
			if (r)
				return r;
		}
	}
	return 0;
}

/* The list of one number of a subject: rules for which takes(rule) holds. */
static int compile_number(struct compiler *c, unsigned subject, uint64_t which, uint32_t *numbers,
			  uint32_t *ret)
{
	size_t n = 0;

	c->subject = subject;
	for (uint32_t i = 0; i < c->refs_n; i++)
		if (c->refs[i].rule->subject == (enum policy_subject)subject &&
		    (!which || (c->refs[i].rule->which & which)))
			numbers[n++] = i + 1;
	return compile_list(c, numbers, n, ret);
}

static int compile_numbers(struct compiler *c)
{
	_free_ uint32_t *numbers = calloc(c->refs_n + 1, sizeof(*numbers));
	int r = numbers ? 0 : -ENOMEM;

	if (r == 0)
		r = compile_number(c, RV_SUBJECT_MEMORY, 0, numbers, &c->table.head.memory);
	for (unsigned i = 0; r == 0 && i < 64; i++)
		r = compile_number(c, RV_SUBJECT_CAPABILITY, 1ull << i, numbers,
				   &c->table.head.capability[i]);
	/* The default, too, is of what can be refused: a fork's record would say that it was. */
	for (unsigned i = 0; r == 0 && i < RV_KIND_MAX; i++)
		if (policy_kind_decided(i))
			r = compile_number(c, RV_SUBJECT_KERNEL, 1ull << i, numbers,
					   &c->table.head.kernel[i]);
	return r;
}

static int compile_all(struct compiler *c)
{
	int r = table_begin(&c->table);

	if (r == 0)
		r = put_rules(c);
	if (r == 0)
		r = put_defaults(c);
	for (unsigned s = 1; r == 0 && s < RV_SUBJECT_TEXTS; s++)
		r = compile_texts(c, s);
	return r ? r : compile_numbers(c);
}

/* Never 0, a process's before its first exec, but where there is no "when". */
static uint32_t when_set(const struct compiler *c)
{
	uint8_t sum[32];
	struct sha256 h;
	uint32_t set;

	if (c->whens_n == 0)
		return 0;
	sha256_init(&h);
	for (uint32_t i = 0; i < c->whens_n; i++) {
		const struct policy_when *when = c->whens[i].when;

		sha256_add(&h, when->exec, strlen(when->exec) + 1);
		sha256_add(&h, when->children ? "c" : "-", 1);
	}
	sha256_end(&h, sum);
	memcpy(&set, sum, sizeof(set));
	return set ? set : 1;
}

/* Equal tables have equal versions on every machine. */
static int seal(struct compiler *c, struct policy_image *ret)
{
	static const uint32_t sizes[] = {
#define TABLE_SIZE(name, number, size) size,
	    RV_TABLES(TABLE_SIZE)};
	struct rv_table *head = &c->table.head;
	struct policy_image image = {.rules_n = c->refs_n, .loosens = c->loosens};
	struct sha256 h;
	unsigned i = 0;

	while (c->table.used > sizes[i])
		i++;
	image.table = i + 1;
	image.size = (uint32_t)sizeof(*head) + sizes[i] + RV_TABLE_SLACK;
	image.value = calloc(1, image.size);
	if (!image.value)
		return -ENOMEM;
	head->flags = flags_of(c) | (c->loosens ? RV_POLICY_OVERRULED : 0);
	head->used = c->table.used;
	head->whens_n = c->whens_n;
	head->tags_n = c->tags_n;
	head->when_set = when_set(c);
	join_names(c->list, c->n, head->name);
	sha256_init(&h);
	sha256_add(&h, head, sizeof(*head));
	sha256_add(&h, c->table.data, c->table.used);
	sha256_end(&h, head->sha256);
	memcpy(&head->version, head->sha256, sizeof(head->version));
	if (head->version == 0)
		head->version = 1;
	memcpy(image.value, head, sizeof(*head));
	memcpy((char *)image.value + sizeof(*head), c->table.data, c->table.used);
	*ret = image;
	return 0;
}

int policy_compile(const struct policy *const *list, size_t n, struct policy_image *ret,
		   char *error, size_t error_size)
{
	struct compiler c = {.list = list, .n = n, .error = error, .error_size = error_size};
	size_t rules = 0;
	int r;

	if (n == 0 || n > POLICY_LIST_MAX) {
		snprintf(error, error_size, "%zu policies for one container, expected 1 to %d", n,
			 POLICY_LIST_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++) {
		c.tenants |= list[i]->tenants;
		c.unsure |= list[i]->unsure || list[i]->tenants;
		rules += list[i]->rules_n;
	}
	c.refs_n = (uint32_t)rules;
	c.refs = calloc(rules + 1, sizeof(*c.refs));
	c.ranks = calloc(rules + 1, sizeof(*c.ranks));
	*error = '\0';
	r = c.refs && c.ranks ? compile_all(&c) : -ENOMEM;
	if (r == 0)
		r = seal(&c, ret);
	if (r && !*error)
		snprintf(error, error_size, r == -E2BIG ? "the table is full" : "out of memory");
	free(c.refs);
	free(c.ranks);
	table_release(&c.table);
	return r;
}

void policy_image_release(struct policy_image *image)
{
	if (!image)
		return;
	free(image->value);
	*image = (struct policy_image){0};
}
