/* SPDX-License-Identifier: Apache-2.0 */
/* reeve report: asks the node for all that stands on the page, sidecar/report/ makes it. The record
 * is read twice: its processes first, of all times, then every act with them. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "lines.h"
#include "progress.h"
#include "query.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "sidecar/report/report.h"
#include "verbs.h"

#define ERROR_MAX 2048

static const char *const tree_kinds[] = {PROCESS_TREE_KINDS};
static const char *const tree_fields[] = {PROCESS_TREE_FIELDS};
static const char *const acts_fields[] = {ACTS_FIELDS};
static const char *const refused[] = {"denied", "would-deny"};

static void put_list(struct json_out *o, const char *key, const char *const *list, size_t n)
{
	json_out_key(o, key);
	json_out_open_array(o);
	for (size_t i = 0; i < n; i++)
		json_out_string(o, list[i], strlen(list[i]));
	json_out_close_array(o);
}

/* An answer to keep. One that says the record is not as it should be is an answer. */
static int ask(struct json_out *request, char **ret, char *error)
{
	char *text = NULL;
	size_t len;
	int r;

	json_out_close_object(request);
	r = query_text(request, &text, &len, error, ERROR_MAX);
	if (r < 0 && r != -EUCLEAN)
		return r;
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	free(*ret);
	*ret = text;
	return 0;
}

/* Its object of all containers', the latest of that id. */
static int ask_about(struct report *g, char *error)
{
	struct json_out *request = query_request("ps", NULL, true);
	struct json_piece id = {"", 0}, at, element, found = {"{}", 2}, own;
	_free_ char *all = NULL;
	int r;

	json_out_member_bool(request, "all", true);
	r = ask(request, &all, error);
	if (r < 0)
		return r;
	(void)json_scan_get((struct json_piece){g->ledger, strlen(g->ledger)}, "id", &id);
	if (json_scan_open((struct json_piece){all, strlen(all)}, &at))
		while (json_scan_element(&at, &element))
			if (json_scan_get(element, "id", &own) && own.len == id.len &&
			    memcmp(own.s, id.s, id.len) == 0)
				found = element;
	free(g->about);
	g->about = strndup(found.s, found.len);
	return g->about ? 0 : -ENOMEM;
}

static int take_armed(void *arg, const char *line, size_t len)
{
	struct report *g = arg;

	if (g->armed[0])
		return 0;
	free(g->armed);
	g->armed = strndup(line, len);
	return g->armed ? 0 : -ENOMEM;
}

static int ask_armed(struct report *g, char *error)
{
	static const char *const kinds[] = {"armed"};
	struct json_out *request = query_request("logs", g->asked, true);

	put_list(request, "kinds", kinds, 1);
	json_out_close_object(request);
	return lines_each(request, take_armed, g, error, ERROR_MAX);
}

static int take_process(void *arg, const char *line, size_t len)
{
	return process_tree_add(arg, line, len);
}

static int ask_tree(struct report *g, char *error)
{
	struct json_out *request = query_request("logs", g->asked, true);
	int r;

	put_list(request, "kinds", tree_kinds, ARRAY_SIZE(tree_kinds));
	put_list(request, "fields", tree_fields, ARRAY_SIZE(tree_fields));
	json_out_close_object(request);
	progress_start("processes", "records", 0);
	r = lines_each(request, take_process, &g->tree, error, ERROR_MAX);
	progress_end();
	return r;
}

static void put_range(const struct report *g, struct json_out *o)
{
	if (g->since_ns != INT64_MIN)
		json_out_member_number(o, "since", g->since_ns);
	if (g->until_ns != INT64_MAX)
		json_out_member_number(o, "until", g->until_ns);
}

static int64_t number(const char *json, const char *key)
{
	struct json_piece v;

	return json_scan_get((struct json_piece){json, strlen(json)}, key, &v)
		   ? strtoll(v.s, NULL, 10)
		   : 0;
}

static int ask_acts(struct report *g, char *error)
{
	struct json_out *request = query_request("logs", g->asked, true);
	bool all = g->since_ns == INT64_MIN && g->until_ns == INT64_MAX;
	int r;

	put_range(g, request);
	put_list(request, "fields", acts_fields, ARRAY_SIZE(acts_fields));
	json_out_close_object(request);
	progress_start("acts", "records", all ? (uint64_t)number(g->ledger, "stored") : 0);
	r = lines_each(request, acts_add, &g->acts, error, ERROR_MAX);
	progress_end();
	return r;
}

