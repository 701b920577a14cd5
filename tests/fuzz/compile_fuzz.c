// SPDX-License-Identifier: Apache-2.0
/* Input: a policy's text, a NUL byte, questions of a subject, an access and a length byte each and
 * then the text. Patterns that explode end at a lower bound here (fuzz.mk). */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/policy/policy.h"

#define TEXT_MAX 2048 /* bytes; more takes long to build, which is no finding */

static void check_image(const struct policy_image *image, const struct policy *p)
{
	const struct rv_table *t = image->value;

	assert(image->table >= 1 && image->rules_n == p->rules_n && t->rules_n == p->rules_n);
	assert(t->version && t->used <= image->size && strcmp(t->name, p->name) == 0);
	assert((t->flags & RV_POLICY_ENFORCE) == (p->flags & RV_POLICY_ENFORCE));
}

static void check_answer(const struct policy *p, struct policy_answer a)
{
	const struct policy_rule *rule;

	assert(a.action <= RV_ACT_DENY && a.rule <= p->rules_n && a.policy <= 0);
	assert(a.policy == 0 || (!a.rule && a.action == RV_ACT_ALLOW));
	assert(a.action != RV_ACT_DENY || (a.error > 0 && (p->flags & RV_POLICY_ENFORCE)));
	if (!a.rule)
		return;
	rule = &p->rules[a.rule - 1];
	assert((a.action >= RV_ACT_WOULD_DENY) == (rule->action == POLICY_DENY));
	assert((a.action == RV_ACT_AUDIT) == (rule->action == POLICY_AUDIT));
}

static void ask(const struct policy *p, const struct policy_image *image, const uint8_t *data,
		size_t len)
{
	static const uint8_t none[RV_ADDRESS_TEXT];

	while (len >= 3) {
		struct policy_question q = {.subject = 1 + data[0] % (RV_SUBJECT_MAX - 1),
					    .access = data[1],
					    .which = data[2] % 64,
					    .protocol = data[2],
					    .text = data + 3,
					    .len = data[2] < len - 3 ? data[2] : len - 3};
		size_t used = 3 + q.len;

		if (q.subject == RV_SUBJECT_WHEN || q.subject == RV_SUBJECT_TAG)
			q.subject = RV_SUBJECT_FILE;
		if (q.subject == RV_SUBJECT_NETWORK && q.len != RV_ADDRESS_TEXT) {
			q.text = none;
			q.len = RV_ADDRESS_TEXT;
		}
		q.tag_state = data[1] % (RV_TAG_UNKNOWN + 1u);
		q.tag = policy_tag(image, (const char *)data + 3, used - 3);
		q.when = policy_when(image, data[0], (const char *)data + 3, used - 3);
		check_answer(p, policy_decide(image, &q));
		data += used;
		len -= used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, '\0', len);
	size_t text_len = end ? (size_t)(end - data) : len;
	struct policy_image image = {0};
	char error[POLICY_ERROR_MAX] = "";
	_policy_ struct policy *p = NULL;
	int r;

	if (text_len > TEXT_MAX ||
	    policy_parse((const char *)data, text_len, "fuzz", &p, error, sizeof(error)) < 0)
		return 0;
	r = policy_compile((const struct policy *const *)&p, 1, &image, error, sizeof(error));
	if (r < 0) {
		assert(r == -E2BIG && !image.value && strncmp(error, "policy ", 7) == 0);
		return 0;
	}
	check_image(&image, p);
	if (end)
		ask(p, &image, end + 1, len - text_len - 1);
	policy_image_release(&image);
	return 0;
}
