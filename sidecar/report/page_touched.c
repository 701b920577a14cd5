/* SPDX-License-Identifier: Apache-2.0 */
/* What was touched: the refusals first as groups, then one by one; files; hosts. */
#include <string.h>
#include "html.h"
#include "page.h"
#include "sidecar/common/util.h"

#define PARTS_MAX 8

struct part {
	const char *s;
	size_t len;
};

/* A folded name has fewer of them. */
static size_t parts_of(const struct touch *o, struct part *ret)
{
	const char *at = o->key, *end = at + o->len, *next;
	size_t n = 0;

	if (o->folded && o->len == 0)
		return 0;
	for (; n < PARTS_MAX; at = next + 1) {
		next = memchr(at, ACTS_PART, (size_t)(end - at));
		ret[n++] = (struct part){at, (size_t)((next ? next : end) - at)};
		if (!next)
			break;
	}
	return n;
}

static void put_part(FILE *f, const struct part *parts, size_t n, size_t i)
{
	if (i < n && !(parts[i].len == 1 && parts[i].s[0] == '-'))
		html_text(f, parts[i].s, parts[i].len);
}

static void put_many(FILE *f, const struct touch *o, const char *what)
{
	fputs("<em class=cut>", f);
	html_put_number(f, o->names);
	fprintf(f, " or more %s</em>", what);
}

static void put_counts(struct page *p, const struct touch *o)
{
	FILE *f = p->f;

	fputs("<td class=n>", f);
	html_put_number(f, o->n);
	fputs("<td class=n>", f);
	page_refused(p, o->denied, o->would_deny);
	fputs("<td>", f);
	html_time(f, o->first_ns);
	fputs("<td>", f);
	html_time(f, o->last_ns);
	fputc('\n', f);
}

static void put_row(struct page *p, const struct touch *o)
{
	fputs("<tr", p->f);
	page_span(p, o->first_ns, o->last_ns);
	fputc('>', p->f);
}

static uint64_t sum(const struct touched *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->of[i].n;
	return n;
}

static uint64_t folds(const struct touched *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->of[i].folded;
	return n;
}

static void put_folds(struct page *p, const struct touched *t, const char *what,
		      const char *command)
{
	if (folds(t)) {
		html_count(p->f, folds(t), "line");
		fprintf(p->f,
			" stand%s for several %s that begin alike, since there were too many for "
			"this page: no act "
			"is left out of the sums, only names are. They are all in ",
			folds(t) == 1 ? "s" : "", what);
		page_command(p, command);
		fputs(". ", p->f);
	}
	if (t->unplaced) {
		html_count(p->f, t->unplaced, "repetition");
		fputs(" are in no line: of acts that have no name, or from before. ", p->f);
	}
}

static void put_ways(FILE *f, uint32_t ways)
{
	const char *comma = "";

	for (unsigned i = 0; i < WAY_COUNT; i++)
		if (ways >> i & 1) {
			fprintf(f, "%s%s", comma, acts_way_name(i));
			comma = ", ";
		}
}

static void put_file(struct page *p, const struct touch *o)
{
	FILE *f = p->f;

	put_row(p, o);
	fputs("<th scope=row>", f);
	if (o->folded) {
		html_word(f, o->key, o->len, REPORT_NAME_MAX);
		fputs("<code>/**</code> ", f);
		put_many(f, o, "files");
	} else {
		html_word(f, o->key, o->len, REPORT_NAME_MAX);
	}
	fputs("<td>", f);
	put_ways(f, o->ways);
	put_counts(p, o);
}

/* False: that was all of the section, there is none. */
static bool put_heading(struct page *p, const struct touched *t, const char *id, const char *title, const char *none)
{
	FILE *f = p->f;

	fprintf(f, "<section id=%s><h2>%s</h2>\n<p>", id, title);
	if (t->n == 0) {
		fprintf(f, "%s</p></section>\n", none);
		return false;
	}
	html_count(f, sum(t), "act");
	fputs(" on ", f);
	html_count(f, t->n, "line");
	return true;
}

static void put_files(struct page *p)
{
	const struct touched *t = &p->r->acts.files;
	FILE *f = p->f;

	if (!put_heading(p, t, "files", "Files", "No file was touched, as far as that is recorded."))
		return;
	fputs(": refused ones first, then what was changed, executed, read. Repetitions that were "
	      "counted are in "
	      "the numbers. ",
	      f);
	put_folds(p, t, "files", "logs --path '/DIRECTORY/**'");
	fputs("</p>\n<table class=\"sort filter\"><thead><tr><th scope=col>Path<th scope=col>What "
	      "was done<th scope=col "
	      "class=n>Times<th scope=col class=n>Refused<th scope=col>First<th "
	      "scope=col>Last<tbody>\n",
	      f);
	for (size_t i = 0; i < t->n; i++)
		put_file(p, &t->of[i]);
	fputs("</table></section>\n", f);
}

