/* SPDX-License-Identifier: Apache-2.0 */
/* reeve ledger: whether a container's record is exact. */
#include <getopt.h>
#include "query.h"
#include "verbs.h"

int verb_ledger(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {"node", no_argument, NULL, 'n'}, {0}};
	struct json_out *request;
	bool json = false, node = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = true;
		else if (c == 'n')
			node = true;
		else
			return verb_usage("ledger");
	}
	if (optind + !node != argc)
		return verb_usage("ledger");
	request = query_request("ledger", node ? NULL : argv[optind], json);
	if (request) {
		json_out_member_bool(request, "node", node);
		json_out_close_object(request);
	}
	return query_print(request, false);
}
