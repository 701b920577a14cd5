/* SPDX-License-Identifier: Apache-2.0 */
/* See change.h. All of it under the lock under which slots are made: changes follow each other, and
 * the slot of a container that ends meanwhile is nobody else's before this is over. */
#include "change.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "alias.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/slot.h"
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"

#define LOCK_DEADLINE_MS 30000 /* behind a first load on a slow machine, and other changes */

static int record(const struct target *t, uint32_t old_version)
{
	struct rv_change args = {
	    .generation = t->id.generation, .slot = t->slot, .old_version = old_version};
	_close_ int fd = kbpf_obj_get(PATH_PIN_PROGS "/reeve_policy");
	uint32_t result = 0;
	int r = fd < 0 ? fd : kbpf_prog_run(fd, &args, sizeof(args), &result);

	return r < 0 ? r : (int)result;
}

/* The version in force; 0: none. */
static int version_of(const struct target *t, uint32_t *ret)
{
	_free_ struct rv_table *table = NULL;
	int r = target_table(t, &table);

	if (r == 0)
		*ret = table->version;
	else if (r == -ENOENT)
		*ret = 0;
	return r == -ENOENT ? 0 : r;
}

static int finish(struct target *t)
{
	_kept_ struct kept kept = {};
	uint32_t version, in_force = 0;
	int r = kept_changing(&t->id, &version);

	if (r == 0)
		r = version_of(t, &in_force);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (in_force != version)
		return kept_settle(&t->id, version, false);
	r = kept_read(&t->id, version, &kept);
	if (r == 0)
		r = tables_wait(&t->tables, t->slot, t->state->policy);
	if (r == 0)
		r = record(t, kept.old_version);
	return r < 0 ? r : kept_settle(&t->id, version, true);
}

int change_finish(struct target *t)
{
	_close_ int lock = -1;
	uint32_t version;
	int r;

	if (kept_changing(&t->id, &version) == -ENOENT)
		return 0;
	r = slot_lock(LOCK_DEADLINE_MS, &lock);
	if (r == 0)
		r = target_alive(t) ? finish(t) : -ESTALE;
	return r;
}

/* Steps 2 and 3. */
static int swap(struct target *t, const struct policy_image *image)
{
	uint32_t old = t->state->policy, asked = tables_asked(image->value);
	int r;

	/* Too much is asked in vain for a moment; killed here, until the next change. */
	__atomic_fetch_or(&t->state->asked, asked, __ATOMIC_SEQ_CST);
	r = tables_put(&t->tables, t->slot, image->table, image->value, image->size);
	if (r == 0 && old != image->table) {
		__atomic_store_n(&t->state->policy, image->table, __ATOMIC_SEQ_CST);
		r = tables_wait(&t->tables, t->slot, image->table);
	}
	/* Also what somebody who was killed did not get to take out. */
	for (unsigned number = 1; r == 0 && number <= TABLES_N; number++)
		if (number != image->table)
			r = tables_drop(&t->tables, t->slot, number);
	if (r == 0)
		__atomic_store_n(&t->state->asked, asked, __ATOMIC_SEQ_CST);
	return r;
}

/* The kernel's side is what it should be; the text may be another all the same, as its comments and
 * reasons are not compiled. */
static int keep_same(const struct target *t, struct kept_new *n)
{
	_kept_ struct kept kept = {};

	if (kept_read(&t->id, n->table->version, &kept) == 0) {
		bool same = kept.n == n->list->n;

		for (unsigned i = 0; same && i < kept.n; i++)
			same = kept.of[i].len == n->list->of[i].len &&
			       strcmp(kept.of[i].file, n->list->of[i].file) == 0 &&
			       memcmp(kept.of[i].text, n->list->of[i].text, kept.of[i].len) == 0;
		if (same)
			return 0;
		n->since_wall_ns = kept.since_wall_ns;
		n->old_version = kept.old_version;
	}
	n->changing = false;
	return kept_write(n);
}

/* That of what the new policy denies there were hard links before. Whoever cannot be asked, as a file
 * system of the container's does not answer, changes nothing else. */
static void alias(struct target *t, const struct alias_of *of, const struct list *l, char *note,
		  size_t note_size)
{
	_close_ int pidfd = target_process(t);
	int r = pidfd < 0 ? 0 : alias_put(of, l, pidfd, NULL, note, note_size);

	if (r > 0 || r == -E2BIG || r == -ETIMEDOUT)
		__atomic_store_n(&t->state->aliases, 1, __ATOMIC_SEQ_CST);
}

static int put_in_force(struct target *t, const struct policy_image *image, struct kept_new *n,
			char *note, size_t note_size)
{
	const struct alias_of of = {.slot = t->slot,
				    .generation = t->id.generation,
				    .version = n->table->version};
	int r = kept_write(n);

	if (r == 0) {
		alias(t, &of, n->list, note, note_size);
		r = swap(t, image);
	}
	if (r == 0 && t->state->aliases)
		(void)alias_drop(&of); /* what is left says nothing the new policy does not say */
	if (r == 0 && !target_alive(t)) {
		/* It ended under way and gave its slot back, perhaps before we put something in. */
		for (unsigned number = 1; number <= TABLES_N; number++)
			tables_drop(&t->tables, t->slot, number);
		r = -ESTALE;
	}
	if (r == 0)
		r = record(t, n->old_version);
	if (r == 0)
		r = kept_settle(&t->id, n->table->version, true);
	kept_prune(&t->id);
	return r;
}

static int make(struct target *t, const struct list *l, const struct policy_image *image,
		const uint32_t *expected, enum change_result *ret, uint32_t *ret_old, char *note,
		size_t note_size)
{
	struct kept_new n = {.id = &t->id,
			     .list = l,
			     .table = image->value,
			     .since_wall_ns = util_wall_ns(),
			     .changing = true};
	_close_ int lock = -1;
	int r = slot_lock(LOCK_DEADLINE_MS, &lock);

	if (r == 0)
		r = target_alive(t) ? finish(t) : -ESTALE;
	if (r == 0)
		r = version_of(t, &n.old_version);
	if (r < 0)
		return r;
	if (expected && *expected != n.old_version)
		return -EAGAIN;
	*ret_old = n.old_version;
	*ret = n.old_version == n.table->version ? CHANGE_NONE : CHANGE_MADE;
	return *ret == CHANGE_NONE ? keep_same(t, &n) : put_in_force(t, image, &n, note, note_size);
}

int change_make(struct target *t, const struct list *l, const uint32_t *expected,
		enum change_result *ret, uint32_t *ret_old, char *error, size_t error_size)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {};
	char note[POLICY_ERROR_MAX] = "";
	int r = list_check_kernel(l, error, error_size);

	if (r == 0)
		r = list_compile(l, &image, error, error_size);
	if (r < 0)
		return r;
	r = tag_need(0, tables_asked(image.value));
	if (r == 0)
		r = make(t, l, &image, expected, ret, ret_old, note, sizeof(note));
	if (r == -ESTALE)
		return util_refuse(r, error, error_size, "the container has ended");
	list_loosening(l, image.loosens, error, error_size);
	if (r == 0 && !*error)
		snprintf(error, error_size, "%s", note);
	return r < 0 ? util_refuse(r, error, error_size, "put it into the kernel: %s", strerror(-r))
		     : 0;
}
