/* SPDX-License-Identifier: Apache-2.0 */
/* podman and CRI-O: a file in a hooks.d directory that they read. Where none of those can be
 * written, a directory below /etc and the setting that makes them read it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "plan.h"
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"
#include "toml.h"

#define DIR_DEFAULT "/usr/share/containers/oci/hooks.d"
#define DIR_FALLBACK "/etc/containers/oci/hooks.d"
#define DROP_IN "99-reeve.conf"
#define DIRS_MAX 16
#define HOOK "reeve-hook"

static const struct reads {
	const char *runtime;
	const char *files[3]; /* in the order they are read: the last that has the key decides */
	const char *drop_ins; /* directory; after them */
	const char *key;
	const char *setting; /* how the key is written in a drop-in */
	const char *again;   /* what makes the runtime read it */
} podman = {"podman",
	    {"/usr/share/containers/containers.conf", "/etc/containers/containers.conf"},
	    "/etc/containers/containers.conf.d",
	    "engine" TOML_SEP "hooks_dir",
	    "[engine]\nhooks_dir",
	    NULL},
  crio = {"CRI-O",
	  {"/etc/crio/crio.conf"},
	  "/etc/crio/crio.conf.d",
	  "crio" TOML_SEP "runtime" TOML_SEP "hooks_dir",
	  "[crio.runtime]\nhooks_dir",
	  "systemctl restart crio"};

/* Which directories the runtime reads, and who says so. */
struct dirs {
	char *at[DIRS_MAX];
	size_t n;
	char said_by[PLAN_PATH_MAX]; /* "" when nobody: the default */
};

static void release_dirs(struct dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->at[i]);
	d->n = 0;
}
#define _dirs_ __attribute__((cleanup(release_dirs)))

static int add_dir(struct dirs *d, const char *dir)
{
	if (d->n == DIRS_MAX)
		return -E2BIG;
	d->at[d->n] = strdup(dir);
	return d->at[d->n] ? (d->n++, 0) : -ENOMEM;
}

static int read_setting(struct plan *p, const struct reads *who, const char *path, struct dirs *d)
{
	_rootfs_file_ struct rootfs_file f = {0};
	struct toml toml _toml_ = {0};
	const struct toml_item *item;
	char why[256];
	int r = plan_read(p, path, &f);

	if (r < 0)
		return r;
	r = toml_parse(f.text, f.len, &toml, why, sizeof(why));
	if (r < 0)
		return plan_refuse(p, r, "%s:%s", path, why);
	item = toml_find(&toml, who->key);
	if (!item)
		return 0;
	if (item->type != TOML_STRINGS)
		return plan_refuse(
		    p, -EINVAL,
		    "%s:%d:%d: expected hooks_dir = [\"DIRECTORY\", ...] with nothing but "
		    "strings: which directories %s reads cannot be told",
		    path, item->line, item->column, who->runtime);
	release_dirs(d);
	snprintf(d->said_by, sizeof(d->said_by), "%s", path);
	for (size_t i = 0; r == 0 && i < item->strings_n; i++)
		r = add_dir(d, item->strings[i]);
	return r < 0 ? plan_refuse(p, r, "%s:%d:%d: found more than %d directories", path,
				   item->line, item->column, DIRS_MAX)
		     : 0;
}

static int read_settings(struct plan *p, const struct reads *who, struct dirs *d)
{
	_rootfs_names_ struct rootfs_names names = {0};
	char path[PLAN_PATH_MAX];
	int r = rootfs_list(p->root, who->drop_ins, ".conf", &names);

	if (r < 0)
		return plan_refuse(p, r, "read %s: %s", who->drop_ins, strerror(-r));
	r = add_dir(d, DIR_DEFAULT);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(who->files) && who->files[i]; i++)
		r = read_setting(p, who, who->files[i], d);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", who->drop_ins, names.at[i]);
		r = read_setting(p, who, path, d);
	}
	return r;
}

/* 1: a file of that directory starts our hook already. */
static int look_at_file(struct plan *p, const char *path, const char *program)
{
	_rootfs_file_ struct rootfs_file f = {0};
	struct json *root _json_ = NULL;
	const char *names, *base;
	char why[200];
	int r = plan_read(p, path, &f);

	if (r < 0 || !f.exists)
		return r;
	if (json_parse(f.text, f.len, false, &root, why, sizeof(why)) < 0)
		return strcmp(strrchr(path, '/'), "/reeve.json") == 0
			   ? plan_refuse(p, -EINVAL, "%s:%s", path, why)
			   : 0; /* somebody else's: the runtime will tell */
	names = json_get_string(json_get(root, "hook"), "path", "");
	base = strrchr(names, '/');
	if (!base || strcmp(base + 1, HOOK) != 0)
		return 0;
	if (strcmp(names, program) != 0)
		return plan_refuse(p, -EEXIST,
				   "%s:%d:%d: starts %s already: remove the file, or say --prefix "
				   "%.*s",
				   path, json_get(json_get(root, "hook"), "path")->line,
				   json_get(json_get(root, "hook"), "path")->column, names,
				   base - names > 4 ? (int)(base - names) - 4 : 1, names);
	plan_note(p, "%s starts it already, and is left as it is", path);
	return 1;
}

