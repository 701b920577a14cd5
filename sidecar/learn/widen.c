/* SPDX-License-Identifier: Apache-2.0 */
/* See widen.h. Names are taken apart at their slashes; then, from the root on, the parts of one
 * directory are looked at together, files and directories apart, and those that got the same glob
 * go on as one directory. */
#include "widen.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/policy/glob.h"
#include "widen_part.h"

struct widen *widen_new(void)
{
	return calloc(1, sizeof(struct widen));
}

void widen_free(struct widen *w)
{
	if (!w)
		return;
	arena_release(&w->arena);
	free(w);
}

static int set_glob(struct widen *w, struct row *r, size_t i)
{
	char glob[NAME_GLOB_MAX];
	struct part *p = &r->parts[i];

	p->wider = name_glob(p->s, p->len, place_of(r->parts, i), glob);
	p->glob = arena_copy(&w->arena, glob, strlen(glob));
	return p->glob ? 0 : -ENOMEM;
}

/* 1: taken apart; 0: no glob can say it, as a part is none that a path has. */
static int split(struct widen *w, struct row *r)
{
	const char *s = r->name->s, *end = s + r->name->len;
	int err = 0;

	for (const char *at = s; at < end; at++)
		r->n += *at == '/';
	if (r->name->len == 1)
		r->n = 0;
	r->parts = arena_zero(&w->arena, (r->n + 1) * sizeof(r->parts[0]));
	if (!r->parts)
		return -ENOMEM;
	for (size_t i = 0; err == 0 && i < r->n; i++) {
		const char *next = memchr(s + 1, '/', (size_t)(end - s - 1));
		struct part *p = &r->parts[i];

		p->s = s + 1;
		p->len = (size_t)((next ? next : end) - p->s);
		if (p->len == 0 || p->len > NAME_MAX_BYTES || part_is(p, ".", 1) ||
		    part_is(p, "..", 2))
			return 0;
		err = set_glob(w, r, i);
		s = next;
	}
	return err ? err : 1;
}

static int widen_directory(struct widen *w, struct row **rows, size_t n, size_t depth)
{
	size_t files = 0;
	int r = 0;

	if (n < 2)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct row *row = rows[i];

		if (row->n > depth + 1)
			continue;
		rows[i] = rows[files];
		rows[files++] = row;
	}
	if (files)
		r = widen_names(w, rows, files, depth);
	rows += files;
	n -= files;
	if (n && r == 0)
		r = widen_names(w, rows, n, depth);
	for (size_t i = 0, end; r == 0 && i < n; i = end) {
		for (end = i + 1; end < n && strcmp(rows[end]->parts[depth].glob,
						    rows[i]->parts[depth].glob) == 0;)
			end++;
		r = widen_directory(w, rows + i, end - i, depth + 1);
	}
	return r;
}

/* The parts' globs in one; NULL in *ret when that is too long. */
static int join(struct widen *w, struct row *r)
{
	size_t len = r->n ? 0 : 1;
	char *glob, *to;

	for (size_t i = 0; i < r->n; i++) {
		len += 1 + strlen(r->parts[i].glob);
		r->name->wider |= r->parts[i].wider;
	}
	if (len > GLOB_LEN_MAX)
		return 0;
	glob = to = arena_zero(&w->arena, len + 1);
	if (!glob)
		return -ENOMEM;
	*to = '/';
	for (size_t i = 0; i < r->n; i++)
		to = stpcpy(stpcpy(to, "/"), r->parts[i].glob);
	r->name->glob = glob;
	return 0;
}

/* A name from no directory: "@abstract", "pipe:[17]". A glob for the latter has to begin with "**".
 */
static int widen_other(struct widen *w, struct widen_name *name)
{
	bool abstract = name->len && name->s[0] == '@';
	char glob[NAME_GLOB_MAX + 2], *to = glob;

	if (name->len == 0 || name->len > NAME_MAX_BYTES)
		return 0;
	to = stpcpy(to, abstract ? "@" : "**");
	name->wider = name_glob(name->s + abstract, name->len - abstract,
				abstract ? NAME_PLAIN : NAME_SCRATCH, to);
	name->wider |= !abstract;
	name->glob = arena_copy(&w->arena, glob, strlen(glob));
	return name->glob ? 0 : -ENOMEM;
}

int widen(struct widen *w, struct widen_name *names, size_t n, bool programs)
{
	_free_ struct row *rows = calloc(n + 1, sizeof(*rows));
	_free_ struct row **order = calloc(n + 1, sizeof(*order));
	size_t paths = 0;
	int r = rows && order ? 0 : -ENOMEM;

	w->programs = programs;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		rows[i].name = &names[i];
		names[i].glob = NULL;
		names[i].wider = false;
		if (names[i].len == 0 || names[i].s[0] != '/') {
			r = widen_other(w, &names[i]);
			continue;
		}
		r = split(w, &rows[i]);
		if (r == 1)
			order[paths++] = &rows[i];
	}
	if (r >= 0)
		r = widen_shards(w, order, paths);
	if (r >= 0 && paths) {
		/* The root itself has no parts. */
		size_t roots = 0;

		for (size_t i = 0; i < paths; i++) {
			struct row *row = order[i];

			if (row->n)
				continue;
			order[i] = order[roots];
			order[roots++] = row;
		}
		r = widen_directory(w, order + roots, paths - roots, 0);
	}
	for (size_t i = 0; r >= 0 && i < paths; i++)
		r = join(w, order[i]);
	return r < 0 ? r : 0;
}
