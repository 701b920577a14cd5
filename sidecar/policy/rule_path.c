/* SPDX-License-Identifier: Apache-2.0 */
/* Rules whose object has a name: exec, file, unix. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "glob.h"
#include "rule.h"
#include "sidecar/common/util.h"
#include "words.h"

struct check {
	bool abstract;
	const char *fault;
};

static bool is(const struct glob_item *item, unsigned char c)
{
	uint8_t set[32] = {0};

	set[c / 8] = (uint8_t)(1 << c % 8);
	return item->type == GLOB_SET && memcmp(item->set, set, sizeof(set)) == 0;
}

/* Whether the part of a path that begins at items ends behind n of them. */
static bool ends(const struct glob_item *items, size_t left, size_t n)
{
	return left == n || (left > n && is(&items[n], '/'));
}

/* What follows a '/', left items of it. */
static const char *part_fault(const struct glob_item *part, size_t left)
{
	if (left == 0)
		return "a path without '/' at its end; for everything below it write \"/**\"";
	if (is(&part[0], '/'))
		return "a path without \"//\"";
	if (is(&part[0], '.') && ends(part, left, 1))
		return "a path without \"/./\"";
	if (left >= 2 && is(&part[0], '.') && is(&part[1], '.') && ends(part, left, 2))
		return "a path without \"..\"";
	return NULL;
}

static int check_alternative(void *arg, const struct glob_item *items, size_t n)
{
	struct check *check = arg;

	if (n > 0 && check->abstract && is(&items[0], '@'))
		return 0;
	if (n == 0 || (!is(&items[0], '/') && items[0].type != GLOB_STARS))
		check->fault =
		    check->abstract
			? "a path that starts with '/' or \"**\", or an abstract name "
			  "that starts with '@'"
			: "a path that starts with '/' or \"**\", as the container sees it";
	for (size_t i = 0; n > 1 && i < n && !check->fault; i++)
		if (is(&items[i], '/'))
			check->fault = part_fault(items + i + 1, n - i - 1);
	return check->fault ? -ECANCELED : 0;
}

int rule_parse_glob(struct reader *r, const struct json *m, bool abstract, char **ret)
{
	struct check check = {.abstract = abstract};
	const char *why;
	char expected[128];
	size_t at;
	int err;

	if (m->type != JSON_STRING)
		return reader_expected(r, m, "one glob in a string; several are one, \"{/a,/b}\"");
	err = glob_parse(m->string, strlen(m->string), check_alternative, &check, &at, &why);
	if (err == -ECANCELED)
		return reader_expected(r, m, check.fault);
	if (err == -E2BIG)
		return reader_expected(r, m,
				       "a glob of at most 256 alternatives; use several rules");
	if (err == -EINVAL) {
		snprintf(expected, sizeof(expected), "%s (at byte %zu of it)", why, at + 1);
		return reader_expected(r, m, expected);
	}
	if (err < 0)
		return err;
	*ret = strdup(m->string);
	return *ret ? 0 : -ENOMEM;
}

static int add_word(struct reader *r, const struct json *word, const void *arg, uint64_t *ret)
{
	unsigned index;
	int err = reader_word(r, word, arg, &index);

	if (err == 0)
		*ret = 1ull << index;
	return err;
}

int rule_parse_access(struct reader *r, const struct json *j, const char *key,
		      struct policy_rule *rule)
{
	const struct json *m = json_get(j, key);
	uint64_t access = words_access_all(rule->subject);
	int err = 0;

	if (rule->tag && rule->subject == POLICY_FILE)
		access = RV_DO_READ | RV_DO_WRITE;
	if (m)
		err = reader_words(r, m, add_word, words_access(rule->subject), &access);
	if (err == 0 && rule->tag && rule->subject == POLICY_FILE &&
	    (access & ~(uint64_t)(RV_DO_READ | RV_DO_WRITE)))
		err = reader_expected(r, m,
				      "\"read\", \"write\" or both with \"tag\", which the kernel lets "
				      "reeve read only where a file is opened or executed");
	rule->access = (uint32_t)access;
	return err;
}

int rule_parse_path(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	const struct json *m = json_get(j, "path");
	int err;

	if (!m && rule->tag) /* whatever its path */
		return rule_parse_access(r, j, "access", rule);
	if (!m)
		return reader_fail(r, j, "found no \"path\", expected \"path\": \"%s\"",
				   rule->subject == POLICY_UNIX ? "/a/socket\" or \"@name"
								: "/absolute/path");
	err = rule_parse_glob(r, m, rule->subject == POLICY_UNIX, &rule->path);
	if (err < 0)
		return err;
	return rule_parse_access(r, j, "access", rule);
}
