/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy apply: other policies for a running container, all of them at once or none. As root,
 * with or without a node. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "policy.h"
#include "policy_change.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "verbs.h"

static int read_files(struct list *l, char **files, int n, const struct meta *m, char *error,
		      size_t error_size)
{
	char path[PATH_MAX];
	int r = 0;

	for (int i = 0; r == 0 && i < n; i++) {
		r = list_absolute(files[i], path);
		if (r < 0)
			return util_refuse(r, error, error_size, "cannot find %s: %s", files[i],
					   strerror(-r));
		r = list_add_file(l, LIST_HOST, path, error, error_size);
	}
	if (r == 0)
		r = list_complete(l, m, true, error, error_size);
	if (r == 0)
		list_select(l, PATH_DEFAULT_POLICY, m);
	return r;
}

int policy_verb_apply(int argc, char **argv)
{
	_target_ struct target t = TARGET_NONE;
	_list_ struct list list = {};
	char error[POLICY_ERROR_MAX] = "";
	int r;

	if (argc < 3 || argv[1][0] == '-')
		return policy_verb_usage(argv[0]);
	log_open("reeve", true);
	if (target_find(argv[1], &t) < 0)
		return 1;
	r = read_files(&list, argv + 2, argc - 2, &t.meta, error, sizeof(error));
	return policy_change(&t, &list, NULL, r, error, sizeof(error)) < 0;
}
