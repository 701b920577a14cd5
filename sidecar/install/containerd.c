/* SPDX-License-Identifier: Apache-2.0 */
/* containerd: a runtime handler "reeve" of its CRI plugin, the default handler's twin but for
 * BinaryName. It goes to the end of the file that decides: containerd 1.x takes a plugin's whole
 * section from the last file that has one, so a drop-in would there take everything else away. A
 * drop-in of its own only where config.toml is version 3 (containerd 2 merges key by key) and
 * imports a directory. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "containerd_config.h"
#include "sidecar/common/util.h"

#define DROP_IN "reeve.toml"
#define TEXT_MAX 8192
#define RUNC "io.containerd.runc.v2"
#define PATH CONTAINERD_PATH

/* The file a handler has to be in to count. */
static const struct containerd_file *deciding(const struct containerd *c)
{
	const struct containerd_file *last = &c->files[0];

	for (size_t i = 1; i < c->n; i++)
		if (toml_below(&c->files[i].toml, PATH(c->cri)))
			last = &c->files[i];
	return last;
}

/* Tables can be added behind anything but a table in braces. */
static int check_room(struct containerd *c, const struct containerd_file *f)
{
	const char *const ways[] = {"plugins", PATH(c->cri), PATH(c->cri, "containerd"),
				    PATH(c->cri, "containerd", "runtimes")};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct toml_item *item = toml_find(&f->toml, ways[i]);

		if (item && item->kind != TOML_TABLE)
			return containerd_refuse(
			    c->p, f, item,
			    "expected a table in brackets, to which one can be added at the end of "
			    "the file: write it so, then run this again");
	}
	return 0;
}

struct text {
	char at[TEXT_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (t->len < sizeof(t->at))
		t->len += (size_t)vsnprintf(t->at + t->len, sizeof(t->at) - t->len, fmt, args);
	va_end(args);
}

static bool is_bare(const char *key)
{
	return key[0] &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		   strlen(key);
}

/* The keys right in that table of the default handler, as they are written. */
static void copy_keys(const struct containerd *c, const char *table, const char *but,
		      const char *indent, struct text *t)
{
	size_t len = strlen(table);

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->files[i].toml.n; k++) {
			const struct toml_item *item = &c->files[i].toml.items[k];
			const char *key = item->path + len + 1;
			const struct containerd_file *f;

			if (item->kind != TOML_VALUE || strncmp(item->path, table, len) != 0 ||
			    item->path[len] != TOML_SEP[0] || !is_bare(key) ||
			    strcmp(key, but) == 0 || containerd_find(c, item->path, &f) != item)
				continue;
			say(t, "%s%s = %.*s\n", indent, key, (int)(item->to - item->from),
			    f->f.text + item->from);
		}
}

/* Whether the default handler runs a runc: then ours is like it, cgroup driver and all. Of "runc"
 * version 3 knows that by itself. */
static bool is_runc(const struct containerd *c)
{
	const struct containerd_file *f;
	const struct toml_item *type = containerd_find(
	    c, PATH(c->cri, "containerd", "runtimes", c->handler, "runtime_type"), &f);

	if (!type)
		return c->version == 3 && strcmp(c->handler, "runc") == 0;
	return type->type == TOML_STRING && strcmp(type->string, RUNC) == 0;
}

static int copy_handler(const struct containerd *c, const char *table, const char *options,
			struct text *t, struct text *ret_options)
{
	const struct containerd_file *f;
	const struct toml_item *item = containerd_find(c, options, &f);

	if (item && item->kind == TOML_VALUE)
		return containerd_refuse(
		    c->p, f, item,
		    "expected the options as a table in brackets, which can be "
		    "copied: write it so, then run this again");
	copy_keys(c, table, "runtime_type", "  ", t);
	copy_keys(c, options, "BinaryName", "    ", ret_options);
	item = containerd_find(
	    c, PATH(c->cri, "containerd", "runtimes", c->handler, "options", "BinaryName"), &f);
	if (item && (item->type != TOML_STRING || item->string[0]))
		plan_note(c->p,
			  "containerd: the handler %s has a BinaryName of its own; reeve-runc has "
			  "to be told of it",
			  c->handler);
	return 0;
}

static int compose(const struct containerd *c, struct text *t)
{
	struct text options = {.len = 0};
	int r = 0;

	say(t, "# Added by reeve install; reeve uninstall takes it away.\n");
	say(t, "[plugins.\"%s\".containerd.runtimes.reeve]\n  runtime_type = \"" RUNC "\"\n",
	    c->cri);
	if (is_runc(c))
		r = copy_handler(c, PATH(c->cri, "containerd", "runtimes", c->handler),
				 PATH(c->cri, "containerd", "runtimes", c->handler, "options"), t,
				 &options);
	say(t, "  [plugins.\"%s\".containerd.runtimes.reeve.options]\n    BinaryName = \"%s\"\n",
	    c->cri, c->program);
	say(t, "%s", options.at);
	/* One handler in the file, and containerd's built-in "runc" is gone. */
	if (!c->of && strcmp(c->handler, "runc") == 0)
		say(t, "[plugins.\"%s\".containerd.runtimes.runc]\n  runtime_type = \"" RUNC "\"\n",
		    c->cri);
	if (r == 0 && (t->len >= sizeof(t->at) || options.len >= sizeof(options.at)))
		r = plan_refuse(c->p, -E2BIG, "%s: too much to copy", c->files[0].path);
	return r;
}

static int put(struct containerd *c)
{
	const struct containerd_file *f = deciding(c);
	bool drop_in = c->version == 3 && c->drop_ins[0] && rootfs_exists(c->p->root, c->drop_ins);
	char path[PLAN_PATH_MAX + 16];
	struct text t = {.len = 0};
	_free_ char *after = NULL;
	int r;

	if (drop_in) {
		_rootfs_file_ struct rootfs_file there = {0};

		snprintf(path, sizeof(path), "%s/" DROP_IN, c->drop_ins);
		r = plan_read(c->p, path, &there);
		if (r < 0 || there.exists)
			return r < 0 ? r
				     : plan_refuse(c->p, -EEXIST,
						   "%s is there and not ours: move it away", path);
		say(&t, "version = 3\n\n");
		r = compose(c, &t);
		return r < 0 ? r : plan_put(c->p, path, t.at, t.len);
	}
	r = check_room(c, f);
	if (r < 0)
		return r;
	if (f->f.len > 0)
		say(&t, "%s\n", f->f.text[f->f.len - 1] == '\n' ? "" : "\n");
	if (f == &c->files[0] && f->toml.n == 0)
		say(&t, "version = 2\n\n");
	r = compose(c, &t);
	if (r < 0)
		return r;
	if (asprintf(&after, "%s%s", f->f.text, t.at) < 0) {
		after = NULL;
		return -ENOMEM;
	}
	return plan_put(c->p, f->path, after, f->f.len + t.len);
}

int containerd_plan(struct plan *p)
{
	struct containerd c _containerd_ = {.p = p};
	size_t edits = p->edits_n;
	int r = plan_program(p, "reeve-runc", "containerd", c.program);

	if (r == 0)
		r = containerd_read(&c);
	if (r == 0)
		r = put(&c);
	if (r < 0)
		return r;
	if (p->edits_n > edits)
		plan_note(p, "containerd: then run 'systemctl restart containerd'; pods get it by "
			     "a RuntimeClass with handler: reeve");
	return 0;
}
