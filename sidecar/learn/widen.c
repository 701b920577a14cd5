/* SPDX-License-Identifier: Apache-2.0 */
/* See widen.h. Names are taken apart at their slashes; then, from the root on, the parts of one
 * directory are looked at together, files and directories apart, and those that got the same glob go on
 * as one directory. */
#include "widen.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "arena.h"
#include "glob_name.h"
#include "sidecar/common/util.h"
#include "sidecar/policy/glob.h"

struct part {
	const char *s; /* as it was seen */
	size_t len;
	const char *glob;
	bool wider;
};

struct row {
	struct widen_name *name;
	struct part *parts;
	size_t n;
};

struct widen {
	struct arena arena;
	bool programs;
};

/* Directories whose files are told one by one, and those where that holds for all below. */
static const char *const kept_here[] = {
    "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/libexec", "usr/local", "usr/local/bin",
    "usr/local/sbin", "usr/local/lib", "var/lib", "var/log", "var/run", "var/spool",
};
static const char *const kept_below[] = {
    "etc", "root", "boot", "dev", "proc", "sys", "run/secrets", "var/run/secrets",
};
static const char *const kept_names[] = {".ssh", ".gnupg", ".aws", ".kube", ".docker"};
static const char *const scratch[] = {"tmp", "var/tmp", "dev/shm"};

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

static bool part_is(const struct part *p, const char *s, size_t len)
{
	return p->len == len && memcmp(p->s, s, len) == 0;
}

/* Whether the parts begin with those of dir; how many that are. */
static size_t begins(const struct part *parts, size_t n, const char *dir)
{
	size_t i = 0;

	for (; *dir; i++) {
		size_t len = strcspn(dir, "/");

		if (i == n || !part_is(&parts[i], dir, len))
			return 0;
		dir += len + (dir[len] == '/');
	}
	return i;
}

static enum name_place place_of(const struct part *parts, size_t depth)
{
	static const char *const numbered[] = {"task", "fd", "fdinfo"};

	for (size_t i = 0; i < ARRAY_SIZE(scratch); i++)
		if (begins(parts, depth, scratch[i]))
			return NAME_SCRATCH;
	if (!begins(parts, depth, "proc"))
		return NAME_PLAIN;
	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++)
		if (part_is(&parts[depth - 1], numbered[i], strlen(numbered[i])))
			return NAME_PROCESS;
	return depth == 1 ? NAME_PROCESS : NAME_PLAIN;
}

/* Whether many names in the directory of the first depth parts may become one. */
static bool may_star(const struct widen *w, const struct part *parts, size_t depth)
{
	if (w->programs)
		return false;
	if (place_of(parts, depth) == NAME_SCRATCH)
		return true;
	if (depth < WIDEN_DEPTH_MIN || (depth == 2 && begins(parts, depth, "home")))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kept_here); i++)
		if (begins(parts, depth, kept_here[i]) == depth)
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(kept_below); i++)
		if (begins(parts, depth, kept_below[i]))
			return false;
	for (size_t i = 0; i < depth; i++)
		for (size_t k = 0; k < ARRAY_SIZE(kept_names); k++)
			if (part_is(&parts[i], kept_names[k], strlen(kept_names[k])))
				return false;
	return true;
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

static int by_glob(const void *a, const void *b, void *arg)
{
	size_t depth = *(size_t *)arg;

	return strcmp((*(struct row *const *)a)->parts[depth].glob,
		      (*(struct row *const *)b)->parts[depth].glob);
}

/* Names of one directory; different ones, each with the rows that have it. */
struct sibling {
	struct part *part; /* of the first row */
	struct row **rows;
	size_t n;
	const char *shape; /* numbers taken out; NULL: not to be looked at */
};

static void give(const struct sibling *s, size_t depth, const char *glob)
{
	for (size_t i = 0; i < s->n; i++) {
		s->rows[i]->parts[depth].glob = glob;
		s->rows[i]->parts[depth].wider = true;
	}
}

static size_t find_siblings(struct row **rows, size_t n, size_t depth, struct sibling *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct part *p = &rows[i]->parts[depth];

		if (count == 0 || strcmp(ret[count - 1].part->glob, p->glob) != 0)
			ret[count++] = (struct sibling){.part = p, .rows = rows + i};
		ret[count - 1].n++;
	}
	return count;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The name with '0' for each number. */
static int set_shape(struct widen *w, struct sibling *s)
{
	char shape[NAME_MAX_BYTES + 1];
	size_t n = 0;
	bool any = false;

	if (s->part->wider)
		return 0;
	for (size_t i = 0; i < s->part->len; i++) {
		char c = s->part->s[i];

		if (is_digit(c) && i && is_digit(s->part->s[i - 1]))
			continue;
		any |= is_digit(c);
		shape[n++] = is_digit(c) ? '0' : c;
	}
	if (!any)
		return 0;
	shape[n] = '\0';
	s->shape = arena_copy(&w->arena, shape, n);
	return s->shape ? 0 : -ENOMEM;
}

