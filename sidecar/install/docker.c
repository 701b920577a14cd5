/* SPDX-License-Identifier: Apache-2.0 */
/* docker: a runtime of its own in /etc/docker/daemon.json. One piece of text is put in; every other
 * byte stays as it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "plan.h"
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"

#define CONFIG "/etc/docker/daemon.json"
#define MEMBER_MAX (PLAN_PATH_MAX + 64)
#define PIECE_MAX (MEMBER_MAX + 512)
#define BLANK_MAX 128 /* an indentation longer than that is not imitated */

/* What stands between an object's '{' and its first member: a new member is set off likewise. */
static void blank_after(const char *text, size_t at, char ret[static BLANK_MAX])
{
	size_t len = strspn(text + at + 1, " \t\r\n");

	if (len >= BLANK_MAX)
		len = 0;
	memcpy(ret, text + at + 1, len);
	ret[len] = '\0';
}

/* The blanks its line begins with. */
static void indent_of(const char *text, size_t at, char ret[static BLANK_MAX])
{
	size_t start = at, len;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	len = strspn(text + start, " \t");
	if (len >= BLANK_MAX)
		len = 0;
	memcpy(ret, text + start, len);
	ret[len] = '\0';
}

/* member into the object at text[at], as its first. */
static void piece_into(const char *text, size_t at, const struct json *object, const char *member,
		       char ret[static PIECE_MAX])
{
	char blank[BLANK_MAX];

	if (object->count > 0) {
		blank_after(text, at, blank);
		snprintf(ret, PIECE_MAX, "%s%s,%s", blank, member, blank[0] ? "" : " ");
		return;
	}
	indent_of(text, at, blank);
	blank_after(text, at, ret);
	if (strchr(ret, '\n'))
		snprintf(ret, PIECE_MAX, "\n%s  %s", blank, member);
	else
		snprintf(ret, PIECE_MAX, "\n%s  %s\n%s", blank, member, blank);
}

/* "runtimes" with our member in it, in the manner of the file. */
static void runtimes_around(const char *text, size_t at, const struct json *root,
			    const char *member, char ret[static PIECE_MAX])
{
	char blank[BLANK_MAX] = "\n  ", *line;

	if (root->count > 0)
		blank_after(text, at, blank);
	line = strrchr(blank, '\n');
	if (line)
		snprintf(ret, PIECE_MAX, "\"runtimes\": {%s%s%s%s}", blank, line + 1, member,
			 blank);
	else
		snprintf(ret, PIECE_MAX, "\"runtimes\": {%s}", member);
}

static int insert(struct plan *p, const struct rootfs_file *f, size_t at, const char *piece)
{
	size_t len = strlen(piece);
	_free_ char *after = malloc(f->len + len + 1);

	if (!after)
		return -ENOMEM;
	memcpy(after, f->text, at);
	memcpy(after + at, piece, len);
	memcpy(after + at + len, f->text + at, f->len - at);
	return plan_put(p, CONFIG, after, f->len + len);
}

static int expected(struct plan *p, const struct json *at, const char *what)
{
	return plan_refuse(p, -EINVAL, CONFIG ":%d:%d: expected %s, as dockerd does", at->line,
			   at->column, what);
}

/* 1: it is there. */
static int look_for_runtime(struct plan *p, const struct json *runtimes, const char *program)
{
	const struct json *ours = json_get(runtimes, "reeve");
	const char *path = json_get_string(ours, "path", "");

	if (!ours)
		return 0;
	if (strcmp(path, program) == 0) {
		plan_note(p, CONFIG ":%d has the runtime already, and is left as it is",
			  ours->line);
		return 1;
	}
	return plan_refuse(
	    p, -EEXIST,
	    CONFIG ":%d:%d: there is a runtime \"reeve\" already, which is '%s' and not %s: "
		   "take it out, then run this again",
	    ours->line, ours->column, path, program);
}

