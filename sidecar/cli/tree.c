/* SPDX-License-Identifier: Apache-2.0 */
/* reeve tree: a container's processes from its record, running or ended: who made whom, what each
 * ran, when, how it ended; and what of that is not on record. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "lines.h"
#include "pager.h"
#include "query.h"
#include "sidecar/common/json_scan.h"
#include "sidecar/common/log.h"
#include "sidecar/common/process_tree.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "verbs.h"

#define ERROR_MAX 2048
#define INDENT_MAX 64 /* levels that are drawn */

static const char *const kinds[] = {PROCESS_TREE_KINDS};
static const char *const fields[] = {PROCESS_TREE_FIELDS};

struct told {
	struct process_tree tree;
	struct json *ledger;
	bool ended;
};

static int64_t lost_of(const struct told *t, const char *kind)
{
	return json_get_number(json_get(t->ledger, "lost_by_kind"), kind, 0);
}

static void put_list(struct json_out *o, const char *key, const char *const *list, size_t n)
{
	json_out_key(o, key);
	json_out_open_array(o);
	for (size_t i = 0; i < n; i++)
		json_out_string(o, list[i], strlen(list[i]));
	json_out_close_array(o);
}

static int take_line(void *arg, const char *line, size_t len)
{
	return process_tree_add(arg, line, len);
}

static int read_records(const char *container, struct process_tree *tree, char *error)
{
	struct json_out *request = query_request("logs", container, true);

	put_list(request, "kinds", kinds, ARRAY_SIZE(kinds));
	put_list(request, "fields", fields, ARRAY_SIZE(fields));
	json_out_close_object(request);
	return lines_each(request, take_line, tree, error, ERROR_MAX);
}

static int read_ledger(const char *container, struct told *t, char *error)
{
	struct json_out *request = query_request("ledger", container, true);
	int r;

	json_out_close_object(request);
	r = query_json(request, &t->ledger, error, ERROR_MAX);
	if (r < 0 && r != -EUCLEAN)
		return r;
	t->ended = json_is_true(t->ledger, "ended");
	return 0;
}

static const char *state_of(const struct told *t, const struct process *p)
{
	if (p->end == PROCESS_EXITED)
		return p->signal ? "signal" : "exit";
	if (p->end == PROCESS_LEFT)
		return "left";
	if (p->origin == PROCESS_ENTERED && p->execs_n == 0)
		return "not recorded"; /* until it executes something, a helper's end is the
					  runtime's */
	return t->ended ? "not recorded" : "running";
}

/* False: nobody knows. */
static bool duration(const struct told *t, const struct process *p, uint64_t *ret_ns)
{
	uint64_t end = p->end ? p->end_ns : util_boot_ns();

	*ret_ns = end > p->begin_ns ? end - p->begin_ns : 0;
	return p->end || strcmp(state_of(t, p), "running") == 0;
}

