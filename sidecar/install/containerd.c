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
#include "plan.h"
#include "sidecar/common/util.h"
#include "toml.h"

#define DIR "/etc/containerd/"
#define CONFIG DIR "config.toml"
#define DROP_IN "reeve.toml"
#define FILES_MAX 32
#define TEXT_MAX 8192
#define RUNC "io.containerd.runc.v2"
#define PATH(...)                                                                                  \
	path_of((const char *const[]){"plugins", __VA_ARGS__, NULL}, (char[TOML_PATH_MAX]){0})

static const char *const cri[] = {"io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"};

struct file {
	char path[PLAN_PATH_MAX];
	struct rootfs_file f;
	struct toml toml;
};

struct config {
	struct plan *p;
	struct file files[FILES_MAX]; /* config.toml, then what it imports */
	size_t n;
	const char *cri; /* the plugin, by the version */
	int64_t version;
	char drop_ins[PLAN_PATH_MAX]; /* a directory that is imported, or "" */
	char program[PLAN_PATH_MAX];
	const struct file *of; /* where the default handler is */
	const char *handler;   /* its name */
};

static void release(struct config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		rootfs_file_release(&c->files[i].f);
		toml_release(&c->files[i].toml);
	}
}
#define _config_ __attribute__((cleanup(release)))

static const char *path_of(const char *const *parts, char *ret)
{
	size_t at = 0;

	for (; *parts && at < TOML_PATH_MAX; parts++)
		at += (size_t)snprintf(ret + at, TOML_PATH_MAX - at, "%s%s", at ? TOML_SEP : "",
				       *parts);
	return ret;
}

static int refuse_at(struct plan *p, const struct file *f, const struct toml_item *item,
		     const char *what)
{
	return plan_refuse(p, -EINVAL, "%s:%d:%d: %s", f->path, item->line, item->column, what);
}

static int read_one(struct config *c, const char *path)
{
	struct file *f = &c->files[c->n];
	char why[256];
	int r;

	if (c->n == FILES_MAX)
		return plan_refuse(c->p, -E2BIG, CONFIG ": imports more than %d files",
				   FILES_MAX - 1);
	*f = (struct file){0};
	snprintf(f->path, sizeof(f->path), "%s", path);
	r = plan_read(c->p, path, &f->f);
	if (r < 0)
		return r;
	c->n++;
	r = toml_parse(f->f.text, f->f.len, &f->toml, why, sizeof(why));
	return r < 0 ? plan_refuse(c->p, r, "%s:%s", path, why) : 0;
}

static int read_import(struct config *c, const struct toml_item *item, const char *what)
{
	char pattern[PLAN_PATH_MAX], path[PLAN_PATH_MAX * 2];
	_rootfs_names_ struct rootfs_names names = {0};
	char *slash;
	int r;

	if ((size_t)snprintf(pattern, sizeof(pattern), "%s%s", what[0] == '/' ? "" : DIR, what) >=
	    sizeof(pattern))
		return refuse_at(c->p, &c->files[0], item, "found a path that is too long");
	if (!strpbrk(pattern, "*?[\\"))
		return read_one(c, pattern);
	slash = strrchr(pattern, '/');
	if (strcmp(slash, "/*.toml") != 0 || strcspn(pattern, "*?[\\") < (size_t)(slash - pattern))
		return refuse_at(
		    c->p, &c->files[0], item,
		    "expected imports of FILE or DIRECTORY/*.toml: which other files decide "
		    "cannot be told");
	*slash = '\0';
	snprintf(c->drop_ins, sizeof(c->drop_ins), "%s", pattern);
	r = rootfs_list(c->p->root, pattern, ".toml", &names);
	if (r < 0)
		return plan_refuse(c->p, r, "read %s: %s", pattern, strerror(-r));
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", pattern, names.at[i]);
		r = read_one(c, path);
	}
	return r;
}

static int read_imports(struct config *c)
{
	const struct toml_item *item = toml_find(&c->files[0].toml, "imports");
	int r = 0;

	if (!item)
		return 0;
	if (item->type != TOML_STRINGS)
		return refuse_at(c->p, &c->files[0], item, "expected imports = [\"FILE\", ...]");
	for (size_t i = 0; r == 0 && i < item->strings_n; i++)
		r = read_import(c, item, item->strings[i]);
	for (size_t i = 1; r == 0 && i < c->n; i++) {
		const struct toml_item *more = toml_find(&c->files[i].toml, "imports");

		if (more && !(more->type == TOML_STRINGS && more->strings_n == 0))
			r = refuse_at(c->p, &c->files[i], more,
				      "imports of what is imported cannot be followed");
	}
	return r;
}

