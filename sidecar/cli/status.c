/* SPDX-License-Identifier: Apache-2.0 */
/* reeve status: how the node is. */
#include <getopt.h>
#include "query.h"
#include "verbs.h"

int verb_status(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	struct json_out *request;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return verb_usage("status");
		json = true;
	}
	if (optind != argc)
		return verb_usage("status");
	request = query_request("status", NULL, json);
	if (request)
		json_out_close_object(request);
	return query_print(request, false);
}
