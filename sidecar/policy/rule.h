/* SPDX-License-Identifier: Apache-2.0 */
/* One rule of a policy. Private to sidecar/policy. */
#pragma once
#include "policy.h"
#include "sidecar/common/reader.h"

/* Reads one element of "rules" into zeroes; its "when" and "tag" go to the policy's. -EINVAL with the
 * reason in the reader, -ENOMEM. On failure, too, policy_free() frees what it has put into *rule.
 */
int rule_parse(struct reader *r, const struct json *j, struct policy *p, struct policy_rule *rule);

/* "action" and "errno" of a rule or a default. */
int rule_parse_action(struct reader *r, const struct json *j, enum policy_subject subject,
		      enum policy_action *ret_action, int *ret_error);

/* The keys that say what it matches, by subject: rule_path.c, rule_tag.c, rule_network.c, rule_number.c. */
int rule_parse_path(struct reader *r, const struct json *j, struct policy_rule *rule);
int rule_parse_tag(struct reader *r, const struct json *j, struct policy *p,
		   struct policy_rule *rule);
int rule_parse_network(struct reader *r, const struct json *j, struct policy_rule *rule);
int rule_parse_number(struct reader *r, const struct json *j, struct policy_rule *rule);

/* Words of rule->subject's access, "access" or how that subject calls it; absent: all. */
int rule_parse_access(struct reader *r, const struct json *j, const char *key,
		      struct policy_rule *rule);

/* A glob as the kernel will say a path: nothing in it may be resolved to another spelling.
 * abstract: a name that begins with '@' is one, too. To free. */
int rule_parse_glob(struct reader *r, const struct json *m, bool abstract, char **ret);

/* Whether some rule of the policy stands there a second time. -EINVAL with the place, -ENOMEM. */
int rule_find_same(struct reader *r, const struct policy *p);
