/* SPDX-License-Identifier: Apache-2.0 */
/* The process tree as a table, a row each, its depth a class: whatever the container forks, the
 * page nests no deeper. Of too many those that were refused something come first, with their
 * ancestors. */
#include <stdlib.h>
#include <string.h>
#include "html.h"
#include "page.h"
#include "sidecar/common/util.h"

#define DEPTH_MAX 24	 /* levels that are indented */
#define ANCESTORS_MAX 64 /* that are shown for the sake of one process */
#define ALIKE_MAX 3	 /* leaves of one parent that ran the same, when there are too many */
#define EXECS_MAX 8
#define LONG 1200 /* bytes of arguments */

struct choice {
	bool *show;
	size_t *above;	  /* nearest one that is shown, PROCESS_NONE */
	size_t *depth;	  /* among those */
	uint64_t *hidden; /* below it and not shown, those nearer to it than to another */
	uint64_t hidden_roots;
	size_t n;
};

static void show_with_ancestors(const struct process_tree *t, struct choice *c, size_t i)
{
	for (size_t n = 0; i != PROCESS_NONE && !c->show[i] && n < ANCESTORS_MAX;
	     i = t->of[i].parent) {
		if (c->n == REPORT_PROCESSES_MAX)
			return;
		c->show[i] = true;
		c->n++;
		n++;
	}
}

/* The same of processes that ran the same and ended alike. */
static uint64_t fingerprint(const struct process *p)
{
	uint64_t h = 0xcbf29ce484222325ull ^ p->execs_n ^ (uint64_t)p->code << 32;

	for (size_t i = 0; i < p->execs_n; i++)
		for (const char *s = p->execs[i].argv; *s; s++)
			h = (h ^ (unsigned char)*s) * 0x100000001b3ull;
	return h;
}

/* Of leaves that are alike, one behind the other, the first few. */
static void show_in_order(const struct process_tree *t, struct choice *c)
{
	uint64_t last = 0;
	size_t parent = PROCESS_NONE, alike = 0, depth = 0;

	for (size_t i = PROCESS_NONE; (i = process_tree_next(t, i, &depth)) != PROCESS_NONE;) {
		const struct process *p = &t->of[i];
		uint64_t now = fingerprint(p);

		alike = p->first_child == PROCESS_NONE && p->parent == parent && now == last
			    ? alike + 1
			    : 0;
		last = now;
		parent = p->parent;
		if (alike < ALIKE_MAX)
			show_with_ancestors(t, c, i);
	}
}

static void choice_release(struct choice *c)
{
	free(c->show);
	free(c->above);
	free(c->depth);
	free(c->hidden);
}

static bool choose(const struct report *r, struct choice *c)
{
	const struct process_tree *t = &r->tree;

	*c = (struct choice){.show = calloc(t->n + 1, sizeof(bool)),
			     .above = calloc(t->n + 1, sizeof(size_t)),
			     .depth = calloc(t->n + 1, sizeof(size_t)),
			     .hidden = calloc(t->n + 1, sizeof(uint64_t))};
	if (!c->show || !c->above || !c->depth || !c->hidden)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (t->n <= REPORT_PROCESSES_MAX || r->whose.of[i].denied ||
		    r->whose.of[i].would_deny)
			show_with_ancestors(t, c, i);
	if (t->n > REPORT_PROCESSES_MAX)
		show_in_order(t, c);
	for (size_t i = 0; i < t->n; i++) {
		size_t parent = t->of[i].parent;

		if (parent == PROCESS_NONE || c->show[parent])
			c->above[i] = parent;
		else
			c->above[i] = c->above[parent];
		if (c->show[i])
			c->depth[i] = c->above[i] == PROCESS_NONE ? 0 : c->depth[c->above[i]] + 1;
		else if (c->above[i] == PROCESS_NONE)
			c->hidden_roots++;
		else
			c->hidden[c->above[i]]++;
	}
	return true;
}

static void put_exec(struct page *p, const struct process_exec *e)
{
	struct json_piece argv = {e->argv, strlen(e->argv)}, path = {e->path, strlen(e->path)};

	if (e->setup)
		fputs("<em>(setup)</em> ", p->f);
	if (argv.s[0] == '[') {
		html_json_word(p->f, argv, REPORT_ARGV_MAX);
	} else {
		html_json_word(p->f, path, REPORT_WORD_MAX);
		fputs(" <em>(arguments lost)</em>", p->f);
	}
}

