/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of one or several policies to the kernel's table: rules first, then per subject an automaton
 * whose states say by which list of rules is decided. A list holds, policy by policy and in the
 * order of the file, what can still decide something there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "address.h"
#include "automaton.h"
#include "policy.h"
#include "sidecar/common/sha256.h"
#include "sidecar/common/util.h"
#include "table.h"

#define STATES_MAX (1u << 20) /* of one subject; a large table holds fewer */

struct ref {
	const struct policy_rule *rule;
	const struct policy *policy;
	uint32_t at;   /* of its rv_rule */
	uint32_t when; /* bit, 0 always */
	unsigned index; /* of its policy */
};

struct compiler {
	const struct policy *const *list;
	size_t n;
	struct ref *refs; /* all rules, by number - 1 */
	uint32_t refs_n;
	struct table table;
	uint32_t otherwise[POLICY_LIST_MAX][RV_SUBJECT_MAX]; /* offset of a default's rv_rule, 0 allow */
	const struct policy_when *whens[POLICY_WHEN_MAX];
	uint32_t whens_n;
	unsigned subject; /* whose lists are made */
	int failed;	  /* in a fold */
	uint32_t failed_at; /* number of the rule */
	char *error;
	size_t error_size;
};

static const uint32_t all_access[RV_SUBJECT_MAX] = {
    [RV_SUBJECT_EXEC] = RV_DO_EXEC,	 [RV_SUBJECT_FILE] = RV_DO_FILE_ALL,
    [RV_SUBJECT_UNIX] = RV_DO_SOCKET_ALL, [RV_SUBJECT_NETWORK] = RV_DO_SOCKET_ALL,
    [RV_SUBJECT_MEMORY] = RV_DO_MAP_ALL, [RV_SUBJECT_CAPABILITY] = RV_DO_ANY,
    [RV_SUBJECT_KERNEL] = RV_DO_ANY};

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

/* Of several policies those that enforce say what becomes of what cannot be told or recorded. */
static uint32_t flags_of(const struct compiler *c)
{
	uint32_t flags = 0, enforced = 0;

	for (size_t i = 0; i < c->n; i++)
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

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]->name) + (i > 0);

		if (at + len + (i + 1 < n ? tail : 0) >= 64 && i > 0) {
			snprintf(ret + at, 64 - at, "+%zu more", n - i);
			return;
		}
		at += (size_t)snprintf(ret + at, 64 - at, "%s%s", i ? "+" : "", list[i]->name);
		if (at >= 64)
			at = 63;
	}
}

static int over(struct compiler *c, uint32_t number, const char *what)
{
	const struct ref *ref = number ? &c->refs[number - 1] : NULL;

	if (!ref)
		snprintf(c->error, c->error_size, "%s", what);
	else
		snprintf(c->error, c->error_size, "policy %s, rule in line %d: %s",
			 ref->policy->name, ref->rule->line, what);
	return -E2BIG;
}

/* Equal "when"s of several policies are one bit. */
static int when_bit(struct compiler *c, const struct policy_when *when, uint32_t *ret)
{
	for (uint32_t i = 0; i < c->whens_n; i++) {
		if (strcmp(c->whens[i]->exec, when->exec) == 0 &&
		    c->whens[i]->children == when->children) {
			*ret = 1u << i;
			return 0;
		}
	}
	if (c->whens_n == POLICY_WHEN_MAX)
		return -E2BIG;
	c->whens[c->whens_n] = when;
	c->table.head.asked[RV_SUBJECT_WHEN] = 1;
	if (when->children)
		c->table.head.children |= 1u << c->whens_n;
	*ret = 1u << c->whens_n++;
	return 0;
}

static int put_rule(struct compiler *c, const struct rv_rule *rule, uint32_t *ret)
{
	int r = table_room(&c->table, sizeof(*rule), 8, ret);

	if (r == 0)
		memcpy(c->table.data + *ret, rule, sizeof(*rule));
	return r;
}

