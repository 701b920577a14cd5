/* SPDX-License-Identifier: Apache-2.0 */
/* See steps.h. */
#include "steps.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"

struct lines {
	const char *text;
	size_t len;
};

/* The line at `at`, without its end; *ret_next is behind that. */
static size_t line_at(struct lines l, size_t at, size_t *ret_next)
{
	const char *end = memchr(l.text + at, '\n', l.len - at);
	size_t len = end ? (size_t)(end - l.text) - at : l.len - at;

	*ret_next = at + len + (end ? 1 : 0);
	return len;
}

static void print_line(FILE *out, char sign, unsigned number, struct lines l, size_t at)
{
	char shown[512];
	size_t next, len = line_at(l, at, &next);

	/* A tab is no danger, and told from a blank by nobody. */
	utf8_escape(shown, sizeof(shown), l.text + at, len);
	fprintf(out, "  %c %4u  ", sign, number);
	for (const char *s = shown; *s; s++) {
		if (strncmp(s, "\\x09", 4) == 0) {
			fputc('\t', out);
			s += 3;
		} else {
			fputc(*s, out);
		}
	}
	fputc('\n', out);
}

/* Bytes of the whole lines both begin with; how many lines that are. */
static size_t same_head(struct lines a, struct lines b, unsigned *ret_lines)
{
	size_t at = 0, next_a, next_b;

	for (*ret_lines = 0; at < a.len && at < b.len; (*ret_lines)++) {
		size_t len = line_at(a, at, &next_a);

		if (line_at(b, at, &next_b) != len || next_a != next_b ||
		    memcmp(a.text + at, b.text + at, len) != 0)
			break;
		at = next_a;
	}
	return at;
}

/* Bytes of the whole lines both end with. */
static size_t same_tail(struct lines a, struct lines b, size_t head)
{
	size_t least = (a.len < b.len ? a.len : b.len) - head, n = 0, whole = 0;

	while (n < least && a.text[a.len - 1 - n] == b.text[b.len - 1 - n]) {
		n++;
		if ((a.len - n == head || a.text[a.len - n - 1] == '\n') &&
		    (b.len - n == head || b.text[b.len - n - 1] == '\n'))
			whole = n;
	}
	return whole;
}

static void print_lines(FILE *out, char sign, unsigned number, struct lines l, size_t from,
			size_t to)
{
	size_t next;

	for (size_t at = from; at < to; at = next) {
		line_at(l, at, &next);
		print_line(out, sign, number++, l, at);
	}
}

static void show_difference(FILE *out, struct lines a, struct lines b)
{
	unsigned same;
	size_t head = same_head(a, b, &same), tail = same_tail(a, b, head), start = head, next;

	if (head > 0) {
		for (start--; start > 0 && a.text[start - 1] != '\n'; start--)
			;
		print_line(out, ' ', same, a, start);
	}
	print_lines(out, '-', same + 1, a, head, a.len - tail);
	print_lines(out, '+', same + 1, b, head, b.len - tail);
	if (tail > 0) {
		unsigned number = same + 1;

		for (size_t at = head; at < b.len - tail; at = next, number++)
			line_at(b, at, &next);
		print_line(out, ' ', number, b, b.len - tail);
	}
}

void steps_show(const struct plan *p, FILE *out)
{
	for (size_t i = 0; i < p->edits_n; i++) {
		const struct edit *e = &p->edits[i];
		struct lines now = {e->now.text, e->now.len}, after = {e->after, e->after_len};

		if (e->removes)
			after.len = 0;
		fprintf(out, "%s %s\n",
			e->removes	 ? "remove"
			: !e->now.exists ? "make"
			: e->restores	 ? "restore"
					 : "change",
			e->path);
		show_difference(out, now, after);
	}
	for (size_t i = 0; i < p->notes_n; i++)
		fprintf(out, "%s\n", p->notes[i]);
}

/* Every directory above path that is not there. */
static int note_dirs(struct plan *p, const char *path)
{
	char dir[PLAN_PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		if (rootfs_exists(p->root, dir))
			continue;
		r = receipt_add_dir(p->receipt, dir);
		if (r < 0)
			return r;
	}
	return 0;
}

int steps_make_dirs(struct plan *p)
{
	int r = note_dirs(p, RECEIPT_PATH);

	for (size_t i = 0; r == 0 && i < p->edits_n; i++)
		r = note_dirs(p, p->edits[i].path);
	for (size_t i = 0; r == 0 && i < p->receipt->dirs_n; i++)
		if (!rootfs_exists(p->root, p->receipt->dirs[i])) {
			r = rootfs_mkdir(p->root, p->receipt->dirs[i], 0755);
			if (r < 0)
				return plan_refuse(p, r, "make %s: %s", p->receipt->dirs[i],
						   strerror(-r));
		}
	return r;
}

int steps_apply(struct plan *p, size_t *ret_done)
{
	for (*ret_done = 0; *ret_done < p->edits_n; (*ret_done)++) {
		const struct edit *e = &p->edits[*ret_done];
		const struct stat *like = e->restores ? &e->before.st : &e->now.st;
		int r = e->removes
			    ? rootfs_remove(p->root, e->path, &e->now)
			    : rootfs_write(p->root, e->path, &e->now, e->after, e->after_len,
					   e->restores || e->now.exists ? like : NULL, e->restores);

		if (r == -EBUSY)
			return plan_refuse(
			    p, r, "%s was changed by somebody meanwhile: run this again", e->path);
		if (r < 0)
			return plan_refuse(p, r, "write %s: %s", e->path, strerror(-r));
	}
	return 0;
}

int steps_open_root(const struct install_options *o, struct rootfs *ret, char *error,
		    size_t error_size)
{
	int r = rootfs_open(o->root, ret);

	error[0] = '\0';
	return r < 0 ? util_refuse(r, error, error_size, "open %s: %s", o->root, strerror(-r)) : 0;
}

void steps_remove_dirs(struct plan *p)
{
	for (size_t i = p->receipt->dirs_n; i > 0; i--)
		(void)rootfs_rmdir(p->root, p->receipt->dirs[i - 1]);
}

int steps_forget(struct plan *p)
{
	return p->receipt->was.exists ? rootfs_remove(p->root, RECEIPT_PATH, &p->receipt->was) : 0;
}

int steps_refuse_receipt(struct plan *p, int r, const char *doing)
{
	if (r == -EBUSY)
		return plan_refuse(
		    p, r,
		    "another reeve install or uninstall was at work meanwhile: run this again");
	return plan_refuse(p, r, "%s " RECEIPT_PATH ": %s", doing, strerror(-r));
}
