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

/* By which annotation engines say it: containerd's CRI, CRI-O (its older word last). */
static const char *const said_by[POLICY_IDENTITIES][4] = {
    [POLICY_IMAGE] = {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName",
		      "io.kubernetes.cri-o.Image"},
    [POLICY_NAMESPACE] = {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"},
    [POLICY_POD] = {"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"},
};

static bool fits_value(const char *glob, const char *value)
{
	return !value || fnmatch(glob, value, 0) == 0;
}

static bool fits_annotation(const struct meta *m, const char *key, const char *glob, bool *ret_there)
{
	const struct meta_annotation *a = meta_annotation(m, key);

	*ret_there = a;
	return a && fits_value(glob, a->value);
}

static bool fits(const struct meta *m, const struct policy_match *match)
{
	bool there;

	if (match->what == POLICY_NAME)
		return fits_value(match->glob, m->name) || fits_value(match->glob, m->id);
	if (match->what == POLICY_ANNOTATION)
		return fits_annotation(m, match->key, match->glob, &there) ||
		       (!there && m->annotations_cut);
	for (unsigned i = 0; said_by[match->what][i]; i++) {
		bool fit = fits_annotation(m, said_by[match->what][i], match->glob, &there);

		if (there)
			return fit;
	}
	return m->annotations_cut;
}

bool list_matches(const struct policy *p, const struct meta *m)
{
	for (size_t i = 0; i < p->matches_n; i++)
		if (!fits(m, &p->matches[i]))
			return false;
	return true;
}

static bool listed(const struct list *l, const char *file)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->of[i].file, file) == 0)
			return true;
	return false;
}

static int add_if_it_fits(struct list *l, const char *file, const struct meta *m, char *error,
			  size_t error_size)
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
	if (r < 0 || !p->matches || !list_matches(p, m))
		return r;
	return list_add_text(l, LIST_MATCHED, file, text, len, error, error_size);
}

static int is_policy(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

int list_add_matching(struct list *l, const char *dir, const struct meta *m, bool strict, char *error,
		      size_t error_size)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_policy, alphasort), r = 0;
	char file[PATH_MAX];

	if (n < 0)
		return errno == ENOENT ? 0
				       : util_refuse(-errno, error, error_size, "cannot list %s: %s",
						     dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, entries[i]->d_name);
		if (r == 0 && !listed(l, file) && strcmp(file, PATH_DEFAULT_POLICY) != 0)
			r = add_if_it_fits(l, file, m, error, error_size);
		if (r < 0 && !strict) {
			log_err(0, "container %s is guarded without a policy: %s", m->id, error);
			r = 0;
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}
