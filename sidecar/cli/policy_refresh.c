/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy refresh: running containers follow their files in the policy directory. The node runs
 * it when something changes there. Files of elsewhere are not read again: the text in force stays. */
#include <errno.h>
#include <string.h>
#include "policy.h"
#include "policy_change.h"
#include "sidecar/common/log.h"
#include "sidecar/common/mark.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "verbs.h"

#define TRIES 5 /* while others change it at the same time */
/* What stands where policies were and none is for the container any more. */
#define NO_POLICY_FILE "none"
#define NO_POLICY "{\"name\": \"none\", \"mode\": \"audit\", \"rules\": []}"

static bool followed(const char *file)
{
	static const char dir[] = PATH_POLICIES "/";

	return strncmp(file, dir, sizeof(dir) - 1) == 0 && !strchr(file + sizeof(dir) - 1, '/');
}

/* The kept ones of the host's (tenants: of the container's own) as they are now. */
static int read_kept(const struct kept *kept, bool tenants, const struct meta *m, struct list *l,
		     char *error, size_t error_size)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < kept->n; i++) {
		enum list_from from = kept->of[i].from;
		const char *file = kept->of[i].file;

		if (from == LIST_MATCHED || (from != LIST_HOST) != tenants || list_has(l, file) ||
		    strcmp(file, NO_POLICY_FILE) == 0)
			continue;
		if (from == LIST_CHOSEN) /* is it still? */
			from = LIST_NAMED;
		r = followed(file) ? list_add_file(l, from, file, error, error_size) : -ENOENT;
		if (r != -ENOENT)
			continue;
		if (followed(file)) /* no reason to hold up what has changed besides */
			log_warn(0, "container %s: %s is gone: what it said stays in force",
				 m->id, file);
		r = list_add_text(l, from, file, kept->of[i].text, kept->of[i].len, error,
				  error_size);
	}
	return r;
}

/* The files as they are now, and those of the directory that are for the container now. */
static int read_again(const struct kept *kept, const struct meta *m, struct list *l, char *error,
		      size_t error_size)
{
	int r = read_kept(kept, false, m, l, error, error_size);

	if (r == 0)
		r = list_complete(l, m, true, error, error_size);
	if (r == 0)
		r = read_kept(kept, true, m, l, error, error_size);
	if (r == -E2BIG && l->n == POLICY_LIST_MAX) { /* the node's take all the places */
		log_err(0, "container %s: without its own policy: %s", m->id, error);
		r = 0;
	}
	if (r == 0)
		list_select(l, PATH_DEFAULT_POLICY, m);
	return r;
}

static bool same(const struct kept *kept, const struct list *l)
{
	bool same = kept->n == l->n;

	for (unsigned i = 0; same && i < l->n; i++)
		same = strcmp(l->of[i].file, kept->of[i].file) == 0 &&
		       l->of[i].len == kept->of[i].len &&
		       memcmp(l->of[i].text, kept->of[i].text, kept->of[i].len) == 0;
	return same;
}

static int refresh_once(struct target *t)
{
	_free_ struct rv_table *table = NULL;
	_kept_ struct kept kept = {};
	_list_ struct list list = {};
	char error[POLICY_ERROR_MAX] = "", said[KEPT_REFUSED_MAX];
	uint32_t version;
	int r = target_table(t, &table);

	if (r == 0)
		r = kept_read(&t->id, table->version, &kept);
	else if (r == -ENOENT)
		r = 0;
	if (r < 0)
		return log_err(r, "container %s: read the text of its policy", t->meta.id);
	version = table ? table->version : 0;
	r = read_again(&kept, &t->meta, &list, error, sizeof(error));
	if (r == 0 && list.n == 0 && kept.n > 0) /* the last one that was for it is no more */
		r = list_add_text(&list, LIST_HOST, NO_POLICY_FILE, NO_POLICY, strlen(NO_POLICY),
				  error, sizeof(error));
	if (r == 0 && same(&kept, &list) && kept_refused(&t->id, said) < 0)
		return 0;
	if (r == 0 && list.n == 0) {
		kept_refuse(&t->id, NULL);
		return 0;
	}
	if (r < 0 && kept_refused(&t->id, said) == 0 && strcmp(said, error) == 0)
		return 0; /* said before */
	r = policy_change(t, &list, &version, r, error, sizeof(error));
	/* The node's word does not wait for a tenant's to go with it. */
	if (r == -E2BIG && (list_drop_unsure(&list) | list_drop_tenants(&list))) {
		log_err(0, "container %s: the node's policies are put in force without its own",
			t->meta.id);
		r = policy_change(t, &list, &version, 0, error, sizeof(error));
	}
	return r;
}

static int refresh(void *arg, const char *key)
{
	bool *failed = arg;
	_target_ struct target t = TARGET_NONE;
	int r = target_open(key, &t);

	if (r == 0)
		r = change_finish(&t);
	if (r == -ENOENT || r == -ESTALE) /* ended, or not prepared */
		return 0;
	for (int i = 0; r == 0 && i < TRIES; i++) {
		r = refresh_once(&t);
		if (r != -EAGAIN)
			break;
		r = 0;
	}
	*failed |= r < 0;
	return 0;
}

int policy_verb_refresh(int argc, char **argv)
{
	bool failed = false;

	if (argc > 2)
		return policy_verb_usage(argv[0]);
	log_open("reeve", true);
	if (argc == 2) {
		_target_ struct target t = TARGET_NONE;

		return target_find(argv[1], &t) < 0 || refresh(&failed, t.id.key) < 0 || failed;
	}
	failed |= target_each(refresh, &failed) < 0;
	if (failed)
		mark_add(MARK_REFRESH_FAILED);
	return failed;
}
