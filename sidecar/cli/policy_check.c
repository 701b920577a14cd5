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

/* What a walk over that many bytes reads of the table at most: a state of 12 bytes may lie in two
 * lines, an entry lies in one. */
#define SHOWN_PATH 40
#define LINE 64 /* bytes */
#define LINES(used) ((used) / LINE < 3u * SHOWN_PATH + 2 ? (used) / LINE + 1 : 3u * SHOWN_PATH + 2)

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

static void tell_size(const char *file, const struct policy_image *image)
{
	static const struct {
		const char *name;
		unsigned size;
	} tables[] = {
#define TABLE(name, number, size) [number] = {#name, size},
	    RV_TABLES(TABLE)};
	const struct rv_table *t = image->value;

	printf(
	    "%s: %u states, %u entries, %u of %u bytes (%s table), at most %u of its cache lines "
	    "for a path of %d bytes\n",
	    file, t->states_n, t->entries_n, t->used, tables[image->table].size,
	    tables[image->table].name, LINES(t->used), SHOWN_PATH);
}

static bool compiles(const char *file, const struct policy *p, bool verbose)
{
	__attribute__((cleanup(policy_image_release))) struct policy_image image = {0};
	char error[POLICY_ERROR_MAX];
	int r = policy_compile(&p, 1, &image, error, sizeof(error));

	if (r)
		return log_err(0, "%s: %s", file, error), false;
	printf("%s: ok, %zu rules\n", file, p->rules_n);
	if (verbose)
		tell_size(file, &image);
	return true;
}

static bool check(const char *file, bool strict, bool verbose)
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
	return compiles(file, p, verbose);
}

int policy_verb_check(int argc, char **argv)
{
	static const struct option options[] = {
	    {"strict", no_argument, NULL, 's'}, {"verbose", no_argument, NULL, 'v'}, {0}};
	bool strict = false, verbose = false, good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 's' && c != 'v')
			return policy_verb_usage(argv[0]);
		strict |= c == 's';
		verbose |= c == 'v';
	}
	if (optind == argc)
		return policy_verb_usage(argv[0]);
	for (int i = optind; i < argc; i++)
		good &= check(argv[i], strict, verbose);
	return !good;
}
