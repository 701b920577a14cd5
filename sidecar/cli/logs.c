/* SPDX-License-Identifier: Apache-2.0 */
/* reeve logs: a container's record, as the node stored it. */
#include <getopt.h>
#include <string.h>
#include "query.h"
#include "sidecar/common/log.h"
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
	return strcmp(s, "text") == 0 || strcmp(s, "json") == 0 || strcmp(s, "audit") == 0;
}

int verb_logs(int argc, char **argv)
{
	static const struct option options[] = {{"follow", no_argument, NULL, 'f'},
						{"format", required_argument, NULL, 'F'},
						{"json", no_argument, NULL, 'j'},
						{"node", no_argument, NULL, 'n'},
						{0}};
	const char *format = "text";
	bool follow = false, node = false;
	struct json_out *request;
	int c;

	while ((c = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (c == 'f')
			follow = true;
		else if (c == 'j')
			format = "json";
		else if (c == 'F')
			format = optarg;
		else if (c == 'n')
			node = true;
		else
			return verb_usage("logs");
	}
	if (optind + !node != argc)
		return verb_usage("logs");
	if (!is_format(format)) {
		log_err(0, "--format '%s': it is one of text, json, audit", format);
		return verb_usage("logs");
	}
	if (follow && node_alive() < 0)
		return 1;
	request = query_request_format("logs", node ? NULL : argv[optind], format);
	if (request) {
		json_out_member_bool(request, "follow", follow);
		json_out_member_bool(request, "node", node);
		json_out_close_object(request);
	}
	return query_print(request, follow);
}
