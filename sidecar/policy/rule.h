/* SPDX-License-Identifier: Apache-2.0 */
/* One rule of a policy. Private to sidecar/policy. */
#pragma once
#include "policy.h"
#include "reader.h"

/* Reads one element of "rules". -EINVAL with the reason in the reader. */
int rule_parse(struct reader *r, const struct json *j, struct policy_rule *ret);
/* True when both name the same object. */
bool rule_same(const struct policy_rule *a, const struct policy_rule *b);