/* 1: the CRI plugin is off, and nobody would use a handler. */
static int look_for_disabled(struct config *c)
{
	const struct toml_item *item = toml_find(&c->files[0].toml, "disabled_plugins");

	for (size_t i = 0; item && i < item->strings_n; i++) {
		const char *id = item->strings[i];

		if (strcmp(id, "cri") != 0 && strcmp(id, cri[0]) != 0 && strcmp(id, cri[1]) != 0)
			continue;
		plan_note(c->p,
			  CONFIG ":%d:%d turns the CRI plugin off: no Kubernetes here, nothing to "
				 "change; 'ctr run --runc-binary %s' works as it is",
			  item->line, item->column, c->program);
		return 1;
	}
	return 0;
}

static int find_version(struct config *c)
{
	const struct file *main = &c->files[0];
	const struct toml_item *item = toml_find(&main->toml, "version");

	c->version = 2;
	if (!item && main->toml.n > 0)
		return plan_refuse(
		    c->p, -EINVAL,
		    CONFIG ":1:1: found no version, which means 1: expected version = 2 or 3; "
			   "'containerd config migrate' makes one");
	if (item && (item->type != TOML_INTEGER || item->number < 2 || item->number > 3))
		return refuse_at(
		    c->p, main, item,
		    "expected version = 2 or 3; 'containerd config migrate' makes one");
	if (item)
		c->version = item->number;
	c->cri = cri[c->version - 2];
	for (size_t i = 0; i < c->n; i++) {
		const struct toml_item *other =
		    toml_below(&c->files[i].toml, PATH(cri[3 - c->version]));

		if (other)
			return refuse_at(c->p, &c->files[i], other,
					 "this plugin is of another version of the file "
					 "than config.toml is: make them agree first");
	}
	return 0;
}

/* 1: our handler is there. */
static int look_for_handler(struct config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct file *f = &c->files[i];
		const struct toml_item *any =
		    toml_below(&f->toml, PATH(c->cri, "containerd", "runtimes", "reeve"));
		const struct toml_item *binary =
		    toml_find(&f->toml, PATH(c->cri, "containerd", "runtimes", "reeve", "options",
					     "BinaryName"));

		if (!any)
			continue;
		if (binary && binary->type == TOML_STRING &&
		    strcmp(binary->string, c->program) == 0) {
			plan_note(c->p, "%s:%d has the handler already, and is left as it is",
				  f->path, any->line);
			return 1;
		}
		return plan_refuse(
		    c->p, -EEXIST,
		    "%s:%d:%d: there is a handler \"reeve\" already, which is not %s: take it "
		    "out, then run this again",
		    f->path, any->line, any->column, c->program);
	}
	return 0;
}

/* The default handler, and the last file that says how it is. */
static void find_default(struct config *c)
{
	c->handler = "runc";
	for (size_t i = 0; i < c->n; i++) {
		const struct toml_item *name = toml_find(
		    &c->files[i].toml, PATH(c->cri, "containerd", "default_runtime_name"));

		if (name && name->type == TOML_STRING)
			c->handler = name->string;
	}
	for (size_t i = 0; i < c->n; i++)
		if (toml_below(&c->files[i].toml,
			       PATH(c->cri, "containerd", "runtimes", c->handler)))
			c->of = &c->files[i];
}

/* The file a handler has to be in to count. */
static const struct file *deciding(const struct config *c)
{
	const struct file *last = &c->files[0];

	for (size_t i = 1; i < c->n; i++)
		if (toml_below(&c->files[i].toml, PATH(c->cri)))
			last = &c->files[i];
	return last;
}

