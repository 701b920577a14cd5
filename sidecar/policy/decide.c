/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's decision (bpf/table.bpf.h) in user space, over the same bytes. The kernel does not
 * ask where rv_table.asked says that all is allowed; here the rule that allows is told, too. */
#include <string.h>
#include "policy.h"

static const void *at(const struct policy_image *image, uint32_t offset)
{
	return (const char *)image->value + sizeof(struct rv_table) + offset;
}

static const struct rv_step *step_of(const struct policy_image *image, uint32_t state)
{
	return (const struct rv_step *)at(image, state) - 1;
}

static uint32_t walk(const struct policy_image *image, unsigned subject, const uint8_t *text,
		     size_t len)
{
	const struct rv_table *t = image->value;
	uint32_t state = t->start[subject];

	for (size_t i = 0; i < len; i++) {
		const struct rv_entry *entry =
		    at(image, state + t->classes[subject][text[i]] * 8u);

		state = entry->check == state ? entry->next : step_of(image, state)->other;
	}
	return step_of(image, state)->list;
}

/* The list that is a mask. */
static uint32_t mask(const struct policy_image *image, unsigned subject, const char *text, size_t len)
{
	uint32_t list = walk(image, subject, (const uint8_t *)text, len);

	return list ? ((const uint32_t *)at(image, list))[1] : 0;
}

uint32_t policy_tag(const struct policy_image *image, const char *tag, size_t len)
{
	return mask(image, RV_SUBJECT_TAG, tag, len);
}

uint32_t policy_when(const struct policy_image *image, uint32_t before, const char *exec,
		     size_t len)
{
	const struct rv_table *t = image->value;

	return mask(image, RV_SUBJECT_WHEN, exec, len) | (before & t->children);
}

static uint32_t list_of(const struct policy_image *image, const struct policy_question *q)
{
	const struct rv_table *t = image->value;
	uint32_t list;

	switch (q->subject) {
	case RV_SUBJECT_MEMORY:
		return t->memory;
	case RV_SUBJECT_CAPABILITY:
		return t->capability[q->which & 63];
	case RV_SUBJECT_KERNEL:
		return t->kernel[q->which & (RV_KIND_MAX - 1)];
	}
	list = walk(image, q->subject, q->text, q->len);
	return list ? list : t->otherwise[q->subject];
}

/* Is the rule about that file? rest: what is still undecided. */
static bool ask_tag(const struct rv_rule *rule, const struct policy_question *q, uint32_t hit,
		    uint32_t *rest, bool *missed)
{
	if (q->tag_state == RV_TAG_KNOWN)
		return rule->tag & q->tag;
	if (q->tag_state == RV_TAG_SETTLED)
		*rest &= ~hit;
	*missed |= q->tag_state == RV_TAG_UNKNOWN;
	return false;
}

struct policy_answer policy_decide(const struct policy_image *image,
				   const struct policy_question *q)
{
	uint32_t offset = list_of(image, q), rest = 0, policy = UINT32_MAX;
	const uint32_t *list = offset ? at(image, offset) : NULL;
	struct policy_answer answer = {.policy = -1};
	bool said = false, missed = false;

	for (uint32_t i = 0; list && i < list[0]; i++) {
		const struct rv_rule *rule = at(image, list[1 + i]);
		uint32_t hit;

		if (rule->policy != policy) {
			policy = rule->policy;
			rest = q->access;
		}
		hit = rule->access & rest;
		if (!hit || (rule->protocol && rule->protocol != q->protocol) ||
		    (rule->when && !(rule->when & q->when)) ||
		    (rule->tag && !ask_tag(rule, q, hit, &rest, &missed)))
			continue;
		rest &= ~hit;
		if (said && rule->action <= answer.action)
			continue;
		said = true;
		answer = (struct policy_answer){rule->action, rule->number, rule->error,
						rule->policy, false};
	}
	answer.tag_missed = missed;
	return answer;
}