static void put_duration(const struct told *t, const struct process *p, char *ret, size_t size)
{
	uint64_t ns, ms;
	bool known = duration(t, p, &ns);

	ms = ns / 1000000;
	if (!known)
		snprintf(ret, size, "-");
	else if (ms < 60000)
		snprintf(ret, size, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
	else
		snprintf(ret, size, "%" PRIu64 ":%02u:%02u", ms / 3600000,
			 (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60));
}

static void put_end(const struct told *t, const struct process *p, char *ret, size_t size)
{
	if (p->end == PROCESS_EXITED && p->signal)
		snprintf(ret, size, "%s%s", p->signal, p->core ? " core" : "");
	else if (p->end == PROCESS_EXITED)
		snprintf(ret, size, "exit %d", p->code);
	else
		snprintf(ret, size, "%s", state_of(t, p));
}

/* A string of JSON as a word. */
static void put_word(const char *json)
{
	size_t len;
	_free_ char *bytes = json_scan_bytes((struct json_piece){json, strlen(json)}, &len);

	if (bytes)
		quote_word(stdout, bytes, len);
	else
		fputs("(not known)", stdout);
}

static void put_exec(const struct process_exec *e)
{
	struct json_piece at, word;
	const char *blank = "";

	if (e->setup)
		fputs("(setup) ", stdout);
	if (!json_scan_open((struct json_piece){e->argv, strlen(e->argv)}, &at)) {
		put_word(e->path);
		fputs(" (arguments lost)", stdout);
		return;
	}
	for (; json_scan_element(&at, &word); blank = " ") {
		size_t len;
		_free_ char *bytes = json_scan_bytes(word, &len);

		fputs(blank, stdout);
		if (bytes)
			quote_word(stdout, bytes, len);
	}
}

/* What it ran, one after the other; a process that ran nothing of its own is its maker's copy. */
static void put_command(const struct process *p)
{
	static const char *const words[] = {[PROCESS_INIT] = "(init) ",
					    [PROCESS_FORKED] = "",
					    [PROCESS_ENTERED] = "(entered from outside) ",
					    [PROCESS_UNKNOWN] = "(its making is not recorded) "};

	fputs(words[p->origin], stdout);
	for (size_t i = 0; i < p->execs_n; i++) {
		fputs(i ? " -> " : "", stdout);
		put_exec(&p->execs[i]);
	}
	if (p->execs_n == 0) {
		fputs("(no exec)", stdout);
		if (p->comm) {
			fputs(" comm=", stdout);
			put_word(p->comm);
		}
	}
}

/* Which of its ancestors have brothers to come is what the lines to its left say. */
static void put_branch(const struct process_tree *tree, size_t index, size_t depth)
{
	bool more[INDENT_MAX];
	size_t levels = depth < INDENT_MAX ? depth : INDENT_MAX;
	size_t at = index;

	for (size_t i = levels; i > 0; i--, at = tree->of[at].parent)
		more[i - 1] = tree->of[at].next != PROCESS_NONE;
	if (depth > INDENT_MAX)
		printf("(+%zu) ", depth - INDENT_MAX);
	for (size_t i = 0; i < levels; i++)
		fputs(i + 1 == levels ? (more[i] ? "|- " : "`- ") : (more[i] ? "|  " : "   "),
		      stdout);
}

static void put_notes(const struct told *t)
{
	int64_t lost = json_get_number(t->ledger, "lost", 0),
		missing = json_get_number(t->ledger, "missing", 0);
	size_t unknown = 0;

	for (size_t i = 0; i < t->tree.n; i++)
		unknown += t->tree.of[i].origin == PROCESS_UNKNOWN;
	if (lost > 0 || missing > 0) {
		printf("\nThis tree may not be whole: %" PRId64 " records are missing", missing);
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			if (lost_of(t, kinds[i]) > 0)
				printf(", %s lost %" PRId64, kinds[i], lost_of(t, kinds[i]));
		printf(".\n");
	}
	if (unknown > 0)
		printf("\nThe making of %zu processes is not on record: it was lost, or is not "
		       "recorded "
		       "(--record); they stand\nwhere their own records say.\n",
		       unknown);
}

static void put_text(const struct told *t)
{
	const struct process_tree *tree = &t->tree;
	size_t depth = 0;

	pager_start();
	printf("%8s %8s %-24s %11s %-14s %s\n", "PID", "INSIDE", "START", "DURATION", "END",
	       "COMMAND");
	for (size_t i = PROCESS_NONE; (i = process_tree_next(tree, i, &depth)) != PROCESS_NONE;) {
		const struct process *p = &tree->of[i];
		char start[WHEN_SIZE], seconds[32], end[64];

		when_put(p->begin_wall_ns, start);
		strcpy(start + 23, "Z");
		put_duration(t, p, seconds, sizeof(seconds));
		put_end(t, p, end, sizeof(end));
		printf("%8u %8u %-24s %11s %-14s ", p->pid, p->ns_pid, start, seconds, end);
		put_branch(tree, i, depth);
		put_command(p);
		putchar('\n');
	}
	put_notes(t);
}

static void json_bytes(struct json_out *o, struct json_piece json)
{
	size_t len = 0;
	_free_ char *bytes = json_scan_bytes(json, &len);

	if (bytes)
		json_out_string(o, bytes, len);
	else
		json_out_null(o);
}

static void json_exec(const struct process_exec *e, struct json_out *o)
{
	struct json_piece at, word;

	json_out_open_object(o);
	json_out_member_unsigned(o, "seq", e->seq);
	json_out_member_string(o, "time", e->time);
	json_out_member_bool(o, "setup", e->setup);
	json_out_key(o, "path");
	json_bytes(o, (struct json_piece){e->path, strlen(e->path)});
	json_out_key(o, "argv");
	if (json_scan_open((struct json_piece){e->argv, strlen(e->argv)}, &at)) {
		json_out_open_array(o);
		while (json_scan_element(&at, &word))
			json_bytes(o, word);
		json_out_close_array(o);
	} else {
		json_out_null(o);
	}
	json_out_close_object(o);
}

static void json_or_null(struct json_out *o, const char *key, bool known, uint64_t n)
{
	json_out_key(o, key);
	if (known)
		json_out_unsigned(o, n);
	else
		json_out_null(o);
}

static void json_process(const struct told *t, size_t index, struct json_out *o)
{
	const struct process *p = &t->tree.of[index];
	bool exited = p->end == PROCESS_EXITED, known;
	uint64_t ns;
	char start[WHEN_SIZE];

	known = duration(t, p, &ns);
	when_put(p->begin_wall_ns, start);
	json_out_open_object(o);
	json_out_member_unsigned(o, "id", index);
	json_or_null(o, "parent", p->parent != PROCESS_NONE, p->parent);
	json_out_member_string(o, "origin", process_origin_name(p->origin));
	json_out_member_unsigned(o, "pid", p->pid);
	json_out_member_unsigned(o, "ns_pid", p->ns_pid);
	json_out_key(o, "comm");
	json_bytes(o, (struct json_piece){p->comm ? p->comm : "", p->comm ? strlen(p->comm) : 0});
	json_out_member_string(o, "start", start);
	json_or_null(o, "duration_ns", known, ns);
	json_out_member_string(o, "state", state_of(t, p));
	json_or_null(o, "code", exited && !p->signal, (uint64_t)p->code);
	json_out_key(o, "signal");
	if (exited && p->signal)
		json_out_string(o, p->signal, strlen(p->signal));
	else
		json_out_null(o);
	json_out_member_bool(o, "core", p->core);
	json_out_key(o, "execs");
	json_out_open_array(o);
	for (size_t i = 0; i < p->execs_n; i++)
		json_exec(&p->execs[i], o);
	json_out_close_array(o);
	json_out_close_object(o);
}

static int put_json(const struct told *t)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *text;
	size_t len;
	int r;

	json_out_open_object(o);
	json_out_member_string(o, "id", json_get_string(t->ledger, "id", ""));
	json_out_member_bool(o, "ended", t->ended);
	json_out_member_number(o, "missing", json_get_number(t->ledger, "missing", 0));
	json_out_key(o, "lost");
	json_out_open_object(o);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (lost_of(t, kinds[i]) > 0)
			json_out_member_number(o, kinds[i], lost_of(t, kinds[i]));
	json_out_close_object(o);
	json_out_key(o, "processes");
	json_out_open_array(o);
	for (size_t i = 0; i < t->tree.n; i++)
		json_process(t, i, o);
	json_out_close_array(o);
	json_out_close_object(o);
	r = o ? json_out_text(o, &text, &len) : -ENOMEM;
	if (r < 0)
		return log_err(r, "write the tree"), 1;
	return printf("%s\n", text) < 0;
}

int verb_tree(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	char error[ERROR_MAX] = "";
	struct told t = {};
	int c = getopt_long(argc, argv, "", options, NULL), r;

	if (c == '?' || optind + 1 != argc)
		return verb_usage("tree");
	process_tree_init(&t.tree);
	r = read_records(argv[optind], &t.tree, error);
	if (r == 0)
		r = read_ledger(argv[optind], &t, error);
	process_tree_settle(&t.tree, json_get_number(t.ledger, "missing", 1) == 0);
	if (r < 0)
		log_err(error[0] ? 0 : r, "processes of %s%s%s", argv[optind], error[0] ? ": " : "",
			error);
	else if (c == 'j')
		r = put_json(&t);
	else
		put_text(&t);
	pager_end();
	process_tree_release(&t.tree);
	json_free(t.ledger);
	return r != 0;
}
