/* SPDX-License-Identifier: Apache-2.0 */
/* See text.h. */
#include "tests/unit/policy/text.h"
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

/* The JSON; place: where the ~ was, "" without one. */
static char *json(const char *text, char place[static 32])
{
	char *copy = malloc(strlen(text) + 1), *to = copy;
	int line = 1, column = 1;

	place[0] = '\0';
	for (; *text; text++) {
		if (*text == '~') {
			snprintf(place, 32, "p:%d:%d: ", line, column);
			continue;
		}
		*to++ = *text == '\'' ? '"' : *text;
		column = *text == '\n' ? 1 : column + 1;
		line += *text == '\n';
	}
	*to = '\0';
	return copy;
}

struct policy *text_read(const char *text)
{
	char error[POLICY_ERROR_MAX] = "", place[32];
	_free_ char *copy = json(text, place);
	struct policy *p = NULL;

	policy_parse(copy, strlen(copy), "p", &p, error, sizeof(error));
	CHECK_STR(error, "");
	return p;
}

void text_refused(const char *text, const char *want)
{
	char error[POLICY_ERROR_MAX] = "", place[32], whole[POLICY_ERROR_MAX];
	_free_ char *copy = json(text, place);
	_policy_ struct policy *p = NULL;

	CHECK(policy_parse(copy, strlen(copy), "p", &p, error, sizeof(error)) < 0);
	CHECK(p == NULL);
	snprintf(whole, sizeof(whole), "%s%s", place, want);
	CHECK_STR(error, whole);
}
