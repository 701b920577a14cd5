/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of the node's, line by line. */
#pragma once
#include "sidecar/common/json.h"

/* Calls take for each line, without its end; below 0 ends it. As query_each otherwise. */
int lines_each(struct json_out *request, int (*take)(void *arg, const char *line, size_t len),
	       void *arg, char *error, size_t error_size);
