/* SPDX-License-Identifier: Apache-2.0 */
/* The top of the page: what to think of the record, in words, then what the container was. Good is
 * said only where the node said so; what it did not say is not known. */
#include <string.h>
#include "html.h"
#include "page.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"

enum state { GOOD, WARN, BAD };

static const char *const states[] = {"good", "warn", "bad"};
static const char *const marks[] = {"&#10003;", "!", "&#10007;"};

struct finding {
	enum state state;
	char head[80], says[400];
};

/* Of a list of the chain's. */
static uint64_t count_of(const char *verify, const char *key)
{
	struct json_piece at, element;
	uint64_t n = 0;

	if (json_scan_open(page_get(verify, key), &at))
		while (json_scan_element(&at, &element))
			n++;
	return n;
}

static int64_t sum_of(struct json_piece object)
{
	struct json_piece at;
	struct json_member m;
	int64_t n = 0;

	if (json_scan_open(object, &at))
		while (json_scan_member(&at, &m))
			n += strtoll(m.value.s, NULL, 10);
	return n;
}

static void judge_count(const struct report *r, struct finding *ret)
{
	const char *l = r->ledger;
	int64_t lost = page_number(l, "lost"), repeats = sum_of(page_get(l, "merged_lost"));
	char given[HTML_NUMBER_SIZE], stored[HTML_NUMBER_SIZE], gone[HTML_NUMBER_SIZE];

	html_number((uint64_t)page_number(l, "expected"), given);
	html_number((uint64_t)page_number(l, "stored"), stored);
	html_number((uint64_t)lost, gone);
	snprintf(ret->says, sizeof(ret->says), "%s given = %s stored + %s lost%s%s", given, stored,
		 gone, repeats ? "; some counts of repetitions were lost, too" : "",
		 page_true(l, "ended") ? "" : ", up to the last checkpoint; it still runs");
	if (!page_true(l, "exact")) {
		ret->state = BAD;
		snprintf(ret->head, sizeof(ret->head), "Does not add up");
		html_number((uint64_t)page_number(l, "missing"), given);
		snprintf(ret->says, sizeof(ret->says),
			 "%s numbers are missing, %s were counted as lost: see the ledger below",
			 given, gone);
	} else if (repeats && !lost) {
		ret->state = WARN;
		snprintf(ret->head, sizeof(ret->head), "Repetitions lost");
	} else if (lost) {
		ret->state = WARN;
		snprintf(ret->head, sizeof(ret->head), "%s lost, all counted", gone);
	} else {
		ret->state = GOOD;
		snprintf(ret->head, sizeof(ret->head), "Nothing lost");
	}
}

static void judge_chain(const struct report *r, struct finding *ret)
{
	const char *v = r->verify;
	char n[HTML_NUMBER_SIZE];

	if (!*v) {
		ret->state = BAD;
		snprintf(ret->head, sizeof(ret->head), "Not verified");
		snprintf(ret->says, sizeof(ret->says), "%s", r->verify_error);
	} else if (!page_true(v, "intact")) {
		ret->state = BAD;
		snprintf(ret->head, sizeof(ret->head), "Not as it was stored");
		snprintf(ret->says, sizeof(ret->says), "%s: see below",
			 count_of(v, "findings") == 1 ? "One finding" : "Several findings");
	} else if (count_of(v, "cuts")) {
		ret->state = WARN;
		snprintf(ret->head, sizeof(ret->head), "Unaltered, but cut");
		snprintf(ret->says, sizeof(ret->says),
			 "The node itself took records away: see below which, when and why");
	} else {
		ret->state = GOOD;
		snprintf(ret->head, sizeof(ret->head), "Unaltered");
		snprintf(
		    ret->says, sizeof(ret->says),
		    "%s records are as they were stored; no anchor from elsewhere was compared",
		    html_number((uint64_t)page_number(v, "records"), n));
	}
}

