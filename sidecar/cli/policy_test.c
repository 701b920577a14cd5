/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy test: what policies would say of an act, by the same table the kernel reads. Does
 * nothing of it, opens nothing but the policies. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "policy.h"
#include "policy_ask.h"
#include "sidecar/common/json.h"
#include "sidecar/common/log.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "verbs.h"

#define EXIT_DENIED 1
#define EXIT_BAD_POLICY 3

struct test {
	char **files;
	struct policy *list[POLICY_LIST_MAX];
	size_t n;
	struct policy_image image;
	const char *exes[ASK_EXES_MAX];
	unsigned exes_n;
	struct json_out *json; /* NULL: text */
};

static void test_release(struct test *t)
{
	while (t->n > 0)
		policy_free(t->list[--t->n]);
	policy_image_release(&t->image);
	json_out_free(t->json);
}

static const char *const verdicts[] = {[RV_ACT_ALLOW] = "allowed",
				       [RV_ACT_AUDIT] = "audited",
				       [RV_ACT_WOULD_DENY] = "would-deny",
				       [RV_ACT_DENY] = "denied"};

/* The rule of a number through all policies. */
static const struct policy_rule *rule_of(const struct test *t, uint32_t number)
{
	for (size_t i = 0; number && i < t->n; i++) {
		if (number <= t->list[i]->rules_n)
			return &t->list[i]->rules[number - 1];
		number -= (uint32_t)t->list[i]->rules_n;
	}
	return NULL;
}

static void put_text(const struct test *t, const struct policy_answer *a)
{
	const struct policy_rule *rule = rule_of(t, a->rule);
	char shown[POLICY_REASON_MAX * 4];

	printf("%s", verdicts[a->action]);
	if (a->action == RV_ACT_DENY)
		printf(" %s", strerrorname_np(a->error));
	if (a->policy < 0) {
		printf(": no rule\n");
		return;
	}
	if (!rule) {
		printf(": default of %s\n", t->list[a->policy]->name);
		return;
	}
	printf(": rule %u of %s, %s:%d", a->rule, t->list[a->policy]->name, t->files[a->policy],
	       rule->line);
	if (rule->reason) {
		utf8_escape(shown, sizeof(shown), rule->reason, strlen(rule->reason));
		printf(": %s", shown);
	}
	putchar('\n');
}

static int put_json(const struct test *t, const struct policy_answer *a)
{
	const struct policy_rule *rule = rule_of(t, a->rule);
	const char *text;
	size_t len;
	int r;

	json_out_reset(t->json);
	json_out_open_object(t->json);
	json_out_member_string(t->json, "verdict", verdicts[a->action]);
	if (a->action == RV_ACT_DENY)
		json_out_member_string(t->json, "error", strerrorname_np(a->error));
	if (a->policy >= 0) {
		json_out_member_string(t->json, "policy", t->list[a->policy]->name);
		json_out_member_string(t->json, "file", t->files[a->policy]);
		json_out_member_bool(t->json, "default", !rule);
	}
	if (rule) {
		json_out_member_unsigned(t->json, "rule", a->rule);
		json_out_member_number(t->json, "line", rule->line);
	}
	if (rule && rule->reason)
		json_out_member_string(t->json, "reason", rule->reason);
	json_out_close_object(t->json);
	r = json_out_text(t->json, &text, &len);
	if (r)
		return log_err(r, "write the answer");
	printf("%s\n", text);
	return 0;
}

/* The exit status; -errno. */
static int answer(const struct test *t, struct ask *ask)
{
	struct policy_answer a;

	for (unsigned i = 0; i < ask->exes_n; i++)
		ask->question.when =
		    policy_when(&t->image, ask->question.when, ask->exes[i], strlen(ask->exes[i]));
	if (ask->tag)
		ask->question.tag = policy_tag(&t->image, ask->tag, strlen(ask->tag));
	a = policy_decide(&t->image, &ask->question);
	if (t->json && put_json(t, &a))
		return EXIT_BAD_POLICY;
	if (!t->json)
		put_text(t, &a);
	return a.action == RV_ACT_DENY ? EXIT_DENIED : 0;
}

static void begin(const struct test *t, struct ask *ask)
{
	memcpy(ask->exes, t->exes, sizeof(ask->exes));
	ask->exes_n = t->exes_n;
}

static int test_words(const struct test *t, char **words, int n)
{
	char error[ASK_LINE_MAX];
	struct ask ask;

	begin(t, &ask);
	if (ask_words(&ask, (const char *const *)words, (size_t)n, error, sizeof(error)))
		return log_err(0, "%s", error), EXIT_USAGE;
	return answer(t, &ask);
}

/* A question a line, an answer a line; 1 if one of them is a denial. */
static int test_lines(const struct test *t)
{
	char line[ASK_LINE_MAX], error[ASK_LINE_MAX * 2];
	int status = 0;

	for (unsigned n = 1; fgets(line, sizeof(line), stdin); n++) {
		size_t len = strcspn(line, "\n");
		struct ask ask;
		int r = -EINVAL;

		snprintf(error, sizeof(error), "a line of more than %d bytes", ASK_LINE_MAX - 2);
		begin(t, &ask);
		if (line[len] == '\n' || feof(stdin)) {
			line[len] = '\0';
			r = ask_line(&ask, line, error, sizeof(error));
		}
		if (r)
			return log_err(0, "-:%u: %s", n, error), EXIT_USAGE;
		status |= answer(t, &ask);
	}
	return status;
}

static int compile(struct test *t, int n)
{
	char error[POLICY_ERROR_MAX];
	int r = 0;

	if (n > POLICY_LIST_MAX)
		return log_err(0, "%d policies, expected at most %d", n, POLICY_LIST_MAX), -EINVAL;
	for (; r == 0 && t->n < (size_t)n; t->n += r == 0)
		r = policy_read_file(t->files[t->n], &t->list[t->n]);
	if (r)
		return r;
	r = policy_compile((const struct policy *const *)t->list, t->n, &t->image, error,
			   sizeof(error));
	return r ? (log_err(0, "%s", error), r) : 0;
}

/* Index of the "--" behind which the question stands; argc without one. */
static int find_dashes(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strcmp(argv[i], "--") != 0)
		i++;
	return i;
}

static int test(struct test *t, int argc, char **argv, int dashes)
{
	static const struct option options[] = {
	    {"as", required_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'}, {0}};
	bool input = argc == dashes + 2 && strcmp(argv[dashes + 1], "-") == 0;
	int c;

	while ((c = getopt_long(dashes, argv, "", options, NULL)) != -1) {
		if (c == 'j' && !t->json && !(t->json = json_out_new()))
			return log_err(-ENOMEM, "write JSON"), EXIT_BAD_POLICY;
		if (c == 'a' && t->exes_n < ASK_EXES_MAX)
			t->exes[t->exes_n++] = optarg;
		else if (c != 'j')
			return policy_verb_usage(argv[0]);
	}
	for (int i = optind; i < dashes; i++)
		if (input && strcmp(argv[i], "-") == 0)
			return log_err(0,
				       "the standard input cannot be a policy and questions, too"),
			       EXIT_USAGE;
	if (optind == dashes || dashes + 1 >= argc)
		return policy_verb_usage(argv[0]);
	t->files = argv + optind;
	if (compile(t, dashes - optind))
		return EXIT_BAD_POLICY;
	return input ? test_lines(t) : test_words(t, argv + dashes + 1, argc - dashes - 1);
}

int policy_verb_test(int argc, char **argv)
{
	__attribute__((cleanup(test_release))) struct test t = {0};

	return test(&t, argc, argv, find_dashes(argc, argv));
}