/* Tables can be added behind anything but a table in braces. */
static int check_room(struct config *c, const struct file *f)
{
	const char *const ways[] = {"plugins", PATH(c->cri), PATH(c->cri, "containerd"),
				    PATH(c->cri, "containerd", "runtimes")};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct toml_item *item = toml_find(&f->toml, ways[i]);

		if (item && item->kind != TOML_TABLE)
			return refuse_at(
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
static void copy_keys(const struct config *c, const char *table, const char *but,
		      const char *indent, struct text *t)
{
	size_t len = strlen(table);

	for (size_t i = 0; c->of && i < c->of->toml.n; i++) {
		const struct toml_item *item = &c->of->toml.items[i];
		const char *key = item->path + len + 1;

		if (item->kind != TOML_VALUE || strncmp(item->path, table, len) != 0 ||
		    item->path[len] != TOML_SEP[0] || !is_bare(key) || strcmp(key, but) == 0)
			continue;
		say(t, "%s%s = %.*s\n", indent, key, (int)(item->to - item->from),
		    c->of->f.text + item->from);
	}
}

/* Whether the default handler runs a runc: then ours is like it, cgroup driver and all. */
static bool is_runc(const struct config *c)
{
	const struct toml_item *type =
	    c->of ? toml_find(&c->of->toml,
			      PATH(c->cri, "containerd", "runtimes", c->handler, "runtime_type"))
		  : NULL;

	return type && type->type == TOML_STRING && strcmp(type->string, RUNC) == 0;
}

static void compose(const struct config *c, struct text *t)
{
	const char *handler = PATH(c->cri, "containerd", "runtimes", c->handler);
	const char *options = PATH(c->cri, "containerd", "runtimes", c->handler, "options");
	bool twin = is_runc(c);

	say(t, "# Added by reeve install; reeve uninstall takes it away.\n");
	say(t, "[plugins.\"%s\".containerd.runtimes.reeve]\n  runtime_type = \"" RUNC "\"\n",
	    c->cri);
	if (twin)
		copy_keys(c, handler, "runtime_type", "  ", t);
	say(t, "  [plugins.\"%s\".containerd.runtimes.reeve.options]\n    BinaryName = \"%s\"\n",
	    c->cri, c->program);
	if (twin)
		copy_keys(c, options, "BinaryName", "    ", t);
	/* One handler in the file, and containerd's built-in "runc" is gone. */
	if (!c->of && strcmp(c->handler, "runc") == 0)
		say(t, "[plugins.\"%s\".containerd.runtimes.runc]\n  runtime_type = \"" RUNC "\"\n",
		    c->cri);
	if (twin && toml_find(&c->of->toml, PATH(c->cri, "containerd", "runtimes", c->handler,
						 "options", "BinaryName")))
		plan_note(c->p,
			  "containerd: the handler %s has a BinaryName of its own; reeve-runc has "
			  "to be told "
			  "of it",
			  c->handler);
}

static int put(struct config *c)
{
	const struct file *f = deciding(c);
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
		compose(c, &t);
		return t.len >= sizeof(t.at)
			   ? plan_refuse(c->p, -E2BIG, "%s: too much to copy", c->of->path)
			   : plan_put(c->p, path, t.at, t.len);
	}
	r = check_room(c, f);
	if (r < 0)
		return r;
	if (f->f.len > 0)
		say(&t, "%s\n", f->f.text[f->f.len - 1] == '\n' ? "" : "\n");
	if (f == &c->files[0] && f->toml.n == 0)
		say(&t, "version = 2\n\n");
	compose(c, &t);
	if (t.len >= sizeof(t.at))
		return plan_refuse(c->p, -E2BIG, "%s: too much to copy", c->of->path);
	if (asprintf(&after, "%s%s", f->f.text, t.at) < 0) {
		after = NULL;
		return -ENOMEM;
	}
	return plan_put(c->p, f->path, after, f->f.len + t.len);
}

static int plan_with(struct config *c)
{
	int r = plan_program(c->p, "reeve-runc", "containerd", c->program);

	if (r == 0)
		r = read_one(c, CONFIG);
	if (r == 0)
		r = look_for_disabled(c);
	if (r == 0)
		r = read_imports(c);
	if (r == 0)
		r = find_version(c);
	if (r == 0)
		r = look_for_handler(c);
	if (r != 0)
		return r;
	find_default(c);
	return put(c);
}

int containerd_plan(struct plan *p)
{
	_config_ struct config c = {.p = p};
	size_t edits = p->edits_n;
	int r = plan_with(&c);

	if (r < 0)
		return r;
	if (p->edits_n > edits)
		plan_note(p, "containerd: then run 'systemctl restart containerd'; pods get it by "
			     "a RuntimeClass "
			     "with handler: reeve");
	return 0;
}
