/* SPDX-License-Identifier: Apache-2.0 */
/* The hook's command line: reeve-hook [--fail open|closed] [--policy NAME|FILE]...
 * [--record KINDS] [--repeat count|each] [STAGE] */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "sidecar/common/spawn.h"

#define OPTIONS_USAGE                                                                              \
	"reeve-hook [--fail open|closed] [--policy NAME|FILE]... [--record KINDS] "                \
	"[--repeat count|each] [STAGE]"

struct options {
	bool fail_closed; /* what comes of an error: false, the container starts unguarded */
	bool cleanup;	  /* poststop */
	const char *policies[SPAWN_POLICIES_MAX]; /* point into argv */
	size_t policies_count;
	const char *record; /* NULL: the default, normal */
	const char *repeat; /* NULL: as record says */
};

/* Fills *ret also on error, as far as it got: --fail counts wherever it stands, so that a mistake
 * beside it has the declared result. -EINVAL with a reason in error. argv[0] may be anything. */
int options_parse(int argc, char **argv, struct options *ret, char *error, size_t error_size);
