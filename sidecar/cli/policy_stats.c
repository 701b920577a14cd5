/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy stats: how often each rule took part in a decision since its version is in force. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "policy.h"
#include "policy_view.h"
#include "sidecar/common/quote.h"
#include "verbs.h"

static int stats_text(const struct policy_view *v)
{
	const struct policy *p;
	const struct policy_rule *rule;
	char since[64];

	policy_view_since(v, since);
	printf("policy %s, version %u, since %s\n\n%12s  %6s\n", v->table->name, v->table->version,
	       since, "hits", "rule");
	for (uint32_t n = 1; n <= v->rules_n; n++) {
		printf("%12" PRIu64 "  %6u", v->rules[n].hits, n);
		if (list_rule(&v->list, n, &p, &rule)) {
			printf("  %s:%d", p->name, rule->line);
			if (rule->reason) {
				putchar(' ');
				quote_word(stdout, rule->reason, strlen(rule->reason));
			}
		}
		putchar('\n');
	}
	printf("%12" PRIu64 "  defaults\n", v->default_hits);
	return 0;
}

static int stats_json(const struct policy_view *v)
{
	_json_out_ struct json_out *o = json_out_new();
	char since[64];

	policy_view_since(v, since);
	json_out_open_object(o);
	policy_view_container(v, o);
	json_out_member_string(o, "name", v->table->name);
	json_out_member_unsigned(o, "version", v->table->version);
	json_out_member_string(o, "since", since);
	json_out_key(o, "rules");
	json_out_open_array(o);
	for (uint32_t n = 1; n <= v->rules_n; n++) {
		json_out_open_object(o);
		json_out_member_unsigned(o, "n", n);
		json_out_member_unsigned(o, "hits", v->rules[n].hits);
		json_out_close_object(o);
	}
	json_out_close_array(o);
	json_out_member_unsigned(o, "defaults", v->default_hits);
	json_out_close_object(o);
	return policy_view_print(o);
}

int policy_verb_stats(int argc, char **argv)
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
	r = policy_view_open(argv[optind], false, &v);
	if (r == 1)
		return puts(json ? "null" : "no policy") < 0;
	if (r < 0)
		return 1;
	return json ? stats_json(&v) : stats_text(&v);
}
