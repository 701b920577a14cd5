/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline, a drawing and the same as a table. Places are percentages: it is as wide as the
 * page is, without a script and without a word being stretched. */
#include <string.h>
#include <time.h>
#include "html.h"
#include "page.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"

#define TOP 34 /* pixels: denials stand above */
#define HEIGHT 150
#define AXIS (TOP + HEIGHT)
#define TICKS 8

static uint64_t sum(const struct bucket *b)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < CLASS_COUNT; i++)
		n += b->n[i];
	return n;
}

static uint64_t highest(const struct page *p)
{
	uint64_t most = 1, n;

	for (size_t i = 0; i < p->view_n; i++)
		if ((n = sum(&p->view[i])) > most)
			most = n;
	return most;
}

/* HH:MM:SS and as much of the fraction as tells spans apart. */
static void put_clock(FILE *f, const struct page *p, int64_t ns)
{
	char when[WHEN_SIZE];

	when_put(ns, when);
	if (p->width_ns >= 3600ll * 1000000000)
		fprintf(f, "%.5s %.5s", when + 5, when + 11);
	else
		fprintf(f, "%.*s", p->width_ns >= 1000000000 ? 8 : 12, when + 11);
}

static void put_tooltip(const struct page *p, size_t i)
{
	const struct bucket *b = &p->view[i];
	FILE *f = p->f;

	fputs("<title>", f);
	put_clock(f, p, p->begin_ns + (int64_t)i * p->width_ns);
	for (unsigned k = 0; k < CLASS_COUNT; k++)
		if (b->n[k])
			fprintf(f, "\n%u %s", b->n[k], report_class_name(k));
	if (b->n[CLASS_DENIED])
		fprintf(f, "\n%u denied", b->n[CLASS_DENIED]);
	if (b->n[CLASS_WOULD_DENY])
		fprintf(f, "\n%u would be denied", b->n[CLASS_WOULD_DENY]);
	fputs("</title>", f);
}

/* Each class on top of the one before; what is there at all is a pixel high. */
static void put_bar(const struct page *p, size_t i, uint64_t most)
{
	const struct bucket *b = &p->view[i];
	double step = 100.0 / (double)p->view_n, x = step * (double)i, y = AXIS;
	double width = p->view_n > 60 ? step * 0.9 : step * 0.8;

	if (sum(b) == 0)
		return;
	fputs("<g>", p->f);
	put_tooltip(p, i);
	for (unsigned k = 0; k < CLASS_COUNT; k++) {
		double height = (double)b->n[k] * HEIGHT / (double)most;

		if (b->n[k] == 0)
			continue;
		height = height < 1 ? 1 : height;
		y -= height;
		fprintf(p->f, "<rect class=c%u x=%.3f%% y=%.1f width=%.3f%% height=%.1f />", k, x,
			y, width, height);
	}
	for (unsigned k = CLASS_DENIED; k <= CLASS_WOULD_DENY; k++)
		if (b->n[k])
			fprintf(p->f, "<circle class=c%u cx=%.3f%% cy=%d r=5 />", k, x + width / 2,
				k == CLASS_DENIED ? 10 : 24);
	fputs("</g>\n", p->f);
}

/* At round times, at most TICKS of them. */
static void put_axis(const struct page *p)
{
	int64_t whole = (int64_t)p->view_n * p->width_ns;
	int64_t step = buckets_round(whole / TICKS, p->width_ns), at = p->begin_ns;

	at += (step - at % step) % step;
	for (unsigned n = 0; at < p->begin_ns + whole; at += step, n++) {
		double x = 100.0 * (double)(at - p->begin_ns) / (double)whole;

		fprintf(p->f, "<line class=tick x1=%.3f%% x2=%.3f%% y1=%d y2=%d />", x, x, AXIS,
			AXIS + 16);
		if (x > 93)
			continue; /* no room for its words */
		fprintf(p->f, "<text class=%s x=%.3f%% dx=3 y=%d>", n % 2 ? "odd" : "even", x,
			AXIS + 14);
		put_clock(p->f, p, at);
		fputs("</text>", p->f);
	}
}

