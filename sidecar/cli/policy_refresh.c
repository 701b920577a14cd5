/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy refresh: running containers follow their files in the policy directory. The node runs
 * it when something changes there. Files of elsewhere are not read again: the text in force stays. */
#include <errno.h>
#include <string.h>
#include "policy.h"
#include "policy_change.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "verbs.h"

#define TRIES 5 /* while others change it at the same time */

static bool followed(const char *file)
{
	static const char dir[] = PATH_POLICIES "/";

	return strncmp(file, dir, sizeof(dir) - 1) == 0 && !strchr(file + sizeof(dir) - 1, '/');
}

/* The files as they are now. *ret_changed: some text is another. */
static int read_again(const struct kept *kept, struct list *l, bool *ret_changed, char *error,
		      size_t error_size)
{
	int r = 0;

	*ret_changed = false;
	for (unsigned i = 0; r == 0 && i < kept->n; i++) {
		const char *file = kept->of[i].file;

		r = followed(file) ? list_add_file(l, file, error, error_size)
				   : list_add_text(l, file, kept->of[i].text, kept->of[i].len,
						   error, error_size);
		*ret_changed |= r < 0 || l->of[i].len != kept->of[i].len ||
				memcmp(l->of[i].text, kept->of[i].text, kept->of[i].len) != 0;
	}
	return r;
}

static int refresh_once(struct target *t)
{
	_free_ struct rv_table *table = NULL;
	_kept_ struct kept kept = {};
	_list_ struct list list = {};
	char error[POLICY_ERROR_MAX] = "", said[KEPT_REFUSED_MAX];
	bool changed;
	int r = target_table(t, &table);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = kept_read(&t->id, table->version, &kept);
	if (r < 0)
		return log_err(r, "container %s: read the text of its policy", t->meta.id);
	r = read_again(&kept, &list, &changed, error, sizeof(error));
	if (!changed && kept_refused(&t->id, said) < 0)
		return 0;
	if (r < 0 && kept_refused(&t->id, said) == 0 && strcmp(said, error) == 0)
		return 0; /* said before */
	return policy_change(t, &list, &table->version, r, error, sizeof(error));
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
	return target_each(refresh, &failed) < 0 || failed;
}
