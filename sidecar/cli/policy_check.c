/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy check: whether a text is a policy, and does what it seems to. Opens nothing but the
 * files it is given. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include "policy.h"
#include "sidecar/common/log.h"
#include "sidecar/policy/shadow.h"
#include "verbs.h"

struct check {
	const char *file;
	const struct policy *p;
	unsigned warnings;
};

static int warn(void *arg, const struct policy_rule *rule, const struct policy_rule *by)
{
	struct check *c = arg;

	fprintf(
	    stderr,
	    "%s:%d:%d: warning: rule %td never decides; what it names is decided before it, as by "
	    "rule %td in line %d\n",
	    c->file, rule->line, rule->column, rule - c->p->rules + 1, by - c->p->rules + 1,
	    by->line);
	c->warnings++;
	return 0;
}

static bool check(const char *file, bool strict)
{
	_policy_ struct policy *p = NULL;
	struct check c = {.file = file};
	int r = policy_read_file(file, &p);

	if (r < 0)
		return false;
	c.p = p;
	r = policy_shadowed(p, warn, &c);
	if (r == -E2BIG)
		log_warn(0, "%s: its globs are too many-sided to tell which rules never decide",
			 file);
	else if (r < 0)
		return log_err(r, "look for rules of %s that never decide", file), false;
	if (strict && (c.warnings || r == -E2BIG))
		return false;
	printf("%s: ok, %zu rules\n", file, p->rules_n);
	return true;
}

int policy_verb_check(int argc, char **argv)
{
	static const struct option options[] = {{"strict", no_argument, NULL, 's'}, {0}};
	bool strict = false, good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 's')
			return policy_verb_usage(argv[0]);
		strict = true;
	}
	if (optind == argc)
		return policy_verb_usage(argv[0]);
	for (int i = optind; i < argc; i++)
		good &= check(argv[i], strict);
	return !good;
}