static void judge_guard(const struct report *r, struct finding *ret)
{
	struct json_piece flags = page_get(r->armed, "policy_flags");
	bool enforced = memmem(flags.s, flags.len, "\"enforce\"", 9) != NULL;
	bool policy = page_get(r->armed, "policy_name").s[0] == '"';

	if (!page_true(r->ledger, "armed")) {
		ret->state = BAD;
		snprintf(ret->head, sizeof(ret->head), "Not armed");
		snprintf(ret->says, sizeof(ret->says),
			 "Its entrypoint was never executed, or the record of that is missing");
		return;
	}
	ret->state = GOOD;
	snprintf(ret->head, sizeof(ret->head), "%s",
		 !policy    ? "Recorded"
		 : enforced ? "Guarded"
			    : "Watched");
	snprintf(ret->says, sizeof(ret->says), "%s from the entrypoint's first instruction on",
		 !policy    ? "Without a policy,"
		 : enforced ? "Its policy was enforced"
			    : "Its policy was tried, not enforced,");
}

static void judge_refusals(const struct report *r, struct finding *ret)
{
	char denied[HTML_NUMBER_SIZE], would[HTML_NUMBER_SIZE];

	html_number(r->acts.denied, denied);
	html_number(r->acts.would_deny, would);
	ret->state = r->acts.denied ? BAD : r->acts.would_deny ? WARN : GOOD;
	snprintf(ret->head, sizeof(ret->head), "%s denied", r->acts.denied ? denied : "Nothing");
	if (r->acts.would_deny)
		snprintf(ret->says, sizeof(ret->says),
			 "%s more would have been, were the policy enforced", would);
	else
		snprintf(ret->says, sizeof(ret->says), "%s",
			 r->acts.denied ? "All of them are counted below, by rule"
					: "No act was refused");
}

static void put_finding(FILE *f, const char *what, const struct finding *g)
{
	fprintf(f, "<li class=%s><span class=mark aria-hidden=true>%s</span><h3>%s</h3><strong>",
		states[g->state], marks[g->state], what);
	html_say(f, g->head);
	fputs("</strong><p>", f);
	html_say(f, g->says);
	fputs("</p>\n", f);
}

static void put_sentence(struct page *p, const struct finding *count, const struct finding *chain)
{
	const struct report *r = p->r;
	FILE *f = p->f;

	fputs("<p class=verdict>", f);
	if (count->state == BAD && chain->state == BAD)
		fputs("This record is neither complete nor proven to be as it was stored. ", f);
	else if (chain->state == BAD)
		fputs("This record is not proven to be as it was stored. ", f);
	else if (count->state == BAD)
		fputs("This record is unaltered, but its numbers do not add up: see the ledger. ",
		      f);
	else if (count->state == WARN || chain->state == WARN)
		fputs("This record is unaltered and has gaps; every gap is known. ", f);
	else
		fputs("This record is complete and unaltered. ", f);
	if (!page_true(r->ledger, "ended"))
		fputs("The container was running when this page was made. ", f);
	if (r->since_ns != INT64_MIN || r->until_ns != INT64_MAX) {
		fputs("Acts shown are those ", f);
		if (r->since_ns != INT64_MIN) {
			fputs("since ", f);
			html_time(f, r->since_ns);
		}
		if (r->until_ns != INT64_MAX) {
			fputs(" until ", f);
			html_time(f, r->until_ns);
		}
		fputs(" alone; the ledger is of all. ", f);
	}
	if (r->acts.unreadable) {
		html_count(f, r->acts.unreadable, "record");
		fputs(" could not be read. ", f);
	}
	fputs("</p>\n", f);
}

static void put_fact(FILE *f, const char *name, struct json_piece v)
{
	if (v.len == 0 || v.s[0] == 'n' || v.len == 2)
		return;
	fprintf(f, "<div><dt>%s<dd>", name);
	html_json_word(f, v, REPORT_WORD_MAX);
	fputs("</div>\n", f);
}

static void put_when(FILE *f, const char *name, struct json_piece v)
{
	size_t len = 0;
	_free_ char *bytes = json_scan_bytes(v, &len);
	_free_ char *text = bytes ? strndup(bytes, len) : NULL;
	int64_t ns;

	if (!text || when_parse(text, 0, &ns) < 0)
		return;
	fprintf(f, "<div><dt>%s<dd>", name);
	html_time(f, ns);
	fputs("</div>\n", f);
}

