// SPDX-License-Identifier: Apache-2.0
/* The compiled table against the reference, which reads the policies as they are written. */
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "tests/unit/policy/random.h"
#include "tests/unit/tap.h"

#define ROUNDS 2000
#define QUESTIONS 250
#define WRONG 200000 /* questions until a wrong table must have been found */

static bool compile(const struct random_policies *p, struct policy_image *ret)
{
	char error[POLICY_ERROR_MAX];
	int r = policy_compile(p->list, p->n, ret, error, sizeof(error));

	CHECK_STR(error, "");
	return CHECK_INT(r, 0), r == 0;
}

static bool same(struct policy_answer a, struct policy_answer b)
{
	return a.action == b.action && a.rule == b.rule && a.error == b.error &&
	       a.policy == b.policy;
}

static void tell(const struct question *q, struct policy_answer got, struct policy_answer want)
{
	fprintf(stderr,
		"# subject %u access %u %s: action %u rule %u error %d, expected %u %u %d\n",
		q->subject, q->access, q->path, got.action, got.rule, got.error, want.action,
		want.rule, want.error);
}

TEST("policy: half a million random (policies, question) cases as the reference has them")
{
	unsigned wrong = 0, hits[RV_SUBJECT_MAX][RV_ACT_DENY + 1] = {0}, unasked = 0;
	static struct random_policies p;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct policy_image image;
		const struct rv_table *head;

		random_policies(&p, 1 + round % RANDOM_POLICIES, false);
		if (!compile(&p, &image))
			return;
		head = image.value;
		for (unsigned i = 0; i < QUESTIONS; i++) {
			uint8_t text[RV_ADDRESS_TEXT];
			struct policy_question asked;
			struct policy_answer got, want;
			struct question q;

			random_question(&q);
			asked = random_asked(&image, &q, text);
			got = policy_decide(&image, &asked);
			want = reference_decide(p.list, p.n, &q);
			if (!same(got, want) && wrong++ < 5)
				tell(&q, got, want);
			if (!(head->asked[q.subject] & q.access))
				unasked += want.action != RV_ACT_ALLOW;
			if (want.rule)
				hits[q.subject][want.action]++;
		}
		policy_image_release(&image);
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(unasked, 0); /* the kernel would not even have looked */
	for (unsigned s = 1; s < RV_SUBJECT_MAX; s++)
		for (unsigned a = 0; s != RV_SUBJECT_WHEN && s != RV_SUBJECT_TAG && a <= RV_ACT_DENY; a++)
			CHECK(hits[s][a] > 100); /* or nothing was tested */
}

static void *data(const struct policy_image *image, uint32_t at)
{
	return (char *)image->value + sizeof(struct rv_table) + at;
}

/* Asks until an answer is wrong. */
static bool caught(const struct random_policies *p, const struct policy_image *image,
		   unsigned subject)
{
	for (unsigned i = 0; i < WRONG; i++) {
		uint8_t text[RV_ADDRESS_TEXT];
		struct policy_question asked;
		struct question q;

		do
			random_question(&q);
		while (q.subject != subject);
		asked = random_asked(image, &q, text);
		if (!same(policy_decide(image, &asked), reference_decide(p->list, p->n, &q)))
			return true;
	}
	return false;
}

/* The step and the entry that some random path takes (of addresses most never come up); entry: an
 * exception. */
static void taken(const struct policy_image *image, unsigned subject, struct rv_step **ret_step,
		  struct rv_entry **ret_entry)
{
	const struct rv_table *t = image->value;
	uint8_t text[RV_ADDRESS_TEXT];
	struct policy_question asked;
	struct question q;
	const uint8_t *bytes;
	uint32_t state;
	size_t stop;

	do
		random_question(&q);
	while (q.subject != subject);
	asked = random_asked(image, &q, text);
	stop = random_below((unsigned)asked.len);
	bytes = asked.text;
	state = t->start[subject];
	for (size_t i = 0; state != RV_DEAD; i++) {
		struct rv_step *step = (struct rv_step *)data(image, state) - 1;
		struct rv_entry *entry;

		if (i == asked.len) {
			if (step->list)
				*ret_step = step;
			return;
		}
		entry = data(image, state + t->classes[subject][bytes[i]] * 8u);
		if (i == stop && entry->check == state) {
			*ret_entry = entry;
			return;
		}
		state = entry->check == state ? entry->next : step->other;
	}
}

/* One wrong word in a table of plain rules; false: nothing fitting was found there. */
static bool spoil(const struct policy_image *image, unsigned subject, unsigned how)
{
	struct rv_entry *entry = NULL, *twin = NULL;
	struct rv_step *step = NULL, *other = NULL;

	for (unsigned i = 0; i < 200; i++) {
		taken(image, subject, &step, &entry);
		taken(image, subject, &other, &twin);
	}
	if (!entry || !twin || !step || !other)
		return false;
	if (how == 0) { /* a transition */
		if (entry->next == twin->next)
			return false;
		entry->next = twin->next;
	} else if (how == 1) { /* by which list a state decides */
		if (step->list == other->list)
			return false;
		step->list = other->list;
	} else { /* a list's first rule */
		uint32_t *a = data(image, step->list), *b = data(image, other->list);

		if (a[1] == b[1])
			return false;
		a[1] = b[1];
	}
	return true;
}

TEST("policy: of sixty wrong words in transitions, states and lists that test catches 57 or more")
{
	static struct random_policies p;
	unsigned found = 0, tried = 0;

	for (unsigned round = 0; tried < 60 && round < 20000; round++) {
		unsigned subject = RV_SUBJECT_EXEC + random_below(RV_SUBJECT_UNIX);
		struct policy_image image;

		random_policies(&p, 1, true);
		if (!compile(&p, &image))
			return;
		if (spoil(&image, subject, round % 3)) {
			found += caught(&p, &image, subject);
			tried++;
		}
		policy_image_release(&image);
	}
	CHECK_INT(tried, 60);
	CHECK(found >= 57); /* the others matter only to paths that do not come up */
	printf("# %u of %u caught\n", found, tried);
}
