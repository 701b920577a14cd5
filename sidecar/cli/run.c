/* SPDX-License-Identifier: Apache-2.0 */
/* reeve run: a command as a container of its own: a fresh cgroup, an agent, and the record shown
 * live. Takes the same road as the OCI hook (spawn.h), without a container runtime. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "cgroup/place.h"
#include "run.h"
#include "sidecar/common/host.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/record.h"
#include "sidecar/common/spawn.h"
#include "sidecar/common/util.h"
#include "sidecar/live/list.h"
#include "sidecar/policy/policy.h"
#include "verbs.h"

#define LOAD_DEADLINE_MS 300000 /* a first load, where the machine is emulated and busy */
#define AGENT_DEADLINE_MS 10000
#define AGENT_LEAVE_MS 2000

struct run {
	struct meta meta;
	char *policies[SPAWN_POLICIES_MAX]; /* absolute */
	size_t policies_count;
	const char *output; /* NULL: stderr */
	const char *record; /* NULL: the default, normal */
	const char *repeat; /* NULL: as record says */
	bool json;
	char **command;
};

static void run_release(struct run *run)
{
	for (size_t i = 0; i < run->policies_count; i++)
		free(run->policies[i]);
	meta_release(&run->meta);
}

static int add_policy(struct run *run, const char *file)
{
	_free_ char *text = NULL;
	_policy_ struct policy *p = NULL;
	char error[POLICY_ERROR_MAX], path[PATH_MAX];
	size_t len;
	int r;

	if (run->policies_count == SPAWN_POLICIES_MAX)
		return log_err(-E2BIG, "more than %d policies", SPAWN_POLICIES_MAX);
	r = util_read_file(AT_FDCWD, file, POLICY_TEXT_MAX, &text, &len);
	if (r < 0)
		return log_err(r, "read policy %s", file);
	r = policy_parse(text, len, file, &p, error, sizeof(error));
	if (r < 0)
		return log_err(0, "%s", error), r;
	r = list_absolute(file, path);
	if (r < 0)
		return log_err(r, "find policy %s", file);
	run->policies[run->policies_count] = strdup(path);
	if (!run->policies[run->policies_count])
		return log_err(-ENOMEM, "remember policy %s", file);
	run->policies_count++;
	return 0;
}

static int set_name(struct run *run, const char *name)
{
	if (!meta_id_valid(name) || strlen(name) >= sizeof(run->meta.name))
		return log_err(-EINVAL, "name '%s': expected letters, digits and _ . + -", name);
	strcpy(run->meta.name, name);
	return 0;
}

static int set_record(struct run *run, const char *kinds)
{
	char error[256];
	struct record record;
	int r = record_parse(kinds, &record, error, sizeof(error));

	run->record = kinds;
	return r < 0 ? (log_err(0, "%s", error), r) : 0;
}

static int set_repeat(struct run *run, const char *word)
{
	char error[256];
	struct record record = {};
	int r = record_repeat(word, &record, error, sizeof(error));

	run->repeat = word;
	return r < 0 ? (log_err(0, "%s", error), r) : 0;
}

/* 0, or the exit status. */
static int parse(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
						{"name", required_argument, NULL, 'n'},
						{"json", no_argument, NULL, 'j'},
						{"output", required_argument, NULL, 'o'},
						{"record", required_argument, NULL, 'r'},
						{"repeat", required_argument, NULL, 'e'},
						{0}};
	int c, r = 0;

	if (access(PATH_DEFAULT_POLICY, F_OK) == 0)
		r = add_policy(run, PATH_DEFAULT_POLICY);
	while (r == 0 && (c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (c == 'p')
			r = add_policy(run, optarg);
		else if (c == 'n')
			r = set_name(run, optarg);
		else if (c == 'j')
			run->json = true;
		else if (c == 'o')
			run->output = optarg;
		else if (c == 'r')
			r = set_record(run, optarg);
		else if (c == 'e')
			r = set_repeat(run, optarg);
		else
			return verb_usage("run");
	}
	if (r < 0)
		return RUN_FAILED;
	if (optind >= argc)
		return verb_usage("run");
	run->command = argv + optind;
	return 0;
}