static int look_for_hook(struct plan *p, const struct dirs *d, const char *program)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n; i++) {
		_rootfs_names_ struct rootfs_names names = {0};
		char path[PLAN_PATH_MAX];

		r = rootfs_list(p->root, d->at[i], ".json", &names);
		if (r < 0)
			return plan_refuse(p, r, "read %s: %s", d->at[i], strerror(-r));
		for (size_t k = 0; r == 0 && k < names.n; k++) {
			snprintf(path, sizeof(path), "%s/%s", d->at[i], names.at[k]);
			r = look_at_file(p, path, program);
		}
	}
	return r;
}

static int put_hook(struct plan *p, const char *dir, const char *program)
{
	char path[PLAN_PATH_MAX], text[PLAN_PATH_MAX + 256];

	snprintf(path, sizeof(path), "%s/reeve.json", dir);
	snprintf(text, sizeof(text),
		 "{\n"
		 "  \"version\": \"1.0.0\",\n"
		 "  \"hook\": {\n"
		 "    \"path\": \"%s\",\n"
		 "    \"args\": [\"" HOOK "\"],\n"
		 "    \"timeout\": 10\n"
		 "  },\n"
		 "  \"when\": { \"always\": true },\n"
		 "  \"stages\": [\"createRuntime\", \"poststop\"]\n"
		 "}\n",
		 program);
	return plan_put(p, path, text, strlen(text));
}

/* The directories it reads, and one more. */
static int put_setting(struct plan *p, const struct reads *who, const struct dirs *d)
{
	char path[PLAN_PATH_MAX], text[DIRS_MAX * PLAN_PATH_MAX];
	_rootfs_file_ struct rootfs_file f = {0};
	size_t at;
	int r;

	snprintf(path, sizeof(path), "%s/" DROP_IN, who->drop_ins);
	if (strncmp(d->said_by, who->drop_ins, strlen(who->drop_ins)) == 0 &&
	    strcmp(d->said_by, path) > 0)
		return plan_refuse(
		    p, -EEXIST,
		    "%s is read after " DROP_IN " and says which hooks_dir are read, none of "
		    "which can be written: add \"" DIR_FALLBACK "\" there, then run this again",
		    d->said_by);
	r = plan_read(p, path, &f);
	if (r < 0)
		return r;
	if (f.exists)
		return plan_refuse(p, -EEXIST,
				   "%s is there and not ours: add \"" DIR_FALLBACK
				   "\" to hooks_dir, then run this again",
				   path);
	at = (size_t)snprintf(text, sizeof(text), "# Written by reeve install.\n%s = [",
			      who->setting);
	for (size_t i = 0; i < d->n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "\"%.400s\", ", d->at[i]);
	snprintf(text + at, sizeof(text) - at, "\"" DIR_FALLBACK "\"]\n");
	plan_note(p, "none of the directories %s reads can be written; it gets %s", who->runtime,
		  DIR_FALLBACK);
	return plan_put(p, path, text, strlen(text));
}

static int choose(struct plan *p, const struct reads *who, const struct dirs *d,
		  const char *program)
{
	int r;

	for (size_t i = 0; i < d->n; i++)
		if (rootfs_writable(p->root, d->at[i]))
			return put_hook(p, d->at[i], program);
	if (!rootfs_writable(p->root, DIR_FALLBACK) || !rootfs_writable(p->root, who->drop_ins))
		return plan_refuse(
		    p, -EROFS,
		    "neither the directories %s reads (%s) nor " DIR_FALLBACK
		    " can be written: put a file that names %s into one of them when the host's "
		    "image is made (deploy/hooks.d/reeve.json is one)",
		    who->runtime, d->n > 0 ? d->at[0] : "none", program);
	for (size_t i = 0; i < d->n; i++)
		if (strpbrk(d->at[i], "\"\\\n"))
			return plan_refuse(p, -EINVAL, "%s: hooks_dir has a quote in it",
					   d->said_by);
	r = put_hook(p, DIR_FALLBACK, program);
	return r < 0 ? r : put_setting(p, who, d);
}

static int hooks_plan(struct plan *p, const struct reads *who)
{
	struct dirs dirs _dirs_ = {0};
	char program[PLAN_PATH_MAX];
	size_t edits = p->edits_n;
	int r = plan_program(p, HOOK, who->runtime, program);

	if (r == 0)
		r = read_settings(p, who, &dirs);
	if (r == 0)
		r = look_for_hook(p, &dirs, program);
	if (r < 0 || r == 1)
		return r < 0 ? r : 0;
	r = choose(p, who, &dirs, program);
	if (r == 0 && who->again && p->edits_n > edits)
		plan_note(p, "%s: then run '%s'", who->runtime, who->again);
	return r;
}

int hooks_plan_podman(struct plan *p)
{
	return hooks_plan(p, &podman);
}

int hooks_plan_crio(struct plan *p)
{
	return hooks_plan(p, &crio);
}
