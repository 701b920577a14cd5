/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a page, in its order. */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include "report.h"

struct page {
	FILE *f;
	struct report *r;
	struct bucket *view;
	size_t view_n;
	int64_t begin_ns, width_ns; /* of the buckets */
	bool failed;		    /* there was no memory for a part of it */
};

void page_summary(struct page *p);
void page_timeline(struct page *p);
void page_refusals(struct page *p);
void page_processes(struct page *p);
void page_touched(struct page *p); /* files, hosts */
void page_ledger(struct page *p);

/* What the script is told of a row: " data-a=MS data-z=MS", since the timeline's beginning. */
void page_span(struct page *p, int64_t from_ns, int64_t to_ns);
/* Two numbers, marked; those that are not 0. */
void page_refused(struct page *p, uint64_t denied, uint64_t would_deny);
/* `reeve WORDS ID` with the container as it was asked for. */
void page_command(struct page *p, const char *words);

/* Of the node's JSON. */
struct json_piece page_get(const char *json, const char *key);
int64_t page_number(const char *json, const char *key);
bool page_true(const char *json, const char *key);
/* The init process; NULL: not on record. */
const struct process *page_init(const struct report *r);

/* page.css and page.js. */
extern const char page_css[], page_css_end[], page_js[], page_js_end[];