static int by_shape(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;
	int order = !x->shape - !y->shape;

	if (order == 0 && x->shape)
		order = strcmp(x->shape, y->shape);
	return order ? order : strcmp(x->part->glob, y->part->glob);
}

/* Where the k-th number of a name begins; its length. */
static size_t number_of(const struct part *p, unsigned k, size_t *ret_len)
{
	size_t i = 0, end;

	for (;; i = end) {
		while (i < p->len && !is_digit(p->s[i]))
			i++;
		for (end = i; end < p->len && is_digit(p->s[end]);)
			end++;
		if (k-- == 0 || end == i)
			break;
	}
	*ret_len = end - i;
	return i;
}

/* One number that is the same in all of them is part of the name. */
static bool number_varies(const struct sibling *group, size_t n, unsigned k)
{
	size_t len, other, at = number_of(group[0].part, k, &len);

	for (size_t i = 1; i < n; i++) {
		size_t where = number_of(group[i].part, k, &other);

		if (other != len ||
		    memcmp(group[0].part->s + at, group[i].part->s + where, len) != 0)
			return true;
	}
	return false;
}

static const char *numbered_glob(struct widen *w, const struct sibling *group, size_t n)
{
	const struct part *p = group[0].part;
	char glob[NAME_MAX_BYTES * 8], *to = glob;
	size_t at = 0, len, begin;

	for (unsigned k = 0;; k++) {
		begin = number_of(p, k, &len);
		to += name_escape(p->s + at, begin - at, to);
		if (len == 0)
			break;
		if (number_varies(group, n, k))
			to = stpcpy(to, "[0-9]*");
		else
			to += name_escape(p->s + begin, len, to);
		at = begin + len;
	}
	return arena_copy(&w->arena, glob, (size_t)(to - glob));
}

static int join_numbered(struct widen *w, struct sibling *s, size_t n, size_t depth)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = set_shape(w, &s[i]);
	if (r < 0)
		return r;
	qsort(s, n, sizeof(*s), by_shape);
	for (size_t i = 0, end; i < n && s[i].shape; i = end) {
		const char *glob;

		for (end = i + 1; end < n && s[end].shape && strcmp(s[end].shape, s[i].shape) == 0;)
			end++;
		if (end - i < WIDEN_NUMBERED_MIN)
			continue;
		glob = numbered_glob(w, s + i, end - i);
		if (!glob)
			return -ENOMEM;
		for (size_t k = i; k < end; k++)
			give(&s[k], depth, glob);
	}
	return 0;
}

/* How many bytes all of them begin, or end, with; short of them all for the shortest. */
static void find_common(const struct sibling *s, size_t n, size_t *ret_head, size_t *ret_tail)
{
	const struct part *p = s[0].part;
	size_t head = p->len, tail = p->len, shortest = p->len;

	for (size_t i = 1; i < n; i++) {
		const struct part *q = s[i].part;
		size_t k = 0;

		shortest = q->len < shortest ? q->len : shortest;
		while (k < head && k < q->len && q->s[k] == p->s[k])
			k++;
		head = k;
		for (k = 0; k < tail && k < q->len && q->s[q->len - 1 - k] == p->s[p->len - 1 - k];)
			k++;
		tail = k;
	}
	*ret_head = head < shortest ? head : shortest;
	*ret_tail = tail < shortest - *ret_head ? tail : shortest - *ret_head;
}

static int join_siblings(struct widen *w, const struct sibling *s, size_t n, size_t depth)
{
	char glob[NAME_GLOB_MAX], *to = glob;
	size_t head = 0, tail = 0;
	const char *copy;
	bool plain = true;

	for (size_t i = 0; i < n; i++)
		plain &= !s[i].part->wider;
	if (plain)
		find_common(s, n, &head, &tail);
	to += name_escape(s[0].part->s, head, to);
	*to++ = '*';
	to += name_escape(s[0].part->s + s[0].part->len - tail, tail, to);
	copy = arena_copy(&w->arena, glob, (size_t)(to - glob));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		give(&s[i], depth, copy);
	return 0;
}

/* n rows whose parts up to depth have one glob, and whose part there are all of files, or of
 * directories. Leaves them in order of that part's. */
static int widen_names(struct widen *w, struct row **rows, size_t n, size_t depth)
{
	_free_ struct sibling *s = calloc(n, sizeof(*s));
	size_t count;
	int r;

	if (!s)
		return -ENOMEM;
	qsort_r(rows, n, sizeof(rows[0]), by_glob, &depth);
	count = find_siblings(rows, n, depth, s);
	r = join_numbered(w, s, count, depth);
	if (r < 0)
		return r;
	qsort_r(rows, n, sizeof(rows[0]), by_glob, &depth);
	count = find_siblings(rows, n, depth, s);
	if (count >= WIDEN_SIBLINGS_MIN && may_star(w, rows[0]->parts, depth))
		return join_siblings(w, s, count, depth);
	return 0;
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

/* A name from no directory: "@abstract", "pipe:[17]". A glob for the latter has to begin with "**". */
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
