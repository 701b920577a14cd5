/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy: one table of its verbs drives dispatch and help. */
#include "policy.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "verbs.h"

static const struct policy_verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *line;
} verbs[] = {
    {"check", policy_verb_check, "[--strict] [--verbose] FILE...",
     "say whether files are policies, and which rules never decide; needs no privileges"},
    {"apply", policy_verb_apply, "CONTAINER FILE...",
     "put these policies in force for a running container, in place of those it has; as root"},
    {"refresh", policy_verb_refresh, "[CONTAINER]",
     "read the files in /etc/reeve/policies again and put in force what changed; as root"},
    {"show", policy_verb_show, "[--json] CONTAINER",
     "show the policy in force as the kernel has it, and whether the text is the same; as root"},
    {"stats", policy_verb_stats, "[--json] CONTAINER",
     "show how often each rule took part in a decision since its version is in force; as root"},
    {"learn", policy_verb_learn,
     "[--since TIME] [--mode audit|enforce] [--subjects S,...] [-o FILE] CONTAINER...",
     "write a policy that allows what these containers did, from their records, and nothing else;\n"
     "      --since 2026-11-21T12:00:00Z or 10m; --subjects: of exec, file, unix, network, memory,\n"
     "      capability, kernel; status 3: something that happened could not be allowed"},
    {"diff", policy_verb_diff, "[--since TIME] [--json] CONTAINER FILE...",
     "say what these policies would have denied of all that a container did, from its record;\n"
     "      status 0: nothing, 1: something, 2: that cannot be said"},
    {"test", policy_verb_test, "[--as EXE]... [--json] FILE... -- QUESTION|-",
     "say what would become of an act: 'file read,write /etc/passwd', 'exec /bin/sh',\n"
     "      'connect 10.0.0.1:443/tcp', 'bind unix:@name', 'send [::1]:53/udp',\n"
     "      'capability CAP_SYS_ADMIN', 'memory write-exec', 'kernel mount'; -: a question a line"},
};

static void list(FILE *f)
{
	fputs("usage: reeve policy VERB [ARGUMENTS]\n\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %s %s\n      %s\n", verbs[i].name, verbs[i].arguments, verbs[i].line);
}

static const struct policy_verb *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

int policy_verb_usage(const char *verb)
{
	const struct policy_verb *v = find(verb);

	if (v)
		fprintf(stderr, "usage: reeve policy %s %s\n", v->name, v->arguments);
	return EXIT_USAGE;
}

int policy_read_file(const char *file, struct policy **ret)
{
	bool input = strcmp(file, "-") == 0;
	char error[POLICY_ERROR_MAX], shown[POLICY_ERROR_MAX * 4];
	_free_ char *text = NULL;
	size_t len;
	int r;

	r = input ? util_read_all(STDIN_FILENO, POLICY_TEXT_MAX, 0, &text, &len)
		  : util_read_file(AT_FDCWD, file, POLICY_TEXT_MAX, &text, &len);
	if (r == -EFBIG)
		return log_err(
			   0, "%s: more than %u bytes, expected at most that; use several policies",
			   file, POLICY_TEXT_MAX),
		       r;
	if (r < 0)
		return log_err(r, "read policy %s", input ? "from the standard input" : file);
	r = policy_parse(text, len, file, ret, error, sizeof(error));
	if (r == 0)
		return 0;
	utf8_escape(shown, sizeof(shown), error, strlen(error));
	fprintf(stderr, "%s\n", shown);
	return r;
}

int verb_policy(int argc, char **argv)
{
	const struct policy_verb *v = argc > 1 ? find(argv[1]) : NULL;

	if (v)
		return v->run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "help") == 0)
		return list(stdout), 0;
	if (argc > 1)
		log_err(0, "no verb 'policy %s'; 'reeve policy help' lists them", argv[1]);
	else
		list(stderr);
	return EXIT_USAGE;
}
