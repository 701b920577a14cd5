/* SPDX-License-Identifier: Apache-2.0 */
/* See event_fields.h: which fields there are, and which are asked for. */
#include "event_fields.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "event.h"
#include "util.h"

#define NAME_MAX_BYTES 64 /* of a field, NUL included */

void event_fields_release(struct event_fields *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->names[i]);
	f->n = 0;
}

static bool has(const struct event_fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->names[i], name) == 0)
			return true;
	return false;
}

static int add(struct event_fields *f, const char *name)
{
	char *copy = f->n < EVENT_FIELDS_MAX ? strdup(name) : NULL;

	if (!copy)
		return -ENOMEM;
	f->names[f->n++] = copy;
	return 0;
}

int event_fields_each(struct json_piece json,
		      int (*each)(void *arg, const struct event_path *path,
				  struct json_piece value),
		      void *arg)
{
	struct json_piece at, inner_at;
	struct json_member m, inner;
	int r = 0;

	if (!json_scan_open(json, &at))
		return -EINVAL;
	while (r == 0 && json_scan_member(&at, &m)) {
		r = each(arg, &(struct event_path){.outer = m.key}, m.value);
		if (m.value.s[0] != '{' || !json_scan_open(m.value, &inner_at))
			continue;
		while (r == 0 && json_scan_member(&inner_at, &inner))
			r = each(arg, &(struct event_path){m.key, inner.key}, inner.value);
	}
	return r;
}

static int add_new(void *arg, const struct event_path *path, struct json_piece value)
{
	char name[NAME_MAX_BYTES];

	(void)value;
	snprintf(name, sizeof(name), "%.*s%s%.*s", (int)path->outer.len, path->outer.s,
		 path->inner.len ? "." : "", (int)path->inner.len,
		 path->inner.len ? path->inner.s : "");
	return has(arg, name) ? 0 : add(arg, name);
}

/* The members of an empty event of each kind are all there are. */
int event_fields_all(struct event_fields *ret)
{
	static const struct event_context nothing;
	_json_out_ struct json_out *o = json_out_new();
	struct event_fields all = {};
	int r = o ? 0 : -ENOMEM;

	for (unsigned k = 1; k < RV_KIND_MAX && r == 0; k++) {
		struct event e = {.head = {.kind = (__u16)k}};
		struct json_piece text;

		if (!event_kind(k) || k == RV_KIND_ARGS)
			continue;
		json_out_reset(o);
		event_to_json(&e, &nothing, o);
		r = json_out_text(o, &text.s, &text.len);
		if (r == 0)
			r = event_fields_each(text, add_new, &all);
	}
	if (r < 0)
		event_fields_release(&all);
	else
		*ret = all;
	return r;
}

/* How many letters to add, take away or change. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_BYTES + 1];
	size_t n = strnlen(b, NAME_MAX_BYTES);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]), other;

			diagonal = row[j];
			other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = change < other ? change : other;
		}
	}
	return row[n];
}

/* The nearest there is; "pid" means "process.pid". */
static const char *nearest(const struct event_fields *all, const char *name)
{
	const char *best = NULL;
	unsigned least = UINT32_MAX;

	for (size_t i = 0; i < all->n; i++) {
		const char *dot = strchr(all->names[i], '.');
		unsigned whole = distance(name, all->names[i]);
		unsigned end = dot ? distance(name, dot + 1) : whole;
		unsigned d = 2 * (end < whole ? end : whole) + (end < whole);

		if (d < least) {
			least = d;
			best = all->names[i];
		}
	}
	return best;
}

static int read_name(const struct json *j, const struct event_fields *all, struct event_fields *f,
		     char *error, size_t error_size)
{
	char shown[2 * NAME_MAX_BYTES];

	if (j->type != JSON_STRING)
		return util_refuse(-EINVAL, error, error_size,
				   "\"fields\": expected an array of names");
	if (has(f, j->string))
		return util_refuse(-EINVAL, error, error_size, "the field '%s' is named twice",
				   j->string);
	if (has(all, j->string))
		return add(f, j->string);
	snprintf(shown, sizeof(shown), "%.*s", NAME_MAX_BYTES, j->string);
	return util_refuse(-EINVAL, error, error_size,
			   "there is no field '%s'; the nearest is '%s', 'reeve events --fields' "
			   "lists them",
			   shown, nearest(all, shown));
}

static int read_csv(struct event_fields *f)
{
	static const char *const names[] = {EVENT_FIELDS_CSV};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++)
		r = add(f, names[i]);
	return r;
}

int event_fields_read(const struct json *names, struct event_fields *ret, char *error,
		      size_t error_size)
{
	struct event_fields all = {}, f = {};
	int r;

	if (names && (names->type != JSON_ARRAY || names->count == 0))
		return util_refuse(-EINVAL, error, error_size,
				   "\"fields\": expected an array of names");
	if (names && names->count == 1 && names->child->type == JSON_STRING &&
	    strcmp(names->child->string, "all") == 0)
		return event_fields_all(ret);
	r = names ? event_fields_all(&all) : read_csv(&f);
	for (const struct json *j = names ? names->child : NULL; j && r == 0; j = j->next)
		r = read_name(j, &all, &f, error, error_size);
	event_fields_release(&all);
	if (r < 0)
		event_fields_release(&f);
	else
		*ret = f;
	return r;
}
