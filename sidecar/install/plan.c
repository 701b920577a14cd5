/* SPDX-License-Identifier: Apache-2.0 */
/* See plan.h. */
#include "plan.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->edits_n; i++) {
		free(p->edits[i].path);
		free(p->edits[i].after);
		rootfs_file_release(&p->edits[i].now);
		rootfs_file_release(&p->edits[i].before);
	}
	p->edits_n = 0;
}

int plan_refuse(struct plan *p, int r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->error, p->error_size, fmt, args);
	va_end(args);
	return r;
}

void plan_note(struct plan *p, const char *fmt, ...)
{
	va_list args;

	if (p->notes_n == PLAN_NOTES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(p->notes[p->notes_n], PLAN_TEXT_MAX, fmt, args);
	va_end(args);
	for (size_t i = 0; i < p->notes_n; i++)
		if (strcmp(p->notes[i], p->notes[p->notes_n]) == 0)
			return;
	p->notes_n++;
}

/* r is what reading said. */
static int check_read(struct plan *p, const char *path, int r, struct rootfs_file *ret)
{
	switch (r) {
	case 0:
		break;
	case -ELOOP:
		return plan_refuse(
		    p, r,
		    "%s is a symbolic link: what it leads to belongs to somebody else; "
		    "put a file there, or add the entry where the link leads",
		    path);
	case -EMLINK:
		return plan_refuse(p, r,
				   "%s has other names (hard links), which a new version would not "
				   "reach: make it a file of its own ('cp --remove-destination')",
				   path);
	case -EFBIG:
		return plan_refuse(p, r, "%s has more than %u bytes, expected a configuration file",
				   path, ROOTFS_FILE_MAX);
	default:
		return plan_refuse(p, r, "read %s: %s", path, strerror(-r));
	}
	if (utf8_check(ret->text, ret->len) == ret->len && !memchr(ret->text, '\0', ret->len))
		return 0;
	rootfs_file_release(ret);
	return plan_refuse(p, -EILSEQ, "%s:1:1: found bytes that are no text, expected UTF-8",
			   path);
}

/* What was there before us, if now is what we left. */
static const struct receipt_file *ours(const struct plan *p, const char *path,
				       const struct rootfs_file *now)
{
	const struct receipt_file *f = receipt_find(p->receipt, path);

	return f && receipt_left(f, now) ? f : NULL;
}

int plan_read(struct plan *p, const char *path, struct rootfs_file *ret)
{
	const struct receipt_file *f;
	struct rootfs_file now = {0};
	int r;

	/* What this run already wants there counts. */
	for (size_t i = 0; i < p->edits_n; i++)
		if (strcmp(p->edits[i].path, path) == 0) {
			now = (struct rootfs_file){.exists = true,
						   .text = strdup(p->edits[i].after),
						   .len = p->edits[i].after_len};
			*ret = now;
			return now.text ? 0 : -ENOMEM;
		}
	r = check_read(p, path, rootfs_look(p->root, path, &now), &now);
	if (r < 0)
		return r;
	f = ours(p, path, &now);
	if (f) {
		rootfs_file_release(&now);
		now = f->before;
		now.text = strdup(f->before.text);
		if (!now.text)
			return -ENOMEM;
	}
	*ret = now;
	return 0;
}

int plan_put(struct plan *p, const char *path, const char *after, size_t len)
{
	const struct receipt_file *f;
	struct edit *e = &p->edits[p->edits_n];
	int r;

	for (size_t i = 0; i < p->edits_n; i++)
		if (strcmp(p->edits[i].path, path) == 0)
			return p->edits[i].after_len == len &&
				       memcmp(p->edits[i].after, after, len) == 0
				   ? 0
				   : plan_refuse(p, -EINVAL,
						 "%s: two runtimes want different things there; "
						 "name one with --runtime",
						 path);
	if (p->edits_n == PLAN_EDITS_MAX)
		return plan_refuse(p, -E2BIG, "more than %d files to change", PLAN_EDITS_MAX);
	*e = (struct edit){0};
	r = check_read(p, path, rootfs_read(p->root, path, &e->now), &e->now);
	if (r < 0)
		return r;
	p->edits_n++;
	f = ours(p, path, &e->now);
	e->before = f ? f->before : e->now;
	e->before.text = strdup(e->before.text);
	e->path = strdup(path);
	e->after = strndup(after, len);
	e->after_len = len;
	if (!e->before.text || !e->path || !e->after)
		return -ENOMEM;
	if (e->now.exists && e->now.len == len && memcmp(e->now.text, after, len) == 0) {
		p->edits_n--;
		free(e->path);
		free(e->after);
		rootfs_file_release(&e->now);
		rootfs_file_release(&e->before);
	}
	return 0;
}

int plan_program(struct plan *p, const char *name, const char *runtime, char *ret)
{
	if ((size_t)snprintf(ret, PLAN_PATH_MAX, "%s/bin/%s", p->prefix, name) >= PLAN_PATH_MAX)
		return plan_refuse(p, -ENAMETOOLONG, "--prefix %.64s...: too long", p->prefix);
	if (utf8_check(ret, strlen(ret)) != strlen(ret) || strpbrk(ret, "\"\\\n"))
		return plan_refuse(p, -EINVAL,
				   "--prefix: expected a path without quotes and backslashes");
	if (!rootfs_is_program(p->root, ret))
		return plan_refuse(
		    p, -ENOENT,
		    "%s is no program there, and %s would start no container with it: install "
		    "reeve first, or say where it is with --prefix",
		    ret, runtime);
	return 0;
}
