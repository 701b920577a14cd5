/* SPDX-License-Identifier: Apache-2.0 */
/* See report.h: the page from its head to its foot. Style and script stand in it, and their hashes
 * in its policy: a browser runs nothing else, and fetches nothing. */
#include "page.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "html.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/sha256.h"
#include "sidecar/common/util.h"

int report_init(struct report *r)
{
	char **answers[] = {&r->about,	&r->armed,	 &r->ledger,	  &r->ledger_text,
			    &r->verify, &r->verify_text, &r->verify_error};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (!*answers[i] && !(*answers[i] = strdup("")))
			return -ENOMEM;
	process_tree_init(&r->tree);
	r->tree.bytes_max = REPORT_TREE_BYTES;
	return 0;
}

int report_begin_acts(struct report *r)
{
	int err = whose_init(&r->whose, &r->tree);

	if (err == 0)
		err = acts_init(&r->acts, &r->whose);
	if (err == 0)
		err = refusals_init(&r->refusals, REPORT_REFUSALS_MAX, REPORT_SECTION_BYTES,
				    &r->acts);
	return err;
}

void report_release(struct report *r)
{
	char *answers[] = {r->about,  r->armed,	      r->ledger,      r->ledger_text,
			   r->verify, r->verify_text, r->verify_error};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		free(answers[i]);
	refusals_release(&r->refusals);
	acts_release(&r->acts);
	whose_release(&r->whose);
	process_tree_release(&r->tree);
}

struct json_piece page_get(const char *json, const char *key)
{
	struct json_piece v = {"null", 4};

	(void)json_scan_get((struct json_piece){json, strlen(json)}, key, &v);
	return v;
}

int64_t page_number(const char *json, const char *key)
{
	return strtoll(page_get(json, key).s, NULL, 10);
}

bool page_true(const char *json, const char *key)
{
	return page_get(json, key).s[0] == 't';
}

const struct process *page_init(const struct report *r)
{
	for (size_t i = 0; i < r->tree.n; i++)
		if (r->tree.of[i].origin == PROCESS_INIT)
			return &r->tree.of[i];
	return NULL;
}

void page_span(struct page *p, int64_t from_ns, int64_t to_ns)
{
	fprintf(p->f, " data-a=%lld data-z=%lld", (long long)((from_ns - p->begin_ns) / 1000000),
		(long long)((to_ns - p->begin_ns) / 1000000));
}

void page_command(struct page *p, const char *words)
{
	_free_ char *word = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&word, &len);

	if (f)
		quote_word(f, p->r->asked, strlen(p->r->asked));
	if (!f || fclose(f) != 0) {
		p->failed = true;
		return;
	}
	fprintf(p->f, "<kbd>reeve %s ", words);
	html_text(p->f, word, len);
	fputs("</kbd>", p->f);
}

void page_refused(struct page *p, uint64_t denied, uint64_t would_deny)
{
	char n[HTML_NUMBER_SIZE];

	if (denied)
		fprintf(p->f, "<span class=denied>%s</span>", html_number(denied, n));
	if (would_deny)
		fprintf(p->f, " <span class=would>%s</span>", html_number(would_deny, n));
}

static void put_hash(FILE *f, const char *text, size_t len)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t hash[SHA256_SIZE + 1] = {};
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, text, len);
	sha256_end(&h, hash);
	fputs("'sha256-", f);
	for (size_t i = 0; i < SHA256_SIZE; i += 3) {
		uint32_t bits = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 |
				(i + 2 < SHA256_SIZE ? hash[i + 2] : 0);

		for (unsigned k = 0; k < 4; k++)
			fputc(i + 2 >= SHA256_SIZE && k == 3 ? '='
							     : digits[bits >> (18 - 6 * k) & 63],
			      f);
	}
	fputc('\'', f);
}

static void put_title(struct page *p)
{
	const char *about = p->r->about;

	if (p->r->title)
		html_say(p->f, p->r->title);
	else
		html_json_word(p->f,
			       page_get(about, page_get(about, "name").s[0] == '"' ? "name" : "id"),
			       REPORT_WORD_MAX);
}

/* Then its date stands at the top, and not in every row. */
static bool on_one_day(const struct report *r)
{
	int64_t day = 86400ll * 1000000000;

	return r->acts.buckets.first_ns / day == r->acts.buckets.last_ns / day;
}

static void put_head(struct page *p)
{
	size_t css = (size_t)(page_css_end - page_css), js = (size_t)(page_js_end - page_js);
	FILE *f = p->f;

	fputs("<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
	      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src ",
	      f);
	put_hash(f, page_css, css);
	fputs("; script-src ", f);
	put_hash(f, page_js, js);
	fputs("; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
	      "<meta name=referrer content=no-referrer>\n"
	      "<meta name=color-scheme content=\"light dark\">\n"
	      "<meta name=generator content=\"reeve ",
	      f);
	html_say(f, p->r->build);
	fputs("\">\n<title>", f);
	html_say(f, p->r->title ? p->r->title : p->r->asked);
	fputs(" - reeve report</title>\n<style>", f);
	fwrite(page_css, 1, css, f);
	fprintf(f, "</style>\n</head>\n<body%s>\n", on_one_day(p->r) ? " class=oneday" : "");
	fputs("<header class=top>\n<p class=kicker>reeve report</p>\n<h1>", f);
	put_title(p);
	fputs("</h1>\n", f);
}

static void put_foot(struct page *p)
{
	FILE *f = p->f;

	fputs("</main>\n<footer>\n<p>Made ", f);
	html_time(f, p->r->made_ns);
	fputs(" by reeve ", f);
	html_say(f, p->r->build);
	fputs(
	    " from the record of this container alone. All times are UTC. Names, paths and "
	    "arguments are the "
	    "container's own words, written as a shell reads them: <code>$'\\x1b'</code> is a byte "
	    "that cannot be shown or would hide something. All of the record: ",
	    f);
	page_command(p, "logs");
	fputs(", as data ", f);
	page_command(p, "logs --format json");
	fputs(".</p>\n</footer>\n<script>", f);
	fwrite(page_js, 1, (size_t)(page_js_end - page_js), f);
	fputs("</script>\n</body>\n</html>\n", f);
}

int report_page(struct report *r, char **ret, size_t *ret_len)
{
	struct page p = {.r = r};
	char *text = NULL;
	bool failed;
	int err;

	touched_fold(&r->acts.files, REPORT_TOUCHED_MAX);
	touched_fold(&r->acts.hosts, REPORT_TOUCHED_MAX);
	touched_fold(&r->refusals.groups, REPORT_TOUCHED_MAX / 4);
	touched_sort(&r->acts.files);
	touched_sort(&r->acts.hosts);
	touched_sort(&r->refusals.groups);
	err = buckets_view(&r->acts.buckets, REPORT_BUCKETS_MAX, &p.view, &p.view_n, &p.begin_ns,
			   &p.width_ns);
	if (err < 0)
		return err;
	p.f = open_memstream(&text, ret_len);
	if (!p.f) {
		free(p.view);
		return -ENOMEM;
	}
	html_begin();
	put_head(&p);
	page_summary(&p);
	page_timeline(&p);
	page_refusals(&p);
	page_processes(&p);
	page_touched(&p);
	page_ledger(&p);
	put_foot(&p);
	free(p.view);
	failed = ferror(p.f) != 0 || html_lost() || p.failed;
	if (fclose(p.f) != 0 || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}
