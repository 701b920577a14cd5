/* SPDX-License-Identifier: Apache-2.0 */
/* See install.h. The order makes every step safe to be the last one: what was there is in the
 * receipt before anything changes, and leaves it after everything is back. */
#include "install.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "steps.h"

#define PROGRAMS_MAX 3

/* The programs by which a runtime is known to be there. */
static const struct runtime {
	const char *name;
	const char *programs[PROGRAMS_MAX];
	int (*plan)(struct plan *p);
} runtimes[] = {
    {"podman", {"podman"}, hooks_plan_podman},
    {"crio", {"crio"}, hooks_plan_crio},
    {"docker", {"dockerd"}, docker_plan},
    {"containerd", {"containerd"}, containerd_plan},
};
const char *const install_runtimes[] = {"auto", "podman", "crio", "docker", "containerd", NULL};

static bool is_there(const struct rootfs *t, const struct runtime *r)
{
	static const char *const dirs[] = {"/usr/bin",	      "/usr/sbin", "/usr/local/bin",
					   "/usr/local/sbin", "/bin",	   "/sbin"};
	char path[128];

	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++)
		for (size_t i = 0; i < PROGRAMS_MAX && r->programs[i]; i++) {
			snprintf(path, sizeof(path), "%s/%s", dirs[d], r->programs[i]);
			if (rootfs_is_program(t, path))
				return true;
		}
	return false;
}

static int plan_runtimes(struct plan *p, const struct install_options *o)
{
	bool automatic = strcmp(o->runtime, "auto") == 0;
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		int r;

		if (automatic ? !is_there(p->root, &runtimes[i])
			      : strcmp(o->runtime, runtimes[i].name) != 0)
			continue;
		found++;
		r = runtimes[i].plan(p);
		if (r == -ENOMEM)
			return plan_refuse(p, r, "out of memory");
		if (r < 0)
			return r;
	}
	if (found == 0)
		return plan_refuse(
		    p, -ENOENT,
		    "found none of podman, crio, dockerd and containerd: say which is "
		    "meant with --runtime, or name reeve-hook in a bundle's config.json");
	return 0;
}

/* Back to what it was before this run. */
static int take_back(struct plan *p, size_t done)
{
	struct plan back = {.root = p->root, .edits_n = done};
	size_t ignored;

	back.error = (char[PLAN_TEXT_MAX]){0};
	back.error_size = PLAN_TEXT_MAX;
	for (size_t i = 0; i < done; i++) {
		const struct edit *e = &p->edits[i];

		back.edits[i] = (struct edit){
		    .path = e->path,
		    .now = {.exists = true, .text = e->after, .len = e->after_len},
		    .before.st = e->now.st,
		    .restores = true,
		    .removes = !e->now.exists,
		    .after = e->now.text,
		    .after_len = e->now.len,
		};
	}
	return steps_apply(&back, &ignored); /* all of it is p's: nothing to release */
}

/* More of the reason that is there. */
static void add_reason(struct plan *p, const char *what)
{
	size_t len = strlen(p->error);

	snprintf(p->error + len, p->error_size - len, "; %s", what);
}

/* The receipt this run has written becomes the one from before it. */
static int take_back_receipt(struct plan *p, struct receipt *old)
{
	if (old->files_n == 0)
		return steps_forget(p);
	rootfs_file_release(&old->was);
	old->was = p->receipt->was;
	p->receipt->was = (struct rootfs_file){0};
	return receipt_write(p->root, old);
}

static int make_changes(struct plan *p)
{
	_receipt_ struct receipt old = {0};
	size_t done = 0;
	int r = receipt_read(p->root, &old, p->error, p->error_size), written = -EBUSY;

	for (size_t i = 0; r == 0 && i < p->edits_n; i++) {
		const struct edit *e = &p->edits[i];

		r = receipt_add(p->receipt, e->path, &e->before, &e->now, e->after, e->after_len);
	}
	if (r < 0)
		return p->error[0] ? r : plan_refuse(p, r, "too much to keep: %s", strerror(-r));
	r = steps_make_dirs(p);
	if (r == 0) {
		r = written = receipt_write(p->root, p->receipt);
		if (r < 0)
			(void)steps_refuse_receipt(p, r, "note what uninstall takes back in");
	}
	if (r == 0)
		r = steps_apply(p, &done);
	if (r == 0)
		return 0;
	if (take_back(p, done) < 0) {
		add_reason(p, "some of what was changed before could not be taken back: 'reeve "
			      "uninstall' does it");
		return r;
	}
	if (written == 0 && take_back_receipt(p, &old) < 0)
		add_reason(p, "and " RECEIPT_PATH " could not be made what it was: 'reeve "
			      "uninstall' takes back what is there");
	if (old.dirs_n == 0)
		steps_remove_dirs(p);
	return r;
}

int install(const struct install_options *o, char *error, size_t error_size)
{
	_rootfs_ struct rootfs t = {.fd = -1};
	_receipt_ struct receipt receipt = {0};
	struct plan p _plan_ = {.root = &t,
				.receipt = &receipt,
				.prefix = o->prefix,
				.error = error,
				.error_size = error_size};
	int r = steps_open_root(o, &t, error, error_size);

	if (r == 0)
		r = receipt_read(&t, &receipt, error, error_size);
	if (r == 0)
		r = plan_runtimes(&p, o);
	if (r < 0)
		return r;
	steps_show(&p, o->out);
	if (p.edits_n == 0)
		fprintf(o->out, "nothing to change\n");
	if (p.edits_n == 0 || o->dry_run)
		return 0;
	fflush(o->out);
	return o->agree(o->arg) ? make_changes(&p) : 1;
}
