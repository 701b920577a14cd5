/* SPDX-License-Identifier: Apache-2.0 */
/* See list.h. */
#include "list.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"

void list_release(struct list *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		free(l->of[i].file);
		free(l->of[i].text);
		policy_free(l->of[i].policy);
	}
	l->n = 0;
}

const char *const list_from_names[] = {"host", "matched", "named", "chosen", "inline", NULL};

static bool is_tenants(enum list_from from)
{
	return from == LIST_NAMED || from == LIST_INLINE;
}

/* Takes text over. */
static int add(struct list *l, enum list_from from, const char *file, char *text, size_t len,
	       char *error, size_t error_size)
{
	struct list_entry *e = &l->of[l->n];
	_free_ char *owned = text;
	_free_ char *name = NULL;
	int r;

	if (l->n == POLICY_LIST_MAX)
		return util_refuse(-E2BIG, error, error_size,
				   "%s: more than %d policies for one container", file,
				   POLICY_LIST_MAX);
	name = strdup(file);
	if (!name)
		return util_refuse(-ENOMEM, error, error_size, "%s: out of memory", file);
	r = policy_parse(text, len, file, &e->policy, error, error_size);
	if (r < 0)
		return r;
	if (from == LIST_INLINE && (e->policy->selectable || e->policy->matches)) {
		const char *key = e->policy->selectable ? "selectable" : "match";

		policy_free(e->policy);
		return util_refuse(-EINVAL, error, error_size,
				   "%s:1:1: found \"%s\", which is the host's to say; put the policy "
				   "into a file of " PATH_POLICIES " and name it",
				   file, key);
	}
	e->from = from;
	e->policy->tenants = is_tenants(from);
	e->file = TAKE_PTR(name);
	e->text = TAKE_PTR(owned);
	e->len = len;
	l->n++;
	return 0;
}

int list_absolute(const char *file, char ret[static PATH_MAX])
{
	const char *base = strrchr(file, '/');
	_free_ char *dir = base == file ? strdup("/")
			   : base	? strndup(file, (size_t)(base - file))
					: strdup(".");
	_free_ char *real = dir ? realpath(dir, NULL) : NULL;

	if (!real)
		return dir ? -errno : -ENOMEM;
	base = base ? base + 1 : file;
	if (snprintf(ret, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

int list_add_file(struct list *l, enum list_from from, const char *file, char *error,
		  size_t error_size)
{
	char *text;
	size_t len;
	int r = util_read_file(AT_FDCWD, file, POLICY_TEXT_MAX, &text, &len);

	if (r < 0)
		return util_refuse(r, error, error_size, "cannot read policy %s: %s", file,
				   strerror(-r));
	return add(l, from, file, text, len, error, error_size);
}

int list_add_text(struct list *l, enum list_from from, const char *file, const char *text, size_t len,
		  char *error, size_t error_size)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return util_refuse(-ENOMEM, error, error_size, "%s: out of memory", file);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return add(l, from, file, copy, len, error, error_size);
}

int list_add_default(struct list *l, const char *file, char *error, size_t error_size)
{
	struct list_entry last;
	int r;

	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->of[i].file, file) == 0)
			return 0;
	if (access(file, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = list_add_file(l, LIST_HOST, file, error, error_size);
	if (r < 0)
		return r;
	last = l->of[l->n - 1];
	memmove(&l->of[1], &l->of[0], (l->n - 1) * sizeof(last));
	l->of[0] = last;
	return 0;
}

static void take_out(struct list *l, unsigned i)
{
	struct list one = {.of = {l->of[i]}, .n = 1};

	memmove(&l->of[i], &l->of[i + 1], (l->n - i - 1) * sizeof(l->of[0]));
	l->n--;
	list_release(&one);
}

static bool tenants(const struct list_entry *e)
{
	return e->policy->tenants;
}

static bool unsure(const struct list_entry *e)
{
	return e->policy->unsure;
}

static bool drop(struct list *l, bool (*goes)(const struct list_entry *e))
{
	unsigned before = l->n;

	for (unsigned i = l->n; i-- > 0;)
		if (goes(&l->of[i]))
			take_out(l, i);
	return l->n < before;
}

bool list_drop_tenants(struct list *l)
{
	return drop(l, tenants);
}

bool list_drop_unsure(struct list *l)
{
	return drop(l, unsure);
}

/* Of a file of the host's that a container named: whose word is it? One that is for it anyway is the host's,
 * and so is one that the host lets it choose. */
static void weigh(struct list_entry *e, const struct meta *m)
{
	const struct policy *p = e->policy;

	if (e->from != LIST_NAMED || !list_lets(p, m))
		return;
	if (p->selectable)
		e->from = LIST_CHOSEN;
	else if (p->matches)
		e->from = LIST_MATCHED;
	e->policy->tenants = is_tenants(e->from);
}

/* In the default's place. */
static bool replaces(const struct list_entry *e)
{
	return e->policy->selectable && (e->from == LIST_HOST || e->from == LIST_CHOSEN);
}

void list_select(struct list *l, const char *default_file, const struct meta *m)
{
	bool selectable = false;

	for (unsigned i = 0; i < l->n; i++) {
		weigh(&l->of[i], m);
		selectable |= replaces(&l->of[i]);
	}
	for (unsigned i = 0; i < l->n; i++) {
		const struct policy *p = l->of[i].policy;

		if (strcmp(l->of[i].file, default_file) != 0)
			continue;
		if ((selectable && !p->selectable) || list_matches(p, m) == LIST_NO)
			take_out(l, i);
		return;
	}
}

int list_complete(struct list *l, const struct meta *m, bool strict, char *error, size_t error_size)
{
	int r = list_add_default(l, PATH_DEFAULT_POLICY, error, error_size);

	if (r == 0)
		r = list_add_matching(l, PATH_POLICIES, m, strict, error, error_size);
	return r;
}

bool list_has(const struct list *l, const char *file)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->of[i].file, file) == 0)
			return true;
	return false;
}

