/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as text, for tests: what is read, and what is refused in which words. */
#pragma once
#include <string.h>
#include "sidecar/policy/policy.h"
#include "tests/unit/tap.h"

#define POLICY(rules) "{\"name\":\"web\",\"mode\":\"enforce\",\"rules\":[\n" rules "]}"

static inline struct policy *policy_read(const char *text)
{
	char error[POLICY_ERROR_MAX] = "";
	struct policy *p = NULL;

	policy_parse(text, strlen(text), "p", &p, error, sizeof(error));
	CHECK_STR(error, "");
	return p;
}

static inline void policy_refused(const char *text, const char *want)
{
	char error[POLICY_ERROR_MAX] = "";
	_policy_ struct policy *p = NULL;

	CHECK(policy_parse(text, strlen(text), "p", &p, error, sizeof(error)) < 0);
	CHECK(p == NULL);
	CHECK_STR(error, want);
}