static void put_labels(FILE *f, struct json_piece labels)
{
	struct json_piece at;
	struct json_member m;
	bool any = false;

	if (!json_scan_open(labels, &at))
		return;
	for (; json_scan_member(&at, &m); any = true) {
		struct json_piece key = {m.key.s - 1, m.key.len + 2};

		fputs(any ? "<br>" : "<div class=wide><dt>Labels<dd>", f);
		html_json_word(f, key, REPORT_WORD_MAX);
		fputs(" = ", f);
		html_json_word(f, m.value, REPORT_WORD_MAX);
	}
	fputs(any ? "</div>\n" : "", f);
}

static void put_exit(FILE *f, const struct report *r)
{
	const struct process *p = page_init(r);

	if (!p || !p->end)
		return;
	fputs("<div><dt>Exit<dd>", f);
	if (p->signal) {
		html_say(f, p->signal);
		fputs(p->core ? ", core dumped" : "", f);
	} else {
		fprintf(f, "%d", p->code);
	}
	fputs(" after ", f);
	html_duration(f, p->end_ns - p->begin_ns);
	fputs("</div>\n", f);
}

static void put_policy(FILE *f, const struct report *r)
{
	struct json_piece version = page_get(r->armed, "policy_version");
	struct json_piece flags = page_get(r->armed, "policy_flags");

	put_fact(f, "Policy", page_get(r->armed, "policy_name"));
	put_fact(f, "Policy is set to", flags);
	if (version.s[0] != 'n') {
		fputs("<div><dt>Policy version<dd>", f);
		html_json_word(f, version, REPORT_WORD_MAX);
		fputs("</div>\n", f);
	}
}

static void put_digest(FILE *f, const struct report *r)
{
	if (page_get(r->armed, "policy_name").s[0] != '"')
		return;
	fputs("<div class=wide><dt>Policy SHA-256<dd>", f);
	html_json_word(f, page_get(r->armed, "policy_sha256"), REPORT_WORD_MAX);
	fputs("</div>\n", f);
}

static void put_facts(struct page *p)
{
	const struct report *r = p->r;
	FILE *f = p->f;

	fputs("<dl class=facts>\n", f);
	put_fact(f, "Name", page_get(r->about, "name"));
	put_fact(f, "Id", page_get(r->ledger, "id"));
	put_fact(f, "Image", page_get(r->about, "image"));
	put_fact(f, "Pod", page_get(r->about, "pod"));
	put_fact(f, "Namespace", page_get(r->about, "namespace"));
	put_fact(f, "State", page_get(r->about, "state"));
	put_when(f, "Started", page_get(r->about, "started"));
	put_when(f, "Armed", page_get(r->armed, "time"));
	put_when(f, "Ended", page_get(r->about, "ended"));
	put_exit(f, r);
	put_policy(f, r);
	put_fact(f, "Runtime", page_get(r->about, "runtime"));
	put_fact(f, "Cgroup", page_get(r->about, "cgroup"));
	put_fact(f, "Cgroup's key", page_get(r->about, "key"));
	put_digest(f, r);
	put_labels(f, page_get(r->about, "labels"));
	fputs("</dl>\n", f);
}

void page_summary(struct page *p)
{
	struct finding count = {}, chain = {}, guard = {}, refusals = {};

	judge_count(p->r, &count);
	judge_chain(p->r, &chain);
	judge_guard(p->r, &guard);
	judge_refusals(p->r, &refusals);
	put_sentence(p, &count, &chain);
	fputs("<ul class=findings>\n", p->f);
	put_finding(p->f, "Completeness", &count);
	put_finding(p->f, "Integrity", &chain);
	put_finding(p->f, "Guard", &guard);
	put_finding(p->f, "Refusals", &refusals);
	fputs("</ul>\n", p->f);
	put_facts(p);
	fputs(
	    "</header>\n"
	    "<nav aria-label=Sections><a href=#timeline>Timeline</a><a href=#denials>Denials</a>"
	    "<a href=#processes>Processes</a><a href=#files>Files</a><a href=#hosts>Network</a>"
	    "<a href=#ledger>Ledger</a><a href=#chain>Chain</a>"
	    "<span id=tools><output id=said aria-live=polite></output>"
	    "<button id=clear type=button>Show all</button><label>Find <input id=find type=search "
	    "autocomplete=off spellcheck=false></label></span></nav>\n<main>\n",
	    p->f);
}
