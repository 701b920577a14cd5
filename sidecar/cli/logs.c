/* SPDX-License-Identifier: Apache-2.0 */
/* reeve logs: a container's record, as the node stored it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "pager.h"
#include "progress.h"
#include "query.h"
#include "sidecar/common/event_fields.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "verbs.h"

/* A node that answers this is alive; a followed log may then rightly be silent for hours. */
static int node_alive(void)
{
	struct json_out *request = query_request("status", NULL, true);
	struct query q = {.fd = -1};
	int r;

	if (!request)
		return -1;
	json_out_close_object(request);
	r = query_open(&q, request);
	if (r == 0)
		r = query_first_answer(&q);
	if (r < 0)
		log_err(0, "%s", q.error);
	query_release(&q);
	json_out_free(request);
	return r;
}

static bool is_format(const char *s)
{
	return strcmp(s, "text") == 0 || strcmp(s, "json") == 0 || strcmp(s, "csv") == 0 ||
	       strcmp(s, "audit") == 0;
}

/* "a,b" or several of them as an array of names. */
struct names {
	const char *of[EVENT_FIELDS_MAX];
	unsigned n;
};

static bool add_names(struct names *list, char *text)
{
	for (char *name = strtok(text, ","); name; name = strtok(NULL, ",")) {
		if (list->n == ARRAY_SIZE(list->of))
			return false;
		list->of[list->n++] = name;
	}
	return true;
}

struct wanted {
	const char *format, *since, *until, *path, *exec, *tag, *address;
	const char *pid, *uid, *rule, *tail;
	struct names kinds, verdicts, fields;
	bool follow, node, all, reverse, no_pager;
};

static int put_time(struct json_out *o, const char *key, const char *text)
{
	int64_t at;

	if (!text)
		return 0;
	if (when_parse(text, (int64_t)util_wall_ns(), &at) < 0)
		return log_err(0, "--%s '%s': expected " WHEN_EXPECTED, key, text), -EINVAL;
	json_out_member_number(o, key, at);
	return 0;
}

static int put_number(struct json_out *o, const char *key, const char *option, const char *text)
{
	char *end;
	long long n;

	if (!text)
		return 0;
	n = strtoll(text, &end, 10);
	if (!*text || *end || n < 0)
		return log_err(0, "--%s '%s': expected a number", option, text), -EINVAL;
	json_out_member_number(o, key, n);
	return 0;
}

static void put_text(struct json_out *o, const char *key, const char *text)
{
	if (text)
		json_out_member_string(o, key, text);
}

static void put_names(struct json_out *o, const char *key, const struct names *list)
{
	if (list->n == 0)
		return;
	json_out_key(o, key);
	json_out_open_array(o);
	for (unsigned i = 0; i < list->n; i++)
		json_out_string(o, list->of[i], strlen(list->of[i]));
	json_out_close_array(o);
}

/* CIDR[:PORT], [CIDR]:PORT or :PORT. */
static int put_address(struct json_out *o, const char *text)
{
	_free_ char *copy = text ? strdup(text) : NULL;
	char *address = copy, *colon;
	int r;

	if (!text)
		return 0;
	if (!copy)
		return log_err(-ENOMEM, "--addr"), -ENOMEM;
	colon = strrchr(copy, ':');
	if (*copy == '[' && strchr(copy, ']')) {
		address = copy + 1;
		colon = strchr(copy, ']');
		*colon++ = '\0';
		colon = *colon == ':' ? colon : NULL;
	} else if (colon && strchr(copy, ':') != colon) {
		colon = NULL; /* an IPv6 address, no port */
	}
	if (colon)
		*colon++ = '\0';
	r = put_number(o, "port", "addr", colon);
	if (*address)
		put_text(o, "address", address);
	return r;
}

static int put_wanted(struct json_out *o, const struct wanted *w)
{
	int r = put_time(o, "since", w->since);

	if (r == 0)
		r = put_time(o, "until", w->until);
	if (r == 0)
		r = put_number(o, "pid", "pid", w->pid);
	if (r == 0)
		r = put_number(o, "uid", "uid", w->uid);
	if (r == 0)
		r = put_number(o, "rule", "rule", w->rule);
	if (r == 0)
		r = put_number(o, "last", "tail", w->tail);
	if (r == 0)
		r = put_address(o, w->address);
	put_text(o, "path", w->path);
	put_text(o, "exec", w->exec);
	put_text(o, "tag", w->tag);
	put_names(o, "kinds", &w->kinds);
	put_names(o, "verdicts", &w->verdicts);
	put_names(o, "fields", &w->fields);
	json_out_member_bool(o, "follow", w->follow);
	json_out_member_bool(o, "reverse", w->reverse);
	json_out_member_bool(o, "node", w->node);
	json_out_member_bool(o, "all", w->all);
	json_out_member_bool(o, "colour", pager_colour());
	return r;
}

