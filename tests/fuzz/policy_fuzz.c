// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/policy/policy.h"
#include "sidecar/policy/shadow.h"

#define SHADOWED_MAX 4096 /* bytes; more can take long to look through, which is no finding */

static int in_order(void *arg, const struct policy_rule *rule, const struct policy_rule *by)
{
	const struct policy_rule **last = arg;

	assert(by < rule && by->subject == rule->subject && rule > *last);
	*last = rule;
	return 0;
}

/* What policy.h promises of a policy that was read. */
static void check(const struct policy *p)
{
	assert(p->name[0] && p->rules_n <= POLICY_RULES_MAX && p->whens_n <= POLICY_WHEN_MAX);
	for (size_t i = 0; i < p->rules_n; i++) {
		const struct policy_rule *rule = &p->rules[i];

		assert(policy_subject_name(rule->subject) && policy_action_name(rule->action));
		assert(rule->access && rule->when <= p->whens_n && rule->line > 0 && rule->column > 0);
		assert((rule->error > 0) == (rule->action == POLICY_DENY));
		assert(!rule->path == (rule->subject > POLICY_UNIX));
		assert(!rule->which == (rule->subject < POLICY_CAPABILITY));
		assert(rule->port_min <= rule->port_max && (rule->family || !rule->prefix));
		for (unsigned bit = 0; bit < 32; bit++)
			assert(!(rule->access >> bit & 1) ||
			       policy_access_name(rule->subject, 1u << bit));
	}
	for (size_t i = 0; i < p->whens_n; i++)
		assert(p->whens[i].exec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct policy_rule *last = NULL;
	char error[POLICY_ERROR_MAX] = "";
	_policy_ struct policy *p = NULL;
	int r = policy_parse((const char *)data, len, "fuzz", &p, error, sizeof(error));

	if (r < 0) {
		assert(!p && strncmp(error, "fuzz:", 5) == 0 && !strchr(error, '\n'));
		assert(strstr(error, "found ") && strstr(error, "expected "));
		return 0;
	}
	check(p);
	if (len <= SHADOWED_MAX) {
		r = policy_shadowed(p, in_order, &last);
		assert(r == 0 || r == -E2BIG);
	}
	return 0;
}
