/* SPDX-License-Identifier: Apache-2.0 */
/* reeve stats: how much there is of a container's record, or of each. */
#include <getopt.h>
#include "query.h"
#include "verbs.h"

int verb_stats(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	int c = getopt_long(argc, argv, "", options, NULL);
	struct json_out *request;

	if (c == '?' || argc > optind + 1)
		return verb_usage("stats");
	request = query_request("stats", argv[optind], c == 'j');
	json_out_close_object(request);
	return query_print(request, false);
}