static void put_drawing(const struct page *p)
{
	uint64_t most = highest(p);
	FILE *f = p->f;

	fprintf(f,
		"<div id=plot data-n=%zu data-width=%lld data-begin=%lld><svg width=100%% "
		"height=%d role=img "
		"aria-labelledby=timeline-said>\n"
		"<line class=lane x1=0 x2=100%% y1=%d y2=%d /><line class=half x1=0 x2=100%% y1=%d "
		"y2=%d />"
		"<line class=base x1=0 x2=100%% y1=%d y2=%d />\n",
		p->view_n, (long long)(p->width_ns / 1000000), (long long)(p->begin_ns / 1000000),
		AXIS + 18, TOP, TOP, TOP + HEIGHT / 2, TOP + HEIGHT / 2, AXIS, AXIS);
	for (size_t i = 0; i < p->view_n; i++)
		put_bar(p, i, most);
	put_axis(p);
	fprintf(f, "<text class=scale x=100%% y=%d>", TOP + 12);
	html_put_number(f, most);
	fputs("</text></svg></div>\n<ul class=key>", f);
	for (unsigned k = 0; k < CLASS_COUNT; k++)
		fprintf(f, "<li class=c%u>%s", k, report_class_name(k));
	fprintf(f, "<li class=\"c%u dot\">denied<li class=\"c%u dot\">would be denied</ul>\n",
		CLASS_DENIED, CLASS_WOULD_DENY);
}

static void put_table(const struct page *p)
{
	FILE *f = p->f;

	fputs("<details><summary>The same as a table</summary><div class=scroll><table "
	      "class=numbers id=buckets>"
	      "<thead><tr><th scope=col>From",
	      f);
	for (unsigned k = 0; k < CLASS_COUNT; k++)
		fprintf(f, "<th scope=col>%s", report_class_name(k));
	fputs("<th scope=col>denied<th scope=col>would be denied<tbody>\n", f);
	for (size_t i = 0; i < p->view_n; i++) {
		if (sum(&p->view[i]) == 0)
			continue;
		fprintf(f, "<tr data-i=%zu><th scope=row>", i);
		put_clock(f, p, p->begin_ns + (int64_t)i * p->width_ns);
		for (unsigned k = 0; k < CLASS_COLUMNS; k++)
			fprintf(f, "<td>%u", p->view[i].n[k]);
		fputc('\n', f);
	}
	fputs("</table></div></details>\n", f);
}

static void put_width(FILE *f, int64_t ns)
{
	int64_t ms = ns / 1000000, s = ms / 1000;

	if (ms < 1000)
		fprintf(f, "%lld ms", (long long)ms);
	else if (s < 60)
		fprintf(f, "%lld s", (long long)s);
	else if (s < 3600)
		fprintf(f, "%lld min", (long long)s / 60);
	else if (s < 86400)
		fprintf(f, "%lld h", (long long)s / 3600);
	else
		fprintf(f, "%lld d", (long long)s / 86400);
}

void page_timeline(struct page *p)
{
	const struct acts *a = &p->r->acts;
	FILE *f = p->f;

	fputs("<section id=timeline><h2>Timeline</h2>\n<p id=timeline-said>", f);
	if (p->view_n == 0) {
		fputs("No act is on record.</p></section>\n", f);
		return;
	}
	html_count(f, a->records - a->account - a->unreadable, "record");
	fputs(" from ", f);
	html_time(f, a->buckets.first_ns);
	fputs(" to ", f);
	html_time(f, a->buckets.last_ns);
	fputs(", by what they are about; a bar is ", f);
	put_width(f, p->width_ns);
	fputs(". Denials are the dots above. ", f);
	html_count(f, a->account, "record");
	fputs(" of reeve's own account are not drawn.<span class=scripted> Drag, click, or use the "
	      "arrow "
	      "keys to see a part of it alone in the lists below.</span></p>\n",
	      f);
	put_drawing(p);
	put_table(p);
	fputs("</section>\n", f);
}