static int make_id(struct meta *meta)
{
	unsigned char random[6];
	int n;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return log_err(-errno, "make an id");
	n = snprintf(meta->id, sizeof(meta->id), "run-");
	for (size_t i = 0; i < sizeof(random); i++)
		n += snprintf(meta->id + n, sizeof(meta->id) - (size_t)n, "%02x", random[i]);
	if (!meta->name[0])
		strcpy(meta->name, meta->id);
	return 0;
}

static int check_host(void)
{
	char text[HOST_TEXT_MAX], error[SPAWN_TEXT_MAX];
	int r = host_ready(text);

	if (r < 0)
		return log_err(0, "%s", text), r;
	r = spawn_load(LOAD_DEADLINE_MS, error, sizeof(error));
	return r < 0 ? (log_err(0, "%s", error), r) : 0;
}

/* The agent of a child that already sits in its cgroup. */
static int guard(struct run *run, const struct run_child *child)
{
	struct place place _place_ = PLACE_NONE;
	char error[SPAWN_TEXT_MAX];
	struct spawn_request request = {.init_fd = child->pidfd,
					.meta = &run->meta,
					.policies = (const char *const *)run->policies,
					.policies_count = run->policies_count,
					.record = run->record,
					.repeat = run->repeat};
	enum spawn_result result;
	int r = place_of_pid(child->pid, child->pidfd, &place, error, sizeof(error));

	if (r < 0)
		return log_err(0, "find the command's cgroup: %s", error), r;
	request.cgroup_fd = place.fd;
	run->meta.cgroup_id = place.id;
	snprintf(run->meta.key, sizeof(run->meta.key), "%016llx", (unsigned long long)place.id);
	run->meta.cgroup = strdup(place.path);
	run->meta.runtime = strdup("reeve run");
	if (!run->meta.cgroup || !run->meta.runtime)
		return log_err(-ENOMEM, "describe the command");
	r = spawn_agent(&request, AGENT_DEADLINE_MS, &result, error, sizeof(error));
	return r < 0 ? (log_err(0, "%s", error), r) : 0;
}

/* With a node answering: the command's exit status, or RUN_FAILED. */
static int run_guarded(struct run *run, int out, int signal_fd)
{
	struct run_child child;
	bool complete = false;
	int status = RUN_FAILED;

	if (run_child_hold(run->command, &child) < 0)
		return RUN_FAILED;
	if (run_cgroup_make(run->meta.id, child.pid) == 0 && guard(run, &child) == 0 &&
	    run_child_go(&child) == 0) {
		status = run_watch(run->meta.id, run->json, out, signal_fd, &child, run->command[0],
				   &complete);
		if (!complete)
			log_err(0,
				"the record of %s was not seen to its end: 'reeve logs %s' shows "
				"what has been stored",
				run->meta.id, run->meta.id);
	}
	run_child_release(&child);
	run_cgroup_kill(run->meta.id);
	if (run->meta.key[0])
		run_cgroup_wait_agent(run->meta.key, AGENT_LEAVE_MS);
	run_cgroup_remove(run->meta.id);
	return status;
}

static int open_output(const char *path, int *ret_fd)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
		      : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return log_err(-errno, "open %s", path ? path : "stderr");
	*ret_fd = fd;
	return 0;
}

int verb_run(int argc, char **argv)
{
	struct run run = {0};
	struct run_node node;
	_close_ int out = -1, signal_fd = -1;
	int status = parse(&run, argc, argv);

	if (status == 0) {
		status = RUN_FAILED;
		signal_fd = run_watch_signals();
		if (signal_fd >= 0 && make_id(&run.meta) == 0 && check_host() == 0 &&
		    open_output(run.output, &out) == 0 && run_node_ensure(&node) == 0) {
			status = run_guarded(&run, out, signal_fd);
			run_node_stop(&node);
		}
	}
	run_release(&run);
	return status;
}
