/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files into a table in the kernel. Its number is published in the state page only after it
 * stands there, so a policy is never half there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/live/alias.h"
#include "sidecar/live/kept.h"

static int read_inline(struct list *l, int fd, char *error, size_t error_size)
{
	_free_ char *text = NULL;
	size_t len;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno
					   : util_read_all(fd, LIST_INLINE_MAX, 0, &text, &len);

	if (r < 0)
		return util_refuse(r, error, error_size, "cannot read " LIST_INLINE_FILE ": %s",
				   strerror(-r));
	return list_add_text(l, LIST_INLINE, LIST_INLINE_FILE, text, len, error, error_size);
}

static int read_all(struct options *o, const struct meta *m, struct list *l)
{
	char error[POLICY_ERROR_MAX];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < o->policies_n; i++) {
		r = list_add_file(l, LIST_HOST, o->policies[i], error, sizeof(error));
	}
	o->fail_closed |= list_fails_closed(l);
	if (r == 0)
		r = list_complete(l, m, o->fail_closed, error, sizeof(error));
	o->fail_closed |= list_fails_closed(l);
	if (r == 0 && o->annotated && !list_has(l, o->annotated))
		r = list_add_file(l, LIST_NAMED, o->annotated, error, sizeof(error));
	if (r == 0 && o->annotated_fd >= 0)
		r = read_inline(l, o->annotated_fd, error, sizeof(error));
	if (r == 0)
		list_select(l, PATH_DEFAULT_POLICY, m);
	if (r)
		return log_err(0, "policy %s", error), r;
	return 0;
}

/* The guard stands without it: only what the rules are called would not be known. */
static void keep(const struct agent *a, const struct list *l, const struct rv_table *head)
{
	struct kept_id id = {.generation = a->meta.generation};
	struct kept_new n = {
	    .id = &id, .list = l, .table = head, .since_wall_ns = a->meta.started_wall_ns};
	int r;

	memcpy(id.key, a->meta.key, KEY_SIZE - 1);
	r = kept_write(&n);
	if (r)
		log_warn(r, "keep the text of policy %s of container %s in %s", head->name,
			 a->meta.id, PATH_KEPT);
}

/* That it was tried stands in the log, in the record of arming (policy_flags) and in ps. */
static void tell_loosening(const struct agent *a, const struct list *l, uint32_t number)
{
	struct kept_id id = {.generation = a->meta.generation};
	char text[KEPT_REFUSED_MAX];

	list_loosening(l, number, text, sizeof(text));
	if (!*text)
		return;
	log_warn(0, "container %s: %s", a->meta.id, text);
	memcpy(id.key, a->meta.key, KEY_SIZE - 1);
	kept_refuse(&id, text);
}

/* Hard links there are already. Without them, too, everything is guarded by its path. */
static int alias(struct agent *a, const struct options *o, const struct list *l, uint32_t version)
{
	const struct alias_of of = {
	    .slot = a->slot, .generation = a->meta.generation, .version = version};
	char error[POLICY_ERROR_MAX];
	int r = alias_put(&of, l, o->init_fd, a->meta.bundle, error, sizeof(error));

	a->state->aliases = r > 0 || r == -E2BIG || r == -ETIMEDOUT;
	if (a->state->aliases)
		(void)alias_drop(&of); /* of an earlier container there, and takes up room */
	if (r >= 0)
		return 0;
	log_warn(0, "container %s is guarded, but perhaps not by all names of its files: %s",
		 a->meta.id, error);
	return o->fail_closed ? r : 0;
}

int rules_publish(struct agent *a, struct options *o, uint32_t *ret_table, uint32_t *ret_asked)
{
	_list_ struct list list = {};
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {};
	const struct rv_table *head;
	char error[POLICY_ERROR_MAX];
	int r;

	*ret_table = *ret_asked = 0;
	a->state->aliases = 0;
	r = read_all(o, &a->meta, &list);
	if (r || list.n == 0)
		return r;
	r = list_check_kernel(&list, error, sizeof(error));
	if (r == 0)
		r = list_compile(&list, &image, error, sizeof(error));
	if (r == -E2BIG && list_drop_unsure(&list)) {
		log_err(0, "container %s is guarded without the policies that may be for it, as its "
			   "annotations are too many or too long: %s",
			a->meta.id, error);
		r = list_compile(&list, &image, error, sizeof(error));
	}
	if (r)
		return log_err(0, "policies of container %s: %s", a->meta.id, error), r;
	head = image.value;
	keep(a, &list, head);
	tell_loosening(a, &list, image.loosens);
	r = alias(a, o, &list, head->version);
	if (r)
		return r;
	r = tables_put(&a->maps.tables, a->slot, image.table, image.value, image.size);
	if (r)
		return log_err(r, "put policy %s into the kernel (slot %u, %u bytes)", head->name,
			       a->slot, image.size);
	snprintf(a->meta.policy, sizeof(a->meta.policy), "%s", head->name);
	*ret_table = image.table;
	*ret_asked = tables_asked(head);
	return 0;
}

void rules_remove(const struct maps *m, uint32_t slot)
{
	for (unsigned number = 1; number <= TABLES_N; number++)
		tables_drop(&m->tables, slot, number);
}
