/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files into the kernel's tables. The index is published in the state page only after every
 * rule stands, so a policy is never half there. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/kbpf.h"
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
		free(l->of[i]);
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

static int install(const struct maps *m, struct policy_image *image, uint32_t index)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->paths_n; i++) {
		image->paths[i].key.policy = index;
		r = kbpf_map_update(m->path, &image->paths[i].key, &image->paths[i].rule, BPF_ANY);
	}
	for (size_t i = 0; r == 0 && i < image->addrs_n; i++) {
		image->addrs[i].key.policy = index;
		r = kbpf_map_update(m->addr, &image->addrs[i].key, &image->addrs[i].rule, BPF_ANY);
	}
	return r ? r : kbpf_map_update(m->policies, &index, &image->head, BPF_ANY);
}

int rules_publish(struct agent *a, const struct options *o, uint32_t *ret_index)
{
	__attribute__((cleanup(list_release))) struct list list = {};
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {};
	char error[POLICY_ERROR_MAX];
	int r;

	*ret_index = 0;
	if (o->policies_n == 0)
		return 0;
	r = read_all(o, &list);
	if (r)
		return r;
	r = policy_compile((const struct policy *const *)list.of, list.n, &image, error,
			   sizeof(error));
	if (r)
		return log_err(0, "policies of container %s: %s", a->meta.id, error), r;
	r = install(&a->maps, &image, a->slot);
	if (r) {
		rules_remove(&a->maps, a->slot);
		return log_err(r, "put policy %s into the kernel (slot %u)", image.head.name,
			       a->slot);
	}
	snprintf(a->meta.policy, sizeof(a->meta.policy), "%s", image.head.name);
	*ret_index = a->slot;
	return 0;
}

/* Entries are found by walking the table: the agent that put them there may be dead. */
static void sweep(int map, size_t key_size, size_t policy_at, uint32_t index)
{
	uint8_t key[sizeof(struct rv_path_key)], next[sizeof(struct rv_path_key)];
	const void *from = NULL;

	while (kbpf_map_next(map, from, next) == 0) {
		uint32_t policy;

		memcpy(&policy, next + policy_at, sizeof(policy));
		if (policy == index) {
			if (kbpf_map_delete(map, next))
				return;
			continue; /* from where we stood: a deleted key is no place to go on from */
		}
		memcpy(key, next, key_size);
		from = key;
	}
}

void rules_remove(const struct maps *m, uint32_t index)
{
	struct rv_policy none = {};

	kbpf_map_update(m->policies, &index, &none, BPF_ANY);
	sweep(m->path, sizeof(struct rv_path_key), offsetof(struct rv_path_key, policy), index);
	sweep(m->addr, sizeof(struct rv_addr_key), offsetof(struct rv_addr_key, policy), index);
}
