/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about files with a security tag. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "glob.h"
#include "rule.h"
#include "sidecar/common/util.h"

/* What no tag can be. */
static int check_alternative(void *arg, const struct glob_item *items, size_t n)
{
	size_t least = 0;

	(void)arg;
	for (size_t i = 0; i < n; i++)
		least += items[i].type == GLOB_SET;
	return n == 0 || least > RV_TAG_MAX ? -ECANCELED : 0;
}

static int check_glob(struct reader *r, const struct json *m)
{
	const char *why;
	char expected[128];
	size_t at;
	int err;

	if (m->type != JSON_STRING)
		return reader_expected(r, m, "one glob in a string; several are one, \"{a,b}\"");
	err = glob_parse(m->string, strlen(m->string), check_alternative, NULL, &at, &why);
	if (err == -ECANCELED)
		return reader_expected(r, m, "a glob of tags, which have 1 to 256 bytes");
	if (err == -E2BIG)
		return reader_expected(r, m,
				       "a glob of at most 256 alternatives; use several rules");
	if (err != -EINVAL)
		return err;
	snprintf(expected, sizeof(expected), "%s (at byte %zu of it)", why, at + 1);
	return reader_expected(r, m, expected);
}

int rule_parse_tag(struct reader *r, const struct json *j, struct policy *p,
		   struct policy_rule *rule)
{
	const struct json *m = json_get(j, "tag");
	int err = m ? check_glob(r, m) : 0;

	if (!m || err < 0)
		return err;
	for (size_t i = 0; i < p->tags_n; i++) {
		if (strcmp(p->tags[i].glob, m->string) == 0) {
			rule->tag = (uint32_t)i + 1;
			return 0;
		}
	}
	if (p->tags_n == POLICY_TAG_MAX)
		return reader_fail(r, m,
				   "found one more different \"tag\", expected at most %d; "
				   "name several tags in one glob, {a,b}",
				   POLICY_TAG_MAX);
	if (!p->tags)
		p->tags = calloc(POLICY_TAG_MAX, sizeof(*p->tags));
	if (!p->tags)
		return -ENOMEM;
	p->tags[p->tags_n] = (struct policy_tag){.glob = strdup(m->string), .line = m->line};
	if (!p->tags[p->tags_n].glob)
		return -ENOMEM;
	rule->tag = (uint32_t)++p->tags_n;
	return 0;
}

const struct policy_rule *policy_tag_rule(const struct policy *p)
{
	for (size_t i = 0; i < p->rules_n; i++)
		if (p->rules[i].tag)
			return &p->rules[i];
	return NULL;
}