static int put_rules(struct compiler *c)
{
	uint32_t number = 0;
	int r = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct policy *p = c->list[i];

		for (size_t k = 0; k < p->rules_n; k++) {
			const struct policy_rule *rule = &p->rules[k];
			struct ref *ref = &c->refs[number++];

			*ref = (struct ref){.rule = rule, .policy = p, .index = (unsigned)i};
			if (rule->when && when_bit(c, &p->whens[rule->when - 1], &ref->when))
				return over(c, number, "more than 31 different \"when\" for one "
						       "container; use fewer");
			r = put_rule(c,
				     &(struct rv_rule){.number = number,
						       .access = rule->access,
						       .error = rule->error,
						       .when = ref->when,
						       .action = action_of(p, rule->action),
						       .policy = (uint8_t)i,
						       .protocol = rule->protocol},
				     &ref->at);
			if (r)
				return r == -E2BIG ? over(c, number, "the table is full") : r;
			if (number == 1)
				c->table.head.rules = ref->at;
			if (rule->action != POLICY_ALLOW)
				c->table.head.asked[rule->subject] |= rule->access;
		}
	}
	c->table.head.rules_n = number;
	return 0;
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
			c->table.head.asked[s] = all_access[s];
			r = put_rule(c,
				     &(struct rv_rule){.access = all_access[s],
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

/* The rules of these numbers, ascending, and the defaults behind each policy's. Those that come too
 * late to decide anything are left out. 0: nothing says a word. */
static int make_list(struct compiler *c, const uint32_t *numbers, size_t n, uint32_t *ret)
{
	uint32_t rules[RV_LIST_MAX], rules_n = 0, taken = 0, all = all_access[c->subject];
	size_t at = 0;

	*ret = 0;
	for (unsigned p = 0; p < c->n; p++) {
		taken = 0;
		for (; at < n && c->refs[numbers[at] - 1].index == p; at++) {
			const struct ref *ref = &c->refs[numbers[at] - 1];

			if (!(ref->rule->access & ~taken))
				continue;
			if (rules_n == RV_LIST_MAX) {
				c->failed_at = numbers[at];
				return -E2BIG;
			}
			rules[rules_n++] = ref->at;
			if (!ref->when && !ref->rule->protocol)
				taken |= ref->rule->access;
		}
		if (!c->otherwise[p][c->subject] || taken == all)
			continue;
		if (rules_n == RV_LIST_MAX) {
			c->failed_at = n ? numbers[n - 1] : 0;
			return -E2BIG;
		}
		rules[rules_n++] = c->otherwise[p][c->subject];
	}
	return rules_n ? table_list(&c->table, rules, rules_n, ret) : 0;
}

static uint32_t fold(void *arg, const uint32_t *numbers, size_t n)
{
	struct compiler *c = arg;
	uint32_t list = 0;

	if (!c->failed)
		c->failed = make_list(c, numbers, n, &list);
	return list;
}

static uint32_t fold_whens(void *arg, const uint32_t *numbers, size_t n)
{
	uint32_t bits = 0;

	(void)arg;
	for (size_t i = 0; i < n; i++)
		bits |= 1u << (numbers[i] - 1);
	return bits;
}

static int add_pattern(struct builder *b, const struct policy_rule *rule, uint32_t number)
{
	const char *why, *path = rule->path ? rule->path : "**";
	size_t at;

	if (rule->subject == POLICY_NETWORK)
		return address_add(b, rule, number);
	return builder_add(b, path, strlen(path), number, &at, &why);
}

static int build(struct compiler *c, struct builder *b, unsigned subject)
{
	struct automaton a = {0};
	int r = builder_build(b, STATES_MAX, subject == RV_SUBJECT_WHEN ? fold_whens : fold, c, &a);

	if (r == 0 && c->failed)
		r = c->failed;
	if (r == 0)
		r = table_automaton(&c->table, subject, &a);
	automaton_release(&a);
	return r;
}

static int compile_texts(struct compiler *c, unsigned subject)
{
	struct builder *b = NULL;
	int r;

	c->subject = subject;
	r = make_list(c, NULL, 0, &c->table.head.otherwise[subject]);
	for (uint32_t i = 0; r == 0 && i < c->refs_n; i++) {
		if (c->refs[i].rule->subject != (enum policy_subject)subject)
			continue;
		if (!b)
			b = builder_new();
		r = b ? add_pattern(b, c->refs[i].rule, i + 1) : -ENOMEM;
	}
	if (r == 0 && b)
		r = build(c, b, subject);
	builder_free(b);
	if (r == -E2BIG)
		return over(c, c->failed_at,
			    c->failed ? "more than 64 rules apply to one name; use fewer patterns "
					"that overlap"
				      : "the patterns need more than the 16 MiB of a table; use "
					"fewer \"**\" inside of paths");
	return r;
}

static int compile_whens(struct compiler *c)
{
	struct builder *b;
	int r = 0;

	if (!c->whens_n)
		return 0;
	b = builder_new();
	if (!b)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < c->whens_n; i++) {
		const char *why, *exec = c->whens[i]->exec;
		size_t at;

		r = builder_add(b, exec, strlen(exec), i + 1, &at, &why);
	}
	if (r == 0)
		r = build(c, b, RV_SUBJECT_WHEN);
	builder_free(b);
	return r;
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
	if (make_list(c, numbers, n, ret) == -E2BIG)
		return over(c, c->failed_at, "more than 64 rules apply to one thing; use fewer");
	return 0;
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
	for (unsigned i = 0; r == 0 && i < RV_KIND_MAX; i++)
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
	for (unsigned s = 1; r == 0 && s < RV_SUBJECT_WHEN; s++)
		r = compile_texts(c, s);
	if (r == 0)
		r = compile_whens(c);
	return r ? r : compile_numbers(c);
}

/* Equal tables have equal versions on every machine. */
static int seal(struct compiler *c, struct policy_image *ret)
{
	static const uint32_t sizes[] = {
#define TABLE_SIZE(name, number, size) size,
	    RV_TABLES(TABLE_SIZE)};
	struct rv_table *head = &c->table.head;
	struct policy_image image = {.rules_n = c->refs_n};
	struct sha256 h;
	unsigned i = 0;

	while (c->table.used > sizes[i])
		i++;
	image.table = i + 1;
	image.size = (uint32_t)sizeof(*head) + sizes[i] + RV_TABLE_SLACK;
	image.value = calloc(1, image.size);
	if (!image.value)
		return -ENOMEM;
	head->flags = flags_of(c);
	head->used = c->table.used;
	head->whens_n = c->whens_n;
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
	for (size_t i = 0; i < n; i++)
		rules += list[i]->rules_n;
	c.refs_n = (uint32_t)rules;
	c.refs = calloc(rules + 1, sizeof(*c.refs));
	*error = '\0';
	r = c.refs ? compile_all(&c) : -ENOMEM;
	if (r == 0)
		r = seal(&c, ret);
	if (r && !*error)
		snprintf(error, error_size, r == -E2BIG ? "the table is full" : "out of memory");
	free(c.refs);
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
