// SPDX-License-Identifier: Apache-2.0
/* See options.h. */
#include "options.h"
#include "sidecar/common/record.h"
#include "sidecar/common/util.h"
#include <errno.h>
#include <string.h>

/* The stages at which the container exists and its entrypoint has not run, plus the end. */
static int take_stage(const char *stage, struct options *o, char *error, size_t error_size)
{
	o->cleanup = strcmp(stage, "poststop") == 0;
	if (o->cleanup || strcmp(stage, "createRuntime") == 0 || strcmp(stage, "prestart") == 0)
		return 0;
	return util_refuse(-EINVAL, error, error_size,
			   "stage \"%.40s\": expected createRuntime, prestart or poststop", stage);
}

static int take_fail(const char *value, struct options *o, char *error, size_t error_size)
{
	o->fail_closed = strcmp(value, "closed") == 0;
	if (o->fail_closed || strcmp(value, "open") == 0)
		return 0;
	return util_refuse(-EINVAL, error, error_size, "--fail \"%.40s\": expected open or closed",
			   value);
}

static int take_policy(const char *value, struct options *o, char *error, size_t error_size)
{
	if (o->policies_count >= SPAWN_POLICIES_MAX)
		return util_refuse(-EINVAL, error, error_size, "more than %d times --policy",
				   SPAWN_POLICIES_MAX);
	o->policies[o->policies_count++] = value;
	return 0;
}

/* The value of "--name VALUE" or "--name=VALUE"; NULL when arg is not that option, or (with *at
 * moved past the end) when the value is missing. */
static const char *value_of(const char *name, int argc, char **argv, int *at)
{
	size_t len = strlen(name);

	if (strncmp(argv[*at], name, len) != 0)
		return NULL;
	if (argv[*at][len] == '=')
		return argv[*at] + len + 1;
	if (argv[*at][len] != '\0')
		return NULL;
	(*at)++;
	return *at < argc ? argv[*at] : NULL;
}

static int take(int argc, char **argv, int *at, struct options *o, char *error, size_t error_size)
{
	const char *arg = argv[*at], *value;

	value = value_of("--fail", argc, argv, at);
	if (value)
		return take_fail(value, o, error, error_size);
	value = *at < argc ? value_of("--policy", argc, argv, at) : NULL;
	if (value)
		return take_policy(value, o, error, error_size);
	value = *at < argc ? value_of("--record", argc, argv, at) : NULL;
	if (value) {
		struct record record;

		o->record = value;
		return record_parse(value, &record, error, error_size);
	}
	value = *at < argc ? value_of("--repeat", argc, argv, at) : NULL;
	if (value) {
		struct record record = {};

		o->repeat = value;
		return record_repeat(value, &record, error, error_size);
	}
	if (*at >= argc)
		return util_refuse(-EINVAL, error, error_size, "%.40s: expected a value", arg);
	if (arg[0] == '-')
		return util_refuse(-EINVAL, error, error_size,
				   "option \"%.40s\": expected " OPTIONS_USAGE, arg);
	return take_stage(arg, o, error, error_size);
}

int options_parse(int argc, char **argv, struct options *ret, char *error, size_t error_size)
{
	int first = 0;

	*ret = (struct options){};
	for (int at = 1; at < argc; at++) {
		/* The first mistake is the one to tell; the rest is read on for --fail. */
		int r = take(argc, argv, &at, ret, first ? NULL : error, first ? 0 : error_size);

		if (!first)
			first = r;
	}
	return first;
}
