/* SPDX-License-Identifier: Apache-2.0 */
/* Policy text to struct policy: the document around the rules. All of it is right or nothing is
 * returned. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "match.h"
#include "policy.h"
#include "rule.h"
#include "sidecar/common/reader.h"
#include "sidecar/common/util.h"
#include "words.h"

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

/* Every choice of the document's head: the key, its words and the flag that the last of them sets.
 */
static const struct {
	const char *key;
	const char *const words[3];
	unsigned fallback;
	uint32_t flag;
} choices[] = {
    {"mode", {"audit", "enforce"}, 0, RV_POLICY_ENFORCE},
    {"on_unresolvable", {"allow", "deny"}, 1, RV_POLICY_UNRESOLVABLE_DENY},
    {"unrecorded", {"allow", "deny"}, 0, RV_POLICY_UNRECORDED_DENY},
    {"repeat", {"count", "each"}, 0, RV_POLICY_EACH},
};

static int parse_head(struct reader *r, const struct json *root, struct policy *p)
{
	static const char *const fails[] = {"open", "closed", NULL};
	unsigned closed = 0;
	int err;

	if (!json_get(root, "mode"))
		return reader_fail(
		    r, root, "found no \"mode\", expected \"mode\": \"enforce\" or \"audit\"");
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		unsigned index = choices[i].fallback;

		err = reader_choice(r, root, choices[i].key, choices[i].words, &index);
		if (err < 0)
			return err;
		p->flags |= index ? choices[i].flag : 0;
	}
	err = reader_choice(r, root, "fail", fails, &closed);
	p->fail_closed = closed;
	return err < 0 ? err : reader_bool(r, root, "selectable", &p->selectable);
}

static int parse_default(struct reader *r, const struct json *m, enum policy_subject subject,
			 struct policy_default *ret)
{
	static const char *const keys[] = {"action", "errno", NULL};
	unsigned action;
	int err;

	if (m->type == JSON_OBJECT) {
		err = reader_keys(r, m, keys);
		return err < 0 ? err : rule_parse_action(r, m, subject, &ret->action, &ret->error);
	}
	err = reader_word(r, m, words_actions, &action);
	if (err < 0)
		return err;
	ret->action = action;
	ret->error = action == POLICY_DENY ? words_error(subject) : 0;
	return 0;
}

static int parse_defaults(struct reader *r, const struct json *root, struct policy *p)
{
	const struct json *defaults = json_get(root, "defaults");
	int err;

	if (!defaults)
		return 0;
	if (defaults->type != JSON_OBJECT)
		return reader_expected(r, defaults, "{\"file\": \"deny\", ...}");
	err = reader_keys(r, defaults, words_subjects);
	for (unsigned i = 0; err == 0 && words_subjects[i]; i++) {
		const struct json *m = json_get(defaults, words_subjects[i]);
		enum policy_subject subject = words_subject_of[i];

		if (m)
			err = parse_default(r, m, subject, &p->defaults[subject]);
	}
	return err;
}

static int parse_rules(struct reader *r, const struct json *root, struct policy *p)
{
	const struct json *rules;
	int err = reader_member(r, root, "rules", JSON_ARRAY, "\"rules\": [...]", &rules);

	if (err < 0)
		return err;
	if (rules->count > POLICY_RULES_MAX)
		return reader_fail(r, rules,
				   "found %zu rules, expected at most %d; name several objects in "
				   "one glob, or use several policies",
				   rules->count, POLICY_RULES_MAX);
	p->rules = calloc(rules->count + 1, sizeof(p->rules[0]));
	if (!p->rules)
		return -ENOMEM;
	for (const struct json *j = rules->child; j; j = j->next) {
		err = rule_parse(r, j, p, &p->rules[p->rules_n++]);
		if (err < 0)
			return err;
	}
	return rule_find_same(r, p);
}

static int parse_document(struct reader *r, const struct json *root, struct policy *p)
{
	static const char *const keys[] = {"name",   "mode", "on_unresolvable", "unrecorded",
					   "repeat", "fail", "selectable", "defaults",
					   "match",  "rules",	NULL};
	int err;

	if (root->type != JSON_OBJECT)
		return reader_expected(
		    r, root, "a policy: {\"name\": ..., \"mode\": ..., \"rules\": [...]}");
	err = reader_keys(r, root, keys);
	if (err == 0)
		err = parse_name(r, root, p);
	if (err == 0)
		err = parse_head(r, root, p);
	if (err == 0)
		err = match_parse(r, root, p);
	if (err == 0)
		err = parse_defaults(r, root, p);
	return err == 0 ? parse_rules(r, root, p) : err;
}

static int parse_match(struct reader *r, const struct json *root, struct policy *p)
{
	return root->type == JSON_OBJECT ? match_parse(r, root, p) : 0;
}

static int parse(const char *text, size_t len, const char *file,
		 int (*document)(struct reader *r, const struct json *root, struct policy *p),
		 struct policy **ret, char *error, size_t error_size)
{
	struct reader r = {.file = file, .error = error, .error_size = error_size};
	_policy_ struct policy *p = NULL;
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
	p = calloc(1, sizeof(*p));
	err = p ? document(&r, root, p) : -ENOMEM;
	if (err == -ENOMEM)
		snprintf(error, error_size, "%s: out of memory", file);
	if (err == 0)
		*ret = TAKE_PTR(p);
	return err;
}

int policy_parse(const char *text, size_t len, const char *file, struct policy **ret, char *error,
		 size_t error_size)
{
	return parse(text, len, file, parse_document, ret, error, error_size);
}

int policy_parse_match(const char *text, size_t len, const char *file, struct policy **ret, char *error,
		       size_t error_size)
{
	return parse(text, len, file, parse_match, ret, error, error_size);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->rules_n; i++) {
		free(p->rules[i].path);
		free(p->rules[i].reason);
	}
	for (size_t i = 0; i < p->whens_n; i++)
		free(p->whens[i].exec);
	for (size_t i = 0; i < p->tags_n; i++)
		free(p->tags[i].glob);
	free(p->rules);
	free(p->whens);
	free(p->tags);
	match_release(p);
	free(p);
}
