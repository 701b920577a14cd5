/* SPDX-License-Identifier: Apache-2.0 */
/* Policy text to struct policy: the document around the rules. All of it is right or nothing is
 * returned. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "policy.h"
#include "reader.h"
#include "rule.h"
#include "sidecar/common/util.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static int parse_name(struct reader *r, const struct json *root, struct policy *p)
{
	const struct json *m;
	int ret = reader_member(r, root, "name", JSON_STRING, "\"name\": \"a name\"", &m);
	size_t len;

	if (ret < 0)
		return ret;
	len = strlen(m->string);
	if (len == 0 || len >= sizeof(p->name) || strspn(m->string, NAME_CHARACTERS) != len)
		return reader_expected(r, m, "1 to 63 letters, digits, '_', '.' or '-'");
	memcpy(p->name, m->string, len + 1);
	return 0;
}

static int parse_flags(struct reader *r, const struct json *root, struct policy *p)
{
	static const char *const modes[] = {"audit", "enforce", NULL};
	static const char *const verdicts[] = {"allow", "deny", NULL};
	static const char *const repeats[] = {"count", "each", NULL};
	unsigned mode = 0, unresolvable = 1, unrecorded = 0, each = 0;
	const struct json *m;
	int ret;

	ret = reader_member(r, root, "mode", JSON_STRING, "\"mode\": \"enforce\" or \"audit\"", &m);
	if (ret < 0)
		return ret;
	ret = reader_choice(r, root, "mode", modes, "\"enforce\" or \"audit\"", &mode);
	if (ret < 0)
		return ret;
	ret = reader_choice(r, root, "on_unresolvable", verdicts, "\"deny\" or \"allow\"",
			    &unresolvable);
	if (ret < 0)
		return ret;
	ret = reader_choice(r, root, "unrecorded", verdicts, "\"allow\" or \"deny\"", &unrecorded);
	if (ret < 0)
		return ret;
	ret = reader_choice(r, root, "repeat", repeats, "\"count\" or \"each\"", &each);
	if (ret < 0)
		return ret;
	p->flags = (mode ? RV_POLICY_ENFORCE : 0) |
		   (unresolvable ? RV_POLICY_UNRESOLVABLE_DENY : 0) |
		   (unrecorded ? RV_POLICY_UNRECORDED_DENY : 0) | (each ? RV_POLICY_EACH : 0);
	return 0;
}

static int parse_rules(struct reader *r, const struct json *rules, struct policy *p)
{
	static const uint32_t flags[] = {[POLICY_FILE] = RV_POLICY_FILE,
					 [POLICY_EXEC] = RV_POLICY_EXEC,
					 [POLICY_NETWORK] = RV_POLICY_NETWORK};

	for (const struct json *j = rules->child; j; j = j->next) {
		struct policy_rule *rule = &p->rules[p->rules_n];
		int ret = rule_parse(r, j, rule);

		if (ret < 0)
			return ret;
		for (size_t i = 0; i < p->rules_n; i++)
			if (rule_same(&p->rules[i], rule))
				return reader_fail(r, j,
						   "found a second rule for the same object, "
						   "expected one; the first is in line %d",
						   p->rules[i].line);
		p->flags |= flags[rule->subject];
		p->rules_n++;
	}
	return 0;
}

static int parse_document(struct reader *r, const struct json *root, struct policy **ret)
{
	static const char *const keys[] = {"name",	 "mode",  "on_unresolvable",
					   "unrecorded", "repeat", "rules", NULL};
	_free_ struct policy *p = NULL;
	const struct json *rules;
	int err;

	if (root->type != JSON_OBJECT)
		return reader_expected(
		    r, root, "a policy: {\"name\": ..., \"mode\": ..., \"rules\": [...]}");
	err = reader_keys(r, root, keys);
	if (err < 0)
		return err;
	err = reader_member(r, root, "rules", JSON_ARRAY, "\"rules\": [...]", &rules);
	if (err < 0)
		return err;
	if (rules->count > POLICY_RULES_MAX)
		return reader_fail(r, rules,
				   "found %zu rules, expected at most %d; "
				   "deny subtrees (\"/dir/**\") or use several policies",
				   rules->count, POLICY_RULES_MAX);
	p = calloc(1, sizeof(*p) + rules->count * sizeof(p->rules[0]));
	if (!p)
		return -ENOMEM;
	err = parse_name(r, root, p);
	if (err < 0)
		return err;
	err = parse_flags(r, root, p);
	if (err < 0)
		return err;
	err = parse_rules(r, rules, p);
	if (err < 0)
		return err;
	*ret = TAKE_PTR(p);
	return 0;
}

int policy_parse(const char *text, size_t len, const char *file, struct policy **ret, char *error,
		 size_t error_size)
{
	struct reader r = {.file = file, .error = error, .error_size = error_size};
	struct json *root _json_ = NULL;
	char reason[POLICY_ERROR_MAX - 128] = "";
	int err;

	if (len > POLICY_TEXT_MAX) {
		snprintf(error, error_size, "%s:1:1: found %zu bytes, expected at most %u", file,
			 len, POLICY_TEXT_MAX);
		return -E2BIG;
	}
	err = json_parse(text, len, true, &root, reason, sizeof(reason));
	if (err < 0) {
		snprintf(error, error_size, "%s:%s", file, reason);
		return err;
	}
	err = parse_document(&r, root, ret);
	if (err == -ENOMEM)
		snprintf(error, error_size, "%s: out of memory", file);
	return err;
}
