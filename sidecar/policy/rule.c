/* SPDX-License-Identifier: Apache-2.0 */
/* A rule: the keys all subjects have, and which others a subject has. What the kernel cannot decide
 * exactly as written is refused, so that no rule means less than it says. */
#include "rule.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "words.h"

#define ERRNO_NAMED_MAX 133

#define S(NAME) (1u << POLICY_##NAME)
#define S_ALL (~0u)
static const struct {
	const char *key;
	unsigned subjects;
} keys[] = {
    {"subject", S_ALL},
    {"action", S_ALL},
    {"errno", S_ALL},
    {"reason", S_ALL},
    {"when", S_ALL},
    {"path", S(EXEC) | S(FILE) | S(UNIX)},
    {"tag", S(EXEC) | S(FILE)},
    {"access", S(FILE) | S(UNIX) | S(MEMORY)},
    {"cidr", S(NETWORK)},
    {"address", S(NETWORK)},
    {"port", S(NETWORK)},
    {"protocol", S(NETWORK)},
    {"direction", S(NETWORK)},
    {"capability", S(CAPABILITY)},
    {"kind", S(KERNEL)},
};

static int parse_error(struct reader *r, const struct json *m, int *ret)
{
	for (int error = 1; m->type == JSON_STRING && error <= ERRNO_NAMED_MAX; error++) {
		const char *name = strerrorname_np(error);

		if (name && strcmp(name, m->string) == 0) {
			*ret = error;
			return 0;
		}
	}
	return reader_expected(r, m, "the name of an errno, as \"EACCES\" or \"EPERM\"");
}

int rule_parse_action(struct reader *r, const struct json *j, enum policy_subject subject,
		      enum policy_action *ret_action, int *ret_error)
{
	const struct json *m = json_get(j, "action"), *error = json_get(j, "errno");
	unsigned action;
	int err;

	if (!m)
		return reader_fail(r, j,
				   "found no \"action\", expected \"action\": \"allow\", "
				   "\"audit\" or \"deny\"");
	err = reader_word(r, m, words_actions, &action);
	if (err < 0)
		return err;
	if (error && action != POLICY_DENY)
		return reader_fail(r, error,
				   "found \"errno\" with \"action\": \"%s\", expected "
				   "it with \"deny\" alone",
				   words_actions[action]);
	*ret_action = action;
	*ret_error = action == POLICY_DENY ? words_error(subject) : 0;
	return error ? parse_error(r, error, ret_error) : 0;
}

static int parse_reason(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	const struct json *m = json_get(j, "reason");
	size_t len, n;

	if (!m)
		return 0;
	len = m->type == JSON_STRING ? strlen(m->string) : 0;
	if (len == 0 || len >= POLICY_REASON_MAX)
		return reader_expected(r, m, "a text of 1 to 255 bytes");
	for (size_t at = 0; at < len; at += n) {
		n = utf8_printable(m->string + at, len - at);
		if (n == 0)
			return reader_expected(r, m, "a text without control characters");
	}
	rule->reason = strdup(m->string);
	return rule->reason ? 0 : -ENOMEM;
}

static int find_when(struct reader *r, const struct json *m, struct policy *p,
		     struct policy_when *when, uint32_t *ret)
{
	for (size_t i = 0; i < p->whens_n; i++) {
		if (p->whens[i].children == when->children &&
		    strcmp(p->whens[i].exec, when->exec) == 0) {
			*ret = (uint32_t)i + 1;
			return 0;
		}
	}
	if (p->whens_n == POLICY_WHEN_MAX)
		return reader_fail(r, m,
				   "found one more different \"when\", expected at most %d; "
				   "name several executables in one glob, {a,b}",
				   POLICY_WHEN_MAX);
	if (!p->whens)
		p->whens = calloc(POLICY_WHEN_MAX, sizeof(*p->whens));
	if (!p->whens)
		return -ENOMEM;
	p->whens[p->whens_n++] = *when;
	when->exec = NULL;
	*ret = (uint32_t)p->whens_n;
	return 0;
}

