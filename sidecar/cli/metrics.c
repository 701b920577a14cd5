/* SPDX-License-Identifier: Apache-2.0 */
/* reeve metrics: the node in numbers, for Prometheus. */
#include <getopt.h>
#include "query.h"
#include "verbs.h"

int verb_metrics(int argc, char **argv)
{
	static const struct option options[] = {{"containers", no_argument, NULL, 'c'}, {0}};
	struct json_out *request;
	bool containers = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'c')
			return verb_usage("metrics");
		containers = true;
	}
	if (optind != argc)
		return verb_usage("metrics");
	request = query_request("metrics", NULL, false);
	json_out_member_bool(request, "containers", containers);
	json_out_close_object(request);
	return query_print(request, false);
}
