/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy show: which policy is in force for a container, read back from the kernel, and whether
 * the text that is kept of it is what the kernel enforces. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "policy.h"
#include "policy_view.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/util.h"
#include "verbs.h"

static const char *action_name(unsigned action)
{
	static const char *const names[] = {[RV_ACT_ALLOW] = "allow",
					    [RV_ACT_AUDIT] = "audit",
					    [RV_ACT_WOULD_DENY] = "would-deny",
					    [RV_ACT_DENY] = "deny"};

	return action < ARRAY_SIZE(names) ? names[action] : "unknown";
}

static const char *mode(const struct policy_view *v)
{
	return v->table->flags & RV_POLICY_ENFORCE ? "enforce" : "audit";
}

static void rule_text(const struct policy_view *v, uint32_t n)
{
	const struct policy *p;
	const struct policy_rule *rule;

	printf("%6u  %-10s %12" PRIu64, n, v->rules[n].used ? action_name(v->rules[n].action) : "-",
	       v->rules[n].hits);
	if (!list_rule(&v->list, n, &p, &rule)) {
		putchar('\n');
		return;
	}
	printf("  %s:%d %s", p->name, rule->line, policy_subject_name(rule->subject));
	if (rule->path) {
		putchar(' ');
		quote_word(stdout, rule->path, strlen(rule->path));
	}
	if (rule->reason) {
		fputs(" reason=", stdout);
		quote_word(stdout, rule->reason, strlen(rule->reason));
	}
	putchar('\n');
}

static int show_text(const struct policy_view *v)
{
	const struct rv_table *t = v->table;
	char sha256[65], since[64];

	policy_view_sha256(v, sha256);
	policy_view_since(v, since);
	printf("container  %s (%s)\npolicy     %s\nmode       %s\nversion    %u\nsha256     %s\n"
	       "since      %s\n",
	       v->target.meta.name, v->target.meta.id, t->name, mode(v), t->version, sha256, since);
	printf("table      %s: %u bytes, %u of them used, %u states, %u entries\n", v->size,
	       v->bytes, t->used, t->states_n, t->entries_n);
	for (unsigned i = 0; i < v->kept.n; i++)
		printf("file       %s\n", v->kept.of[i].file);
	if (v->problem[0])
		printf("text       NOT what the kernel enforces: %s\n", v->problem);
	else
		printf("text       is what the kernel enforces\n");
	printf("\n  rule  %-10s %12s\n", "action", "hits");
	for (uint32_t n = 1; n <= v->rules_n; n++)
		rule_text(v, n);
	return v->problem[0] != '\0';
}

static void rule_json(const struct policy_view *v, uint32_t n, struct json_out *o)
{
	const struct policy *p;
	const struct policy_rule *rule;
	bool known = list_rule(&v->list, n, &p, &rule);

	json_out_open_object(o);
	json_out_member_unsigned(o, "n", n);
	json_out_member_string(o, "action", action_name(v->rules[n].action));
	json_out_member_unsigned(o, "hits", v->rules[n].hits);
	if (known) {
		json_out_member_string(o, "policy", p->name);
		json_out_member_number(o, "line", rule->line);
		json_out_member_string(o, "subject", policy_subject_name(rule->subject));
		if (rule->path)
			json_out_member_string(o, "path", rule->path);
		if (rule->reason)
			json_out_member_string(o, "reason", rule->reason);
	}
	json_out_close_object(o);
}

static void table_json(const struct policy_view *v, struct json_out *o)
{
	json_out_key(o, "table");
	json_out_open_object(o);
	json_out_member_string(o, "size", v->size);
	json_out_member_unsigned(o, "bytes", v->bytes);
	json_out_member_unsigned(o, "used", v->table->used);
	json_out_member_unsigned(o, "states", v->table->states_n);
	json_out_member_unsigned(o, "entries", v->table->entries_n);
	json_out_close_object(o);
}

static int show_json(const struct policy_view *v)
{
	_json_out_ struct json_out *o = json_out_new();
	char sha256[65], since[64];

	policy_view_sha256(v, sha256);
	policy_view_since(v, since);
	json_out_open_object(o);
	policy_view_container(v, o);
	json_out_member_string(o, "name", v->table->name);
	json_out_member_string(o, "mode", mode(v));
	json_out_member_unsigned(o, "version", v->table->version);
	json_out_member_string(o, "sha256", sha256);
	json_out_member_string(o, "since", since);
	table_json(v, o);
	json_out_member_bool(o, "text_enforced", !v->problem[0]);
	if (v->problem[0])
		json_out_member_string(o, "problem", v->problem);
	json_out_key(o, "files");
	json_out_open_array(o);
	for (unsigned i = 0; i < v->kept.n; i++)
		json_out_string(o, v->kept.of[i].file, strlen(v->kept.of[i].file));
	json_out_close_array(o);
	json_out_key(o, "rules");
	json_out_open_array(o);
	for (uint32_t n = 1; n <= v->rules_n; n++)
		rule_json(v, n, o);
	json_out_close_array(o);
	json_out_close_object(o);
	return policy_view_print(o) || v->problem[0];
}

int policy_verb_show(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	_view_ struct policy_view v = POLICY_VIEW_NONE;
	bool json = false;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return policy_verb_usage(argv[0]);
		json = true;
	}
	if (optind + 1 != argc)
		return policy_verb_usage(argv[0]);
	r = policy_view_open(argv[optind], true, &v);
	if (r == 1)
		return puts(json ? "null" : "no policy") < 0;
	if (r < 0)
		return 1;
	return json ? show_json(&v) : show_text(&v);
}