static int parse(int argc, char **argv, struct wanted *w)
{
	static const struct option options[] = {
	    {"follow", no_argument, NULL, 'f'},	     {"format", required_argument, NULL, 'F'},
	    {"json", no_argument, NULL, 'j'},	     {"node", no_argument, NULL, 'n'},
	    {"reverse", no_argument, NULL, 'r'},     {"since", required_argument, NULL, 's'},
	    {"until", required_argument, NULL, 'u'}, {"kind", required_argument, NULL, 'k'},
	    {"verdict", required_argument, NULL, 'v'}, {"path", required_argument, NULL, 'p'},
	    {"exec", required_argument, NULL, 'e'},  {"pid", required_argument, NULL, 'P'},
	    {"uid", required_argument, NULL, 'U'},   {"addr", required_argument, NULL, 'a'},
	    {"tag", required_argument, NULL, 't'},   {"rule", required_argument, NULL, 'R'},
	    {"tail", required_argument, NULL, 'T'},  {"all", no_argument, NULL, 'A'},
	    {"fields", required_argument, NULL, 'l'},
	    {"no-pager", no_argument, NULL, 'N'},    {0}};
	int c;

	while ((c = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		const struct {
			int c;
			const char **to;
		} texts[] = {{'F', &w->format}, {'s', &w->since}, {'u', &w->until},
			     {'p', &w->path},	{'e', &w->exec},  {'P', &w->pid},
			     {'U', &w->uid},	{'a', &w->address}, {'t', &w->tag},
			     {'R', &w->rule},	{'T', &w->tail}};
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
			if (texts[i].c == c)
				*texts[i].to = optarg, known = true;
		if (known)
			continue;
		if (c == 'f')
			w->follow = true;
		else if (c == 'j')
			w->format = "json";
		else if (c == 'n')
			w->node = true;
		else if (c == 'A')
			w->all = true;
		else if (c == 'r')
			w->reverse = true;
		else if (c == 'N')
			w->no_pager = true;
		else if (c != 'k' && c != 'v' && c != 'l')
			return verb_usage("logs");
		if ((c == 'k' && !add_names(&w->kinds, optarg)) ||
		    (c == 'v' && !add_names(&w->verdicts, optarg)) ||
		    (c == 'l' && !add_names(&w->fields, optarg)))
			return log_err(0, "more than %d names", EVENT_FIELDS_MAX), verb_usage("logs");
	}
	return 0;
}

/* Into a file. At the other end of a pipe may be a pager, on the terminal that would tell of progress. */
static bool is_export(void)
{
	struct stat st;

	return fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

int verb_logs(int argc, char **argv)
{
	struct wanted w = {.format = "text"};
	struct json_out *request;
	int r = parse(argc, argv, &w);

	if (r)
		return r;
	if (w.all && w.node) {
		log_err(0, "--all and --node do not go together: the node's log is no container's");
		return verb_usage("logs");
	}
	if (optind + !(w.node || w.all) != argc)
		return verb_usage("logs");
	if (!is_format(w.format)) {
		log_err(0, "--format '%s': it is one of text, json, csv, audit", w.format);
		return verb_usage("logs");
	}
	if (w.follow && w.reverse) {
		log_err(0, "--follow and --reverse do not go together");
		return verb_usage("logs");
	}
	if (w.follow && node_alive() < 0)
		return 1;
	request = query_request_format("logs", argv[optind], w.format);
	if (request && put_wanted(request, &w) < 0) {
		json_out_free(request);
		return verb_usage("logs");
	}
	json_out_close_object(request);
	if (!w.follow && is_export())
		progress_start("logs", "lines", 0);
	if (!w.follow && !w.no_pager)
		pager_start();
	r = query_print(request, w.follow);
	progress_end();
	pager_end();
	return r;
}
