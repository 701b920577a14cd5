/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that can never decide, as others before them always do. */
#pragma once
#include "policy.h"

/* Calls each for every such rule of the policy, in the order of the file: by is one of the earlier
 * rules that decide in its place. What each returns below 0 ends it and is returned. It tells no
 * rule that can decide; it may miss some that cannot: what no path can be (as "/a//b") counts as
 * one, and of rules about addresses only those are told that lie inside single earlier ones.
 * -E2BIG: the globs are too many-sided to tell. -ENOMEM. */
int policy_shadowed(const struct policy *p,
		    int (*each)(void *arg, const struct policy_rule *rule,
				const struct policy_rule *by),
		    void *arg);
