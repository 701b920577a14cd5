/* SPDX-License-Identifier: Apache-2.0 */
/* See install.h. A file that is as we left it becomes what it was, to the byte. Of one that
 * somebody has changed since, what we put in is cut out where it still stands as written; else the
 * person has to. */
#include <errno.h>
#include <string.h>
#include "install.h"
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"
#include "steps.h"
#include "toml.h"

static unsigned line_of(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

/* Whether the file is still one its runtime can read. */
static bool is_sound(const char *path, const char *text, size_t len)
{
	struct json *json _json_ = NULL;
	struct toml toml _toml_ = {0};
	const char *suffix = strrchr(path, '.');
	char why[200];

	if (suffix && strcmp(suffix, ".json") == 0)
		return json_parse(text, len, false, &json, why, sizeof(why)) == 0;
	return toml_parse(text, len, &toml, why, sizeof(why)) == 0;
}

/* now without that, or NULL. */
static char *cut(const struct receipt_file *f, const char *inserted, const struct rootfs_file *now)
{
	const char *at = inserted && inserted[0] && f->before.exists ? strstr(now->text, inserted)
								     : NULL;
	size_t head = at ? (size_t)(at - now->text) : 0, len = at ? strlen(inserted) : 0;
	char *rest;

	if (!at || strstr(at + 1, inserted))
		return NULL;
	rest = malloc(now->len - len + 1);
	if (!rest)
		return NULL;
	memcpy(rest, now->text, head);
	memcpy(rest + head, at + len, now->len - head - len + 1);
	if (strstr(rest, "reeve") || !is_sound(f->path, rest, now->len - len)) {
		free(rest);
		return NULL;
	}
	return rest;
}

static int add(struct plan *p, const struct receipt_file *f, struct rootfs_file *now, char *after,
	       bool restores)
{
	struct edit *e = &p->edits[p->edits_n];

	if (!after || p->edits_n == PLAN_EDITS_MAX) {
		free(after);
		return after ? -E2BIG : -ENOMEM;
	}
	*e = (struct edit){
	    .path = strdup(f->path), .now = *now, .after = after, .after_len = strlen(after)};
	e->restores = restores;
	e->removes = restores && !f->before.exists;
	/* Owner and mode we never change: they are what somebody may have made them since. */
	e->before.st = now->st;
	e->before.st.st_mtim = f->before.st.st_mtim;
	*now = (struct rootfs_file){0};
	p->edits_n++;
	return e->path ? 0 : -ENOMEM;
}

static int plan_changed(struct plan *p, const struct receipt_file *f, struct rootfs_file *now)
{
	char *rest = cut(f, f->after.inserted, now);
	const char *at;

	if (!rest)
		rest = cut(f, f->former.inserted, now);
	if (rest) {
		plan_note(p, "%s was changed since: only what reeve install put in is taken out",
			  f->path);
		return add(p, f, now, rest, false);
	}
	at = strstr(now->text, "reeve");
	if (!at) {
		plan_note(p, "%s was changed since and has nothing of reeve in it: left as it is",
			  f->path);
		return 0;
	}
	return plan_refuse(
	    p, -EBUSY,
	    "%s:%u:1: was changed since, and what reeve install wrote is not there as it was: "
	    "take the entry of reeve out%s, then run this again; nothing is changed",
	    f->path, line_of(now->text, at), f->before.exists ? "" : ", or remove the file");
}

static int plan_file(struct plan *p, const struct receipt_file *f)
{
	_rootfs_file_ struct rootfs_file now = {0};
	int r = rootfs_read(p->root, f->path, &now);

	if (r < 0)
		return plan_refuse(p, r, "read %s, which reeve install wrote: %s", f->path,
				   strerror(-r));
	if (!now.exists) {
		if (f->before.exists)
			plan_note(p, "%s is gone since, and stays so", f->path);
		return 0;
	}
	if (receipt_left(f, &now))
		return add(p, f, &now, strdup(f->before.text), true);
	if (f->before.exists && now.len == f->before.len &&
	    memcmp(now.text, f->before.text, now.len) == 0)
		return 0;
	return plan_changed(p, f, &now);
}

static int plan_all(struct plan *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->receipt->files_n; i++)
		r = plan_file(p, &p->receipt->files[i]);
	return r < 0 && !p->error[0] ? plan_refuse(p, r, "%s", strerror(-r)) : r;
}

static int take_away(struct plan *p)
{
	size_t done;
	int r = rootfs_check(p->root, RECEIPT_PATH, &p->receipt->was);

	if (r < 0)
		return steps_refuse_receipt(p, r, "read");
	r = steps_apply(p, &done);
	if (r < 0)
		return r;
	r = steps_forget(p);
	if (r < 0)
		return steps_refuse_receipt(p, r, "remove");
	steps_remove_dirs(p);
	return 0;
}

int uninstall(const struct install_options *o, char *error, size_t error_size)
{
	_rootfs_ struct rootfs t = {.fd = -1};
	_receipt_ struct receipt receipt = {0};
	struct plan p _plan_ = {
	    .root = &t, .receipt = &receipt, .error = error, .error_size = error_size};
	int r = steps_open_root(o, &t, error, error_size);

	if (r == 0)
		r = receipt_read(&t, &receipt, error, error_size);
	if (r == 0)
		r = plan_all(&p);
	if (r < 0)
		return r;
	steps_show(&p, o->out);
	if (receipt.files_n == 0)
		fprintf(o->out, "nothing to take back: reeve install has changed nothing here\n");
	if (receipt.files_n == 0 || o->dry_run)
		return 0;
	fflush(o->out);
	return o->agree(o->arg) ? take_away(&p) : 1;
}
