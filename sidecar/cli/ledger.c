/* SPDX-License-Identifier: Apache-2.0 */
/* reeve ledger: whether a container's record is exact. */
#include <getopt.h>
#include "query.h"
#include "verbs.h"

int verb_ledger(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	struct json_out *request;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return verb_usage("ledger");
		json = true;
	}
	if (optind + 1 != argc)
		return verb_usage("ledger");
	request = query_request("ledger", argv[optind], json);
	if (request)
		json_out_close_object(request);
	return query_print(request, false);
}
