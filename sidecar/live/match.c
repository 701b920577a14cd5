/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the node's policies are for a container: "match" against what its engine says of it. Where
 * that is not known, as there was too much of it, a policy is for it: they only forbid. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "list.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

static bool fits_value(const char *glob, const char *value)
{
	return fnmatch(glob, value, 0) == 0;
}

static enum list_fit fits_annotation(const struct meta *m, const char *key, const char *glob)
{
	const struct meta_annotation *a = meta_annotation(m, key);

	if (!a)
		return m->annotations_cut ? LIST_MAYBE : LIST_NO;
	if (!a->value)
		return LIST_MAYBE;
	return fits_value(glob, a->value) ? LIST_FITS : LIST_NO;
}

/* What its engine says; without alone, also by another engine's annotations. */
static enum list_fit fits(const struct meta *m, const struct policy_match *match, bool alone)
{
	static const enum meta_said said[POLICY_IDENTITIES] = {
	    [POLICY_NAME] = META_SAID_NAME,
	    [POLICY_IMAGE] = META_SAID_IMAGE,
	    [POLICY_NAMESPACE] = META_SAID_NAMESPACE,
	    [POLICY_POD] = META_SAID_POD,
	};
	const char *const known[POLICY_IDENTITIES] = {[POLICY_NAME] = m->name,
						      [POLICY_IMAGE] = m->image,
						      [POLICY_NAMESPACE] = m->namespace,
						      [POLICY_POD] = m->pod};
	enum list_fit best = LIST_NO;

	if (match->what == POLICY_ANNOTATION)
		return fits_annotation(m, match->key, match->glob);
	if (match->what == POLICY_NAME && fits_value(match->glob, m->id))
		return LIST_FITS;
	if (known[match->what] && fits_value(match->glob, known[match->what]))
		return LIST_FITS;
	for (unsigned i = 0; !alone && meta_said_by[said[match->what]][i]; i++) {
		enum list_fit fit =
		    fits_annotation(m, meta_said_by[said[match->what]][i], match->glob);

		best = fit > best ? fit : best;
	}
	return best;
}

static enum list_fit all_fit(const struct policy *p, const struct meta *m, bool alone)
{
	enum list_fit worst = LIST_FITS;

	for (size_t i = 0; i < p->matches_n; i++) {
		enum list_fit fit = fits(m, &p->matches[i], alone);

		worst = fit < worst ? fit : worst;
	}
	return worst;
}

enum list_fit list_matches(const struct policy *p, const struct meta *m)
{
	return all_fit(p, m, false);
}

bool list_lets(const struct policy *p, const struct meta *m)
{
	return all_fit(p, m, true) == LIST_FITS;
}

static int add_if_it_fits(struct list *l, const char *file, const struct meta *m,
			  enum list_fit wanted, char *error, size_t error_size)
{
	_policy_ struct policy *p = NULL;
	_free_ char *text = NULL;
	size_t len;
	int r = util_read_file(AT_FDCWD, file, POLICY_TEXT_MAX, &text, &len);

	if (r == -ENOENT) /* taken away meanwhile */
		return 0;
	if (r < 0)
		return util_refuse(r, error, error_size, "cannot read policy %s: %s", file,
				   strerror(-r));
	if (!memmem(text, len, "\"match\"", 7))
		return 0;
	r = policy_parse_match(text, len, file, &p, error, error_size);
	if (r < 0 || !p->matches || list_matches(p, m) != wanted)
		return r;
	r = list_add_text(l, LIST_MATCHED, file, text, len, error, error_size);
	if (r == 0)
		l->of[l->n - 1].policy->unsure = wanted == LIST_MAYBE;
	return r;
}

static int is_policy(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

static int add_all(struct list *l, const char *dir, struct dirent **entries, int n, const struct meta *m,
		   enum list_fit wanted, bool strict, char *error, size_t error_size)
{
	char file[PATH_MAX];
	int r = 0;

	for (int i = 0; r == 0 && i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, entries[i]->d_name);
		if (list_has(l, file) || strcmp(file, PATH_DEFAULT_POLICY) == 0)
			continue;
		r = add_if_it_fits(l, file, m, wanted, error, error_size);
		if (r < 0 && !strict) {
			log_err(0, "container %s is guarded without a policy: %s", m->id, error);
			r = 0;
		}
	}
	return r;
}

int list_add_matching(struct list *l, const char *dir, const struct meta *m, bool strict, char *error,
		      size_t error_size)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_policy, alphasort), r;

	if (n < 0)
		return errno == ENOENT ? 0
				       : util_refuse(-errno, error, error_size, "cannot list %s: %s",
						     dir, strerror(errno));
	r = add_all(l, dir, entries, n, m, LIST_FITS, strict, error, error_size);
	if (r == 0)
		r = add_all(l, dir, entries, n, m, LIST_MAYBE, strict, error, error_size);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return r;
}