static void put_command(struct page *p, const struct process *o)
{
	static const char *const words[] = {[PROCESS_INIT] = "init",
					    [PROCESS_FORKED] = "",
					    [PROCESS_ENTERED] = "entered from outside",
					    [PROCESS_UNKNOWN] = "its making is not recorded"};
	FILE *f = p->f;

	if (words[o->origin][0])
		fprintf(f, "<em class=origin>%s</em> ", words[o->origin]);
	for (size_t i = 0; i < o->execs_n && i < EXECS_MAX; i++) {
		fputs(i ? " <span class=then>&rarr;</span> " : "", f);
		put_exec(p, &o->execs[i]);
	}
	if (o->execs_n > EXECS_MAX) {
		fputs(" <em class=cut>and ", f);
		html_count(f, o->execs_n - EXECS_MAX, "exec");
		fputs(" more</em>", f);
	}
	if (o->cut)
		fputs(" <em class=cut>and more that it ran</em>", f);
	if (o->execs_n == 0 && !o->cut) {
		fputs("<em>no exec", f);
		if (o->comm) {
			fputs(", comm ", f);
			html_json_word(f, (struct json_piece){o->comm, strlen(o->comm)},
				       REPORT_WORD_MAX);
		}
		fputs("</em>", f);
	}
}

static void put_end(FILE *f, const struct process *o, bool ended)
{
	if (o->end == PROCESS_LEFT)
		fputs("left", f);
	else if (o->end == PROCESS_NO_END)
		fputs(ended || (o->origin == PROCESS_ENTERED && o->execs_n == 0)
			  ? "<em>not recorded</em>"
			  : "running",
		      f);
	else if (o->signal)
		fprintf(f, "<b>%s</b>%s", o->signal, o->core ? " core" : "");
	else if (o->code)
		fprintf(f, "<b>exit %d</b>", o->code);
	else
		fputs("exit 0", f);
}

static int64_t end_of(const struct page *p, const struct process *o)
{
	if (o->end)
		return o->begin_wall_ns + (int64_t)(o->end_ns - o->begin_ns);
	return p->begin_ns + (int64_t)p->view_n * p->width_ns;
}

static double place(const struct page *p, int64_t wall_ns)
{
	double x =
	    100.0 * (double)(wall_ns - p->begin_ns) / ((double)p->view_n * (double)p->width_ns);

	return x < 0 ? 0 : x > 100 ? 100 : x;
}

/* When it lived, as a line below the timeline. */
static void put_life(const struct page *p, const struct process *o)
{
	double from, to;

	fputs("<td class=life>", p->f);
	if (p->view_n == 0)
		return;
	from = place(p, o->begin_wall_ns);
	to = place(p, end_of(p, o));
	fprintf(p->f,
		"<svg width=100%% height=8 aria-hidden=true><rect x=%.2f%% y=1 width=%.2f%% "
		"height=6 /></svg>",
		from > 99 ? 99 : from, to - from < 1 ? 1 : to - from);
}

/* Its arguments get a box of their own to be scrolled. */
static bool is_long(const struct process *o)
{
	size_t len = 0;

	for (size_t i = 0; i < o->execs_n && i < EXECS_MAX; i++)
		len += strlen(o->execs[i].argv);
	return len > LONG;
}

