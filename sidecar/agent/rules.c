/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files into a table in the kernel. Its number is published in the state page only after it
 * stands there, so a policy is never half there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/policy/policy.h"

struct list {
	struct policy *of[AGENT_POLICIES_MAX];
	unsigned n;
};

static void list_release(struct list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		policy_free(l->of[i]);
}

static int read_all(const struct options *o, struct list *l)
{
	for (unsigned i = 0; i < o->policies_n; i++) {
		_free_ char *text = NULL;
		char error[POLICY_ERROR_MAX];
		size_t len;
		int r = util_read_file(AT_FDCWD, o->policies[i], POLICY_TEXT_MAX, &text, &len);

		if (r)
			return log_err(r, "read policy %s", o->policies[i]);
		r = policy_parse(text, len, o->policies[i], &l->of[l->n], error, sizeof(error));
		if (r)
			return log_err(0, "policy %s", error), r;
		l->n++;
	}
	return 0;
}

int rules_publish(struct agent *a, const struct options *o, uint32_t *ret_table)
{
	__attribute__((cleanup(list_release))) struct list list = {};
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {};
	const struct rv_table *head;
	char error[POLICY_ERROR_MAX];
	int r;

	*ret_table = 0;
	if (o->policies_n == 0)
		return 0;
	r = read_all(o, &list);
	if (r)
		return r;
	r = policy_compile((const struct policy *const *)list.of, list.n, &image, error,
			   sizeof(error));
	if (r)
		return log_err(0, "policies of container %s: %s", a->meta.id, error), r;
	head = image.value;
	r = tables_put(&a->maps.tables, a->slot, image.table, image.value, image.size);
	if (r)
		return log_err(r, "put policy %s into the kernel (slot %u, %u bytes)", head->name,
			       a->slot, image.size);
	snprintf(a->meta.policy, sizeof(a->meta.policy), "%s", head->name);
	*ret_table = image.table;
	return 0;
}

void rules_remove(const struct maps *m, uint32_t slot)
{
	for (unsigned number = 1; number <= TABLES_N; number++)
		tables_drop(&m->tables, slot, number);
}