bool list_fails_closed(const struct list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->of[i].policy->fail_closed)
			return true;
	return false;
}

int list_check_kernel(const struct list *l, char *error, size_t error_size)
{
	const struct policy_rule *rule = NULL;
	struct utsname u = {0};
	unsigned i = 0;
	int r;

	while (i < l->n && !(rule = policy_tag_rule(l->of[i].policy)))
		i++;
	if (!rule)
		return 0;
	r = tag_kernel();
	if (r < 0)
		return util_refuse(r, error, error_size,
				   "policy %s, rule in line %d: whether this kernel can read tags is "
				   "not known: %s",
				   l->of[i].policy->name, rule->line, strerror(-r));
	if (r != TAG_KERNEL_READS_NONE)
		return 0;
	uname(&u);
	return util_refuse(-ENOTSUP, error, error_size,
			   "policy %s, rule in line %d: this kernel (%s) has no " TAG_KERNEL_USER
			   ", which rules with \"tag\" need; 6.12 has, or leave such rules out",
			   l->of[i].policy->name, rule->line, u.release);
}

int list_compile(const struct list *l, struct policy_image *ret, char *error, size_t error_size)
{
	const struct policy *policies[POLICY_LIST_MAX];

	for (unsigned i = 0; i < l->n; i++)
		policies[i] = l->of[i].policy;
	return policy_compile(policies, l->n, ret, error, error_size);
}

bool list_rule(const struct list *l, uint32_t number, const struct policy **ret_policy,
	       const struct policy_rule **ret_rule)
{
	size_t at = number;

	for (unsigned i = 0; number && i < l->n; i++) {
		const struct policy *p = l->of[i].policy;

		if (at <= p->rules_n) {
			*ret_policy = p;
			*ret_rule = &p->rules[at - 1];
			return true;
		}
		at -= p->rules_n;
	}
	return false;
}

void list_loosening(const struct list *l, uint32_t number, char *ret, size_t size)
{
	const struct policy_rule *rule;
	const struct policy *p;

	*ret = '\0';
	if (list_rule(l, number, &p, &rule))
		snprintf(ret, size,
			 "its annotation's policy %s allows in line %d what a policy of the node "
			 "denies: without effect",
			 p->name, rule->line);
}

static int name_rule(FILE *f, struct json_out *o, const struct policy *p,
		     const struct policy_rule *rule)
{
	const char *text;
	size_t len;
	int r;

	json_out_reset(o);
	json_out_open_object(o);
	json_out_member_string(o, "policy", p->name);
	json_out_member_number(o, "line", rule->line);
	json_out_key(o, "reason");
	if (rule->reason)
		json_out_string(o, rule->reason, strlen(rule->reason));
	else
		json_out_null(o);
	json_out_close_object(o);
	r = json_out_text(o, &text, &len);
	if (r == 0 && (fwrite(text, 1, len, f) != len || fputc('\n', f) == EOF))
		r = -ENOMEM;
	return r;
}

int list_names(const struct list *l, char **ret, size_t *ret_len)
{
	_json_out_ struct json_out *o = json_out_new();
	const struct policy *p;
	const struct policy_rule *rule;
	_free_ char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int r = o && f ? 0 : -ENOMEM;

	for (uint32_t n = 1; r == 0 && list_rule(l, n, &p, &rule); n++)
		r = name_rule(f, o, p, rule);
	if (f && fclose(f) != 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	*ret_len = size;
	return 0;
}