static int parse_when(struct reader *r, const struct json *j, struct policy *p,
		      struct policy_rule *rule)
{
	static const char *const when_keys[] = {"exec", "children", NULL};
	const struct json *m = json_get(j, "when"), *exec;
	struct policy_when when = {0};
	int err;

	if (!m)
		return 0;
	if (m->type != JSON_OBJECT)
		return reader_expected(r, m,
				       "{\"exec\": \"/a/program\", \"children\": true or false}");
	err = reader_keys(r, m, when_keys);
	if (err < 0)
		return err;
	err = reader_member(r, m, "exec", JSON_STRING, "\"exec\": \"/a/program\"", &exec);
	if (err < 0)
		return err;
	err = reader_bool(r, m, "children", &when.children);
	if (err < 0)
		return err;
	err = rule_parse_glob(r, exec, false, &when.exec);
	if (err < 0)
		return err;
	when.line = m->line;
	when.column = m->column;
	err = find_when(r, m, p, &when, &rule->when);
	free(when.exec);
	return err;
}

/* Keys of that subject only, or says whose they are. */
static int check_keys(struct reader *r, const struct json *j, enum policy_subject subject)
{
	for (const struct json *m = j->child; m; m = m->next) {
		size_t k = 0;
		char owners[64] = "";

		while (strcmp(keys[k].key, m->key) != 0)
			k++;
		if (keys[k].subjects >> subject & 1)
			continue;
		for (size_t i = 0; words_subjects[i]; i++) {
			if (!(keys[k].subjects >> words_subject_of[i] & 1))
				continue;
			strcat(strcat(owners, owners[0] ? ", " : ""), words_subjects[i]);
		}
		return reader_fail(r, m,
				   "found key \"%s\" in a rule of subject \"%s\", expected "
				   "it only with: %s",
				   m->key, policy_subject_name(subject), owners);
	}
	return 0;
}

static int parse_subject(struct reader *r, const struct json *j, enum policy_subject *ret)
{
	const char *known[ARRAY_SIZE(keys) + 1] = {NULL};
	const struct json *m;
	unsigned index;
	int err;

	if (j->type != JSON_OBJECT)
		return reader_expected(r, j, "a rule: {\"subject\": ..., \"action\": ..., ...}");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		known[i] = keys[i].key;
	err = reader_keys(r, j, known);
	if (err < 0)
		return err;
	m = json_get(j, "subject");
	if (!m)
		return reader_fail(r, j,
				   "found no \"subject\", expected \"subject\": what the rule "
				   "is about, as \"file\"");
	err = reader_word(r, m, words_subjects, &index);
	if (err < 0)
		return err;
	*ret = words_subject_of[index];
	return check_keys(r, j, *ret);
}

static int parse_match(struct reader *r, const struct json *j, struct policy *p,
		       struct policy_rule *rule)
{
	int err;


	switch (rule->subject) {
	case POLICY_EXEC:
	case POLICY_FILE:
		err = rule_parse_tag(r, j, p, rule);
		return err < 0 ? err : rule_parse_path(r, j, rule);
	case POLICY_UNIX:
		return rule_parse_path(r, j, rule);
	case POLICY_NETWORK:
		return rule_parse_network(r, j, rule);
	case POLICY_MEMORY:
	case POLICY_CAPABILITY:
	case POLICY_KERNEL:
		break;
	}
	return rule_parse_number(r, j, rule);
}

int rule_parse(struct reader *r, const struct json *j, struct policy *p, struct policy_rule *rule)
{
	int err;

	rule->line = j->line;
	rule->column = j->column;
	err = parse_subject(r, j, &rule->subject);
	if (err < 0)
		return err;
	err = rule_parse_action(r, j, rule->subject, &rule->action, &rule->error);
	if (err < 0)
		return err;
	err = parse_match(r, j, p, rule);
	if (err < 0)
		return err;
	err = parse_reason(r, j, rule);
	if (err < 0)
		return err;
	return parse_when(r, j, p, rule);
}