static void put_host(struct page *p, const struct touch *o)
{
	struct part parts[PARTS_MAX];
	size_t n = parts_of(o, parts);
	FILE *f = p->f;

	put_row(p, o);
	fputs("<th scope=row><code>", f);
	put_part(f, parts, n, n > 3 ? 3 : 2);
	fputs("</code>", f);
	if (n <= 3)
		put_many(f, o, "addresses");
	fputs("<td class=n>", f);
	put_part(f, parts, n, 4);
	if (n == 4)
		put_many(f, o, "ports");
	fputs("<td>", f);
	put_part(f, parts, n, 1);
	fputs("<td>", f);
	put_part(f, parts, n, 0);
	put_counts(p, o);
}

static void put_hosts(struct page *p)
{
	const struct touched *t = &p->r->acts.hosts;
	FILE *f = p->f;

	if (!put_heading(p, t, "hosts", "Network", "No address was used, as far as that is recorded."))
		return;
	fputs(
	    ": refused ones first, then whom it turned to, then who came; of these the port here. ",
	    f);
	put_folds(p, t, "addresses", "logs --addr CIDR:PORT");
	fputs("</p>\n<table class=\"sort filter\"><thead><tr><th scope=col>Address<th scope=col "
	      "class=n>Port<th scope=col>Protocol"
	      "<th scope=col>What was done<th scope=col class=n>Times<th scope=col "
	      "class=n>Refused<th scope=col>First"
	      "<th scope=col>Last<tbody>\n",
	      f);
	for (size_t i = 0; i < t->n; i++)
		put_host(p, &t->of[i]);
	fputs("</table></section>\n", f);
}

void page_touched(struct page *p)
{
	put_files(p);
	put_hosts(p);
}

static bool is_dash(const struct part *part)
{
	return part->len == 1 && part->s[0] == '-';
}

static void put_group(struct page *p, const struct touch *o)
{
	struct part v[PARTS_MAX];
	size_t n = parts_of(o, v);
	FILE *f = p->f;

	put_row(p, o);
	fputs("<th scope=row>", f);
	if (n > 2 && !is_dash(&v[2])) {
		fputs("rule ", f);
		put_part(f, v, n, 2);
		fputs(is_dash(&v[1]) ? "" : " of ", f);
		put_part(f, v, n, 1);
		fputs(n < 4 || is_dash(&v[3]) ? "" : ", line ", f);
		put_part(f, v, n, 3);
	} else {
		fputs("no rule", f);
	}
	fputs("<td>", f);
	put_part(f, v, n, 4);
	fputs("<td><b>", f);
	put_part(f, v, n, 5);
	fputs("</b> <code>", f);
	put_part(f, v, n, 6);
	fputs("</code>", f);
	if (n < 7)
		put_many(f, o, "different");
	put_counts(p, o);
}

static void put_groups(struct page *p)
{
	const struct touched *t = &p->r->refusals.groups;
	FILE *f = p->f;

	fputs("<h3>By rule</h3>\n<table class=\"sort filter\"><thead><tr><th scope=col>Rule<th "
	      "scope=col>Reason"
	      "<th scope=col>Act<th scope=col class=n>Times<th scope=col class=n>Refused<th "
	      "scope=col>First"
	      "<th scope=col>Last<tbody>\n",
	      f);
	for (size_t i = 0; i < t->n; i++)
		put_group(p, &t->of[i]);
	fputs("</table>\n", f);
}

static void put_each(struct page *p)
{
	const struct refusals *g = &p->r->refusals;
	size_t n = g->first_n + g->last_n, begin[2] = {(size_t)ftell(p->f), 0};
	uint64_t shown = 0;
	FILE *f = p->f;

	fputs("<h3>One by one</h3>\n<table class=\"filter each\"><thead><tr><th scope=col>When<th "
	      "scope=col>Verdict"
	      "<th scope=col>Act<th scope=col>Process<th scope=col>Rule<tbody>\n",
	      f);
	for (size_t i = 0; i < n; i++) {
		const struct refusals_row *row = refusals_row(g, i);
		bool last = i >= g->first_n;

		if (last && !begin[1])
			begin[1] = (size_t)ftell(f);
		if ((size_t)ftell(f) - begin[last] > REPORT_SECTION_BYTES / 2)
			continue;
		fputs("<tr", f);
		page_span(p, row->wall_ns, row->wall_ns);
		fputc('>', f);
		refusals_put(f, row, &p->r->whose);
		fputc('\n', f);
		shown++;
	}
	fputs("</table>\n", f);
	if (shown < g->n) {
		fputs("<p class=note>", f);
		html_put_number(f, g->n - shown);
		fputs(" more are counted above and not shown one by one: ", f);
		page_command(p, "logs --verdict denied,would-deny");
		fputs("</p>\n", f);
	}
}

void page_refusals(struct page *p)
{
	const struct refusals *g = &p->r->refusals;
	FILE *f = p->f;

	fputs("<section id=denials><h2>Denials</h2>\n", f);
	if (g->n == 0) {
		fputs("<p>No act was refused.</p></section>\n", f);
		return;
	}
	fputs("<p>", f);
	html_count(f, p->r->acts.denied, "act");
	fputs(" denied", f);
	if (p->r->acts.would_deny) {
		fputs(", ", f);
		html_put_number(f, p->r->acts.would_deny);
		fputs(" would have been", f);
	}
	fputs(". ", f);
	put_folds(p, &g->groups, "acts", "logs --verdict denied,would-deny");
	fputs("</p>\n", f);
	put_groups(p);
	put_each(p);
	fputs("</section>\n", f);
}