static int ask_refusals(struct report *g, char *error)
{
	struct json_out *request = query_request("logs", g->asked, true);
	int r;

	put_range(g, request);
	put_list(request, "verdicts", refused, ARRAY_SIZE(refused));
	json_out_close_object(request);
	g->refusals.up_to = g->acts.last_seq;
	progress_start("refusals", "records", g->acts.denied + g->acts.would_deny);
	r = lines_each(request, refusals_add, &g->refusals, error, ERROR_MAX);
	progress_end();
	return r;
}

/* The node that cannot verify says why; the page says it, too. */
static int ask_verify(struct report *g)
{
	char error[ERROR_MAX] = "";
	int r = ask(query_request("verify", g->asked, true), &g->verify, error);

	if (r == 0)
		r = ask(query_request("verify", g->asked, false), &g->verify_text, error);
	if (r == 0)
		return 0;
	free(g->verify_error);
	g->verify_error = strdup(error[0] ? error : strerror(-r));
	return g->verify_error ? 0 : -ENOMEM;
}

static int ask_all(struct report *g, char *error)
{
	int r = ask(query_request("ledger", g->asked, true), &g->ledger, error);

	if (r == 0)
		r = ask_about(g, error);
	if (r == 0)
		r = ask_armed(g, error);
	if (r == 0)
		r = ask_tree(g, error);
	process_tree_settle(&g->tree, number(g->ledger, "missing") == 0);
	if (r == 0)
		r = report_begin_acts(g);
	if (r == 0)
		r = ask_acts(g, error);
	if (r == 0 && g->acts.denied + g->acts.would_deny > 0)
		r = ask_refusals(g, error);
	if (r == 0)
		r = ask(query_request("ledger", g->asked, true), &g->ledger, error);
	if (r == 0)
		r = ask(query_request("ledger", g->asked, false), &g->ledger_text, error);
	return r < 0 ? r : ask_verify(g);
}

static int write_page(struct report *g, const char *output)
{
	_free_ char *text = NULL;
	size_t len;
	int r = report_page(g, &text, &len);

	if (r < 0)
		return log_err(r, "make the page");
	if (output) {
		r = util_write_file(output, text, len, 0600);
		return r < 0 ? log_err(r, "write %s", output) : 0;
	}
	r = util_write_all(STDOUT_FILENO, text, len);
	return r < 0 && r != -EPIPE ? log_err(r, "write the page") : 0;
}

static int make(struct report *g, const char *output)
{
	char error[ERROR_MAX] = "";
	int r = report_init(g);

	if (r == 0)
		r = ask_all(g, error);
	if (r < 0)
		log_err(error[0] ? 0 : r, "report of %s%s%s", g->asked, error[0] ? ": " : "",
			error);
	else
		r = write_page(g, output);
	report_release(g);
	return r < 0;
}

static bool read_time(const char *option, const char *text, int64_t now_ns, int64_t *ret)
{
	if (!text || when_parse(text, now_ns, ret) == 0)
		return true;
	log_err(0, "--%s '%s': expected " WHEN_EXPECTED, option, text);
	return false;
}

int verb_report(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
						{"title", required_argument, NULL, 't'},
						{"since", required_argument, NULL, 's'},
						{"until", required_argument, NULL, 'u'},
						{0}};
	const char *output = NULL, *since = NULL, *until = NULL;
	struct report g = {.since_ns = INT64_MIN,
			   .until_ns = INT64_MAX,
			   .made_ns = (int64_t)util_wall_ns(),
			   .build = REEVE_BUILD};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const char **to = c == 'o'   ? &output
				  : c == 't' ? &g.title
				  : c == 's' ? &since
				  : c == 'u' ? &until
					     : NULL;

		if (!to)
			return verb_usage("report");
		*to = optarg;
	}
	if (optind + 1 != argc || !read_time("since", since, g.made_ns, &g.since_ns) ||
	    !read_time("until", until, g.made_ns, &g.until_ns))
		return verb_usage("report");
	if (!output && isatty(STDOUT_FILENO)) {
		log_err(
		    0,
		    "the page is for a browser, not for a terminal: 'reeve report %s >FILE', or "
		    "--output FILE",
		    argv[optind]);
		return verb_usage("report");
	}
	g.asked = argv[optind];
	return make(&g, output);
}