static void put_process(struct page *p, size_t i, const struct choice *c)
{
	const struct process *o = &p->r->tree.of[i];
	const struct whose_process *w = &p->r->whose.of[i];
	size_t depth = c->depth[i] < DEPTH_MAX ? c->depth[i] : DEPTH_MAX;
	FILE *f = p->f;

	fprintf(f, "<tr id=p%zu data-d=%zu", i, c->depth[i]);
	page_span(p, o->begin_wall_ns, end_of(p, o));
	fprintf(f, "><th scope=row class=\"cmd d%zu\"><div%s>", depth,
		is_long(o) ? " class=long tabindex=0" : "");
	if (c->depth[i] > DEPTH_MAX)
		fprintf(f, "<em>(+%zu)</em> ", c->depth[i] - DEPTH_MAX);
	put_command(p, o);
	if (c->hidden[i]) {
		fputs(" <em class=cut>", f);
		html_put_number(f, c->hidden[i]);
		fputs(" more below it not shown</em>", f);
	}
	fprintf(f, "</div><td class=n>%u<td class=n>%u<td>", o->pid, o->ns_pid);
	html_time(f, o->begin_wall_ns);
	fputs("<td class=n>", f);
	if (o->end)
		html_duration(f, o->end_ns > o->begin_ns ? o->end_ns - o->begin_ns : 0);
	fputs("<td>", f);
	put_end(f, o, page_true(p->r->ledger, "ended"));
	fputs("<td class=n>", f);
	html_put_number(f, w->acts);
	fputs("<td class=n>", f);
	page_refused(p, w->denied, w->would_deny);
	put_life(p, o);
	fputc('\n', f);
}

static void put_notes(struct page *p, uint64_t hidden)
{
	const struct process_tree *t = &p->r->tree;
	int64_t missing = page_number(p->r->ledger, "missing");
	uint64_t unknown = 0;
	FILE *f = p->f;

	for (size_t i = 0; i < t->n; i++)
		unknown += t->of[i].origin == PROCESS_UNKNOWN;
	if (missing > 0) {
		fputs(" The tree may not be whole: ", f);
		html_count(f, (uint64_t)missing, "record");
		fputs(missing == 1 ? " is missing." : " are missing.", f);
	}
	if (unknown) {
		fputs(" The making of ", f);
		html_put_number(f, unknown);
		fputs(" is not on record: it was lost, or is not recorded.", f);
	}
	if (p->r->whose.unknown) {
		fputs(" Of the refusals ", f);
		html_put_number(f, p->r->whose.unknown);
		fputs(" were of processes that are not in this tree.", f);
	}
	if (hidden || t->left_out) {
		fputs(" Shown are those that were refused something, then the others in order: ",
		      f);
		html_put_number(f, hidden);
		fputs(" are left out here", f);
		if (t->left_out) {
			fputs(", and ", f);
			html_count(f, t->left_out, "record");
			fputs(" of forks and execs behind what there was room for", f);
		}
		fputs(". All of them: ", f);
		page_command(p, "tree");
	}
}

void page_processes(struct page *p)
{
	const struct process_tree *t = &p->r->tree;
	struct choice c;
	size_t depth = 0;
	long begin;
	uint64_t cut = 0;
	FILE *f = p->f;

	fputs("<section id=processes><h2>Processes</h2>\n", f);
	if (!choose(p->r, &c)) {
		p->failed = true;
		choice_release(&c);
		return;
	}
	if (t->n == 0) {
		choice_release(&c);
		fputs("<p>No process is on record.</p></section>\n", f);
		return;
	}
	fputs("<p>", f);
	if (t->n == 1)
		fputs("1 process", f);
	else {
		html_put_number(f, t->n);
		fputs(" processes", f);
	}
	fputs(": who made whom, and what each ran. Arguments are whole unless it says how much is "
	      "missing.",
	      f);
	put_notes(p, t->n - c.n);
	fputs("</p>\n<table class=\"filter tree\"><thead><tr><th scope=col>Command<th scope=col "
	      "class=n>Pid<th scope=col "
	      "class=n>Inside<th scope=col>Began<th scope=col class=n>Ran for<th scope=col>End<th "
	      "scope=col "
	      "class=n>Acts<th scope=col class=n>Refused<th scope=col class=life>Life<tbody>\n",
	      f);
	begin = ftell(f);
	for (size_t i = PROCESS_NONE; (i = process_tree_next(t, i, &depth)) != PROCESS_NONE;) {
		if (!c.show[i])
			continue;
		if (ftell(f) - begin < (long)REPORT_SECTION_BYTES)
			put_process(p, i, &c);
		else
			cut++;
	}
	fputs("</table>\n", f);
	if (cut) {
		fputs("<p class=note>The arguments above fill this page's room: ", f);
		html_put_number(f, cut);
		fputs(" more of the chosen processes are not shown. ", f);
		page_command(p, "tree");
		fputs("</p>\n", f);
	}
	fputs("</section>\n", f);
	choice_release(&c);
}