static int edit(struct plan *p, const struct rootfs_file *f, const struct json *root,
		const char *program)
{
	char member[MEMBER_MAX], around[PIECE_MAX], piece[PIECE_MAX + BLANK_MAX];
	const struct json *runtimes = json_get(root, "runtimes"), *into = root;
	int r;

	if (root->type != JSON_OBJECT)
		return expected(p, root, "an object");
	if (runtimes && runtimes->type != JSON_OBJECT)
		return expected(p, runtimes, "an object of runtimes");
	r = look_for_runtime(p, runtimes, program);
	if (r != 0)
		return r < 0 ? r : 0;
	snprintf(member, sizeof(member), "\"reeve\": {\"path\": \"%s\"}", program);
	if (runtimes) {
		into = runtimes;
		piece_into(f->text, into->offset, into, member, piece);
	} else {
		runtimes_around(f->text, root->offset, root, member, around);
		piece_into(f->text, into->offset, into, around, piece);
	}
	return insert(p, f, into->offset + 1, piece);
}

static int create(struct plan *p, const char *program)
{
	char text[PIECE_MAX];

	snprintf(text, sizeof(text),
		 "{\n  \"runtimes\": {\n    \"reeve\": {\"path\": \"%s\"}\n  }\n}\n", program);
	return plan_put(p, CONFIG, text, strlen(text));
}

/* dockerd does not start with runtimes both on its command line and in its file. */
static int check_unit(struct plan *p, const char *path)
{
	_rootfs_file_ struct rootfs_file f = {0};
	unsigned line = 1;

	if (rootfs_read(p->root, path, &f) < 0)
		return 0; /* a link to nothing, or to a unit that is looked at by its own name */
	for (const char *at = f.text, *next; *at; at = next, line++) {
		const char *end = strchrnul(at, '\n'), *flag = strstr(at, "--add-runtime");

		next = *end ? end + 1 : end;
		if (flag && flag < end && at[0] != '#')
			return plan_refuse(
			    p, -EEXIST,
			    "%s:%u:%d: starts dockerd with --add-runtime, beside which it takes no "
			    "\"runtimes\" in " CONFIG
			    ": move that runtime there, then run this again",
			    path, line, (int)(flag - at) + 1);
	}
	return 0;
}

static int check_units(struct plan *p)
{
	static const char *const files[] = {"/etc/default/docker", "/etc/sysconfig/docker",
					    "/etc/systemd/system/docker.service",
					    "/lib/systemd/system/docker.service"};
	static const char drop_ins[] = "/etc/systemd/system/docker.service.d";
	_rootfs_names_ struct rootfs_names names = {0};
	char path[PLAN_PATH_MAX];
	int r = rootfs_list(p->root, drop_ins, ".conf", &names);

	if (r < 0)
		return plan_refuse(p, r, "read %s: %s", drop_ins, strerror(-r));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = check_unit(p, files[i]);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", drop_ins, names.at[i]);
		r = check_unit(p, path);
	}
	return r;
}

int docker_plan(struct plan *p)
{
	_rootfs_file_ struct rootfs_file f = {0};
	struct json *root _json_ = NULL;
	char program[PLAN_PATH_MAX], why[200];
	size_t edits = p->edits_n;
	int r = plan_program(p, "reeve-runc", "docker", program);

	if (r == 0)
		r = check_units(p);
	if (r == 0)
		r = plan_read(p, CONFIG, &f);
	if (r < 0)
		return r;
	if (!f.exists) {
		r = create(p, program);
	} else {
		r = json_parse(f.text, f.len, false, &root, why, sizeof(why));
		if (r < 0)
			return plan_refuse(p, r, CONFIG ":%s", why);
		r = edit(p, &f, root, program);
	}
	if (r == 0 && p->edits_n > edits)
		plan_note(p,
			  "docker: then run 'systemctl reload docker'; containers get it by "
			  "'docker run --runtime reeve', or all by \"default-runtime\": \"reeve\"");
	return r;
}
