/* SPDX-License-Identifier: Apache-2.0 */
/* See containerd_config.h. */
#include "containerd_config.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"

#define DIR "/etc/containerd/"
#define CONFIG DIR "config.toml"

static const char *const cri[] = {"io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"};

void containerd_release(struct containerd *c)
{
	for (size_t i = 0; i < c->n; i++) {
		rootfs_file_release(&c->files[i].f);
		toml_release(&c->files[i].toml);
	}
}

const char *containerd_path(const char *const *parts, char *ret)
{
	size_t at = 0;

	for (; *parts && at < TOML_PATH_MAX; parts++)
		at += (size_t)snprintf(ret + at, TOML_PATH_MAX - at, "%s%s", at ? TOML_SEP : "",
				       *parts);
	return ret;
}

int containerd_refuse(struct plan *p, const struct containerd_file *f, const struct toml_item *item,
		      const char *what)
{
	return plan_refuse(p, -EINVAL, "%s:%d:%d: %s", f->path, item->line, item->column, what);
}

static int read_one(struct containerd *c, const char *path)
{
	struct containerd_file *f = &c->files[c->n];
	char why[256];
	int r;

	if (c->n == CONTAINERD_FILES_MAX)
		return plan_refuse(c->p, -E2BIG, CONFIG ": imports more than %d files",
				   CONTAINERD_FILES_MAX - 1);
	*f = (struct containerd_file){0};
	snprintf(f->path, sizeof(f->path), "%s", path);
	r = plan_read(c->p, path, &f->f);
	if (r < 0)
		return r;
	c->n++;
	r = toml_parse(f->f.text, f->f.len, &f->toml, why, sizeof(why));
	return r < 0 ? plan_refuse(c->p, r, "%s:%s", path, why) : 0;
}

static int read_import(struct containerd *c, const struct toml_item *item, const char *what)
{
	char pattern[PLAN_PATH_MAX], path[PLAN_PATH_MAX * 2];
	_rootfs_names_ struct rootfs_names names = {0};
	char *slash;
	int r;

	if ((size_t)snprintf(pattern, sizeof(pattern), "%s%s", what[0] == '/' ? "" : DIR, what) >=
	    sizeof(pattern))
		return containerd_refuse(c->p, &c->files[0], item, "found a path that is too long");
	if (!strpbrk(pattern, "*?[\\"))
		return read_one(c, pattern);
	slash = strrchr(pattern, '/');
	if (strcmp(slash, "/*.toml") != 0 || strcspn(pattern, "*?[\\") < (size_t)(slash - pattern))
		return containerd_refuse(
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

static int read_imports(struct containerd *c)
{
	const struct toml_item *item = toml_find(&c->files[0].toml, "imports");
	int r = 0;

	if (!item)
		return 0;
	if (item->type != TOML_STRINGS)
		return containerd_refuse(c->p, &c->files[0], item,
					 "expected imports = [\"FILE\", ...]");
	for (size_t i = 0; r == 0 && i < item->strings_n; i++)
		r = read_import(c, item, item->strings[i]);
	for (size_t i = 1; r == 0 && i < c->n; i++) {
		const struct toml_item *more = toml_find(&c->files[i].toml, "imports");

		if (more && !(more->type == TOML_STRINGS && more->strings_n == 0))
			r = containerd_refuse(c->p, &c->files[i], more,
					      "imports of what is imported cannot be followed");
	}
	return r;
}

/* 1: the CRI plugin is off, and nobody would use a handler. */
static int look_for_disabled(struct containerd *c)
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

static int find_version(struct containerd *c)
{
	const struct containerd_file *main = &c->files[0];
	const struct toml_item *item = toml_find(&main->toml, "version");

	c->version = 2;
	if (!item && main->toml.n > 0)
		return plan_refuse(
		    c->p, -EINVAL,
		    CONFIG ":1:1: found no version, which means 1: expected version = 2 or 3; "
			   "'containerd config migrate' makes one");
	if (item && (item->type != TOML_INTEGER || item->number < 2 || item->number > 3))
		return containerd_refuse(
		    c->p, main, item,
		    "expected version = 2 or 3; 'containerd config migrate' makes one");
	if (item)
		c->version = item->number;
	c->cri = cri[c->version - 2];
	for (size_t i = 0; i < c->n; i++) {
		/* In version 3 the plugin of the old name is still there, without its runtimes. */
		const struct toml_item *other = toml_below(
		    &c->files[i].toml, c->version == 3 ? CONTAINERD_PATH(cri[0], "containerd")
						       : CONTAINERD_PATH(cri[1]));

		if (other)
			return containerd_refuse(c->p, &c->files[i], other,
						 "this plugin is of another version of the file "
						 "than config.toml is: make them agree first");
	}
	return 0;
}

/* 1: our handler is there. */
static int look_for_handler(struct containerd *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct containerd_file *f = &c->files[i];
		const struct toml_item *any = toml_below(
		    &f->toml, CONTAINERD_PATH(c->cri, "containerd", "runtimes", "reeve"));
		const struct toml_item *binary =
		    toml_find(&f->toml, CONTAINERD_PATH(c->cri, "containerd", "runtimes", "reeve",
							"options", "BinaryName"));

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

/* The default handler, and the last file that says something of it. */
static void find_default(struct containerd *c)
{
	c->handler = "runc";
	for (size_t i = 0; i < c->n; i++) {
		const struct toml_item *name =
		    toml_find(&c->files[i].toml,
			      CONTAINERD_PATH(c->cri, "containerd", "default_runtime_name"));

		if (name && name->type == TOML_STRING)
			c->handler = name->string;
	}
	for (size_t i = 0; i < c->n; i++)
		if (toml_below(&c->files[i].toml,
			       CONTAINERD_PATH(c->cri, "containerd", "runtimes", c->handler)))
			c->of = &c->files[i];
}

/* What counts for a key of the default handler: the last file's that has it, as version 3 merges
 * key by key; before, all of one file. */
const struct toml_item *containerd_find(const struct containerd *c, const char *path,
					const struct containerd_file **ret_file)
{
	for (size_t i = c->n; i-- > 0;) {
		const struct containerd_file *f = &c->files[i];
		const struct toml_item *item =
		    c->version == 3 || f == c->of ? toml_find(&f->toml, path) : NULL;

		if (item) {
			*ret_file = f;
			return item;
		}
	}
	return NULL;
}

int containerd_read(struct containerd *c)
{
	int r = read_one(c, CONFIG);

	if (r == 0)
		r = look_for_disabled(c);
	if (r == 0)
		r = read_imports(c);
	if (r == 0)
		r = find_version(c);
	if (r == 0)
		r = look_for_handler(c);
	if (r == 0)
		find_default(c);
	return r;
}
