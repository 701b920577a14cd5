/* SPDX-License-Identifier: Apache-2.0 */
/* reeve anchor: what to keep on another machine, so that 'reeve verify --anchor' can tell this
 * chain from any other that somebody makes up later. */
#include <getopt.h>
#include "query.h"
#include "verbs.h"

int verb_anchor(int argc, char **argv)
{
	static const struct option options[] = {{"node", no_argument, NULL, 'n'}, {0}};
	struct json_out *request;
	bool node = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'n')
			return verb_usage("anchor");
		node = true;
	}
	if (optind + !node != argc)
		return verb_usage("anchor");
	request = query_request("anchor", node ? NULL : argv[optind], true);
	if (request) {
		json_out_member_bool(request, "node", node);
		json_out_close_object(request);
	}
	return query_print(request, false);
}
