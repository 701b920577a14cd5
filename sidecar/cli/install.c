/* SPDX-License-Identifier: Apache-2.0 */
/* reeve install, reeve uninstall: options and the question; sidecar/install does the work. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/install/install.h"
#include "verbs.h"

struct answers {
	bool yes;
	bool refused; /* there was nobody to ask */
};

static bool ask(void *arg)
{
	struct answers *a = arg;
	char answer[16] = "";

	if (a->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		a->refused = true;
		return false;
	}
	fputs("Do this? [y/N] ", stderr);
	return fgets(answer, sizeof(answer), stdin) &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
}

/* PREFIX of PREFIX/bin/reeve, which is this program. */
static const char *own_prefix(char *path, size_t size)
{
	char *end;

	if (util_sibling("", path, size) < 0)
		return "/usr/local";
	end = strstr(path, "/bin/");
	if (!end || end[strlen("/bin/")])
		return "/usr/local";
	*end = '\0';
	return path;
}

static bool known_runtime(const char *name)
{
	for (const char *const *known = install_runtimes; *known; known++)
		if (strcmp(name, *known) == 0)
			return true;
	log_err(0, "--runtime %s: expected auto, podman, crio, docker or containerd", name);
	return false;
}

static int parse(int argc, char **argv, bool installs, struct install_options *o, struct answers *a)
{
	static const struct option options[] = {
	    {"root", required_argument, NULL, 'r'},   {"dry-run", no_argument, NULL, 'n'},
	    {"yes", no_argument, NULL, 'y'},	      {"runtime", required_argument, NULL, 't'},
	    {"prefix", required_argument, NULL, 'p'}, {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->root = optarg;
			break;
		case 'n':
			o->dry_run = true;
			break;
		case 'y':
			a->yes = true;
			break;
		case 't':
			o->runtime = optarg;
			if (!installs || !known_runtime(optarg))
				return -EINVAL;
			break;
		case 'p':
			o->prefix = optarg;
			if (!installs)
				return -EINVAL;
			if (optarg[0] != '/') {
				log_err(0, "--prefix %s: expected an absolute path", optarg);
				return -EINVAL;
			}
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

static int run(int argc, char **argv, bool installs)
{
	struct answers answers = {false, false};
	struct install_options o = {
	    .root = "/", .runtime = "auto", .agree = ask, .arg = &answers, .out = stdout};
	char error[INSTALL_ERROR_MAX] = "", prefix[PATH_MAX];
	int r;

	o.prefix = own_prefix(prefix, sizeof(prefix));
	if (parse(argc, argv, installs, &o, &answers) < 0)
		return verb_usage(argv[0]);
	r = installs ? install(&o, error, sizeof(error)) : uninstall(&o, error, sizeof(error));
	if (r < 0)
		return log_err(0, "%s", error), 1;
	if (answers.refused)
		log_err(0, "nothing is changed: without a terminal to ask on, say --yes");
	else if (r == 1)
		log_info("nothing is changed");
	return r;
}

int verb_install(int argc, char **argv)
{
	return run(argc, argv, true);
}

int verb_uninstall(int argc, char **argv)
{
	return run(argc, argv, false);
}
