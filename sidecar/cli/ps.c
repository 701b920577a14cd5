/* SPDX-License-Identifier: Apache-2.0 */
/* reeve ps: which containers the node knows. */
#include <getopt.h>
#include "query.h"
#include "verbs.h"

int verb_ps(int argc, char **argv)
{
	static const struct option options[] = {
	    {"all", no_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'}, {0}};
	bool all = false, json = false;
	struct json_out *request;
	int c;

	while ((c = getopt_long(argc, argv, "a", options, NULL)) != -1) {
		if (c == 'a')
			all = true;
		else if (c == 'j')
			json = true;
		else
			return verb_usage("ps");
	}
	if (optind != argc)
		return verb_usage("ps");
	request = query_request("ps", NULL, json);
	if (request) {
		json_out_member_bool(request, "all", all);
		json_out_close_object(request);
	}
	return query_print(request, false);
}
