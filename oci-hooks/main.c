// SPDX-License-Identifier: Apache-2.0
/* reeve-hook: the doorway. A runtime calls it while the container's init waits; it finds the
 * container's cgroup, starts the agent for it and waits for "ready". It changes nothing itself and
 * is bounded: BUDGET_MS in all. On any failure one line says why, and --fail decides whether the
 * container starts. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include "exempt.h"
#include "guard.h"
#include "options.h"
#include "sidecar/common/log.h"
#include "sidecar/common/mark.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "state.h"

/* All of it stays below 5 s, with room to see a killed agent off and for a slow machine. */
#define BUDGET_MS 4000	    /* all of it */
#define STDIN_MS 3500	    /* of that, for the runtime to write and close our stdin */
#define LAST_RESORT_MS 4800 /* SIGALRM, should a system call block where none may */

static volatile sig_atomic_t exit_on_error; /* --fail closed: 1 */

static void give_up(int signal)
{
	static const char line[] = "reeve-hook: not done within 5 s, gave up: is a file system of "
				   "the bundle or of /etc/reeve not answering?\n";

	(void)signal;
	(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
	_exit(exit_on_error);
}

/* Runtimes may hand us closed standard fds, ignored or blocked signals. */
static void settle(void)
{
	struct itimerval last_resort = {
	    .it_value = {LAST_RESORT_MS / 1000, LAST_RESORT_MS % 1000 * 1000}};
	struct sigaction action = {.sa_handler = give_up};
	sigset_t alarm_only;
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* see spawn.h */
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	setitimer(ITIMER_REAL, &last_resort, NULL);
}

/* To its end even when it is too long: a runtime whose write fails does not start the container,
 * whatever we were told to do on failure. */
static int read_stdin(char **ret, size_t *ret_len, char *why)
{
	uint64_t until_ns = util_now_ns() + STDIN_MS * 1000000ull;
	int r = util_read_all(STDIN_FILENO, STATE_SIZE_MAX, STDIN_MS, ret, ret_len);

	if (r == -EFBIG) {
		_free_ char *rest = NULL;
		size_t len;

		while (util_now_ns() < until_ns &&
		       util_read_all(STDIN_FILENO, STATE_SIZE_MAX, util_left_ms(until_ns), &rest,
				     &len) == -EFBIG)
			;
		return util_refuse(r, why, GUARD_TEXT_MAX,
				   "longer than %u bytes: expected the OCI state alone",
				   STATE_SIZE_MAX);
	}
	if (r == -ETIMEDOUT)
		return util_refuse(r, why, GUARD_TEXT_MAX,
				   "it did not end within %d ms: expected the OCI state and "
				   "its end, is the caller a runtime?",
				   STDIN_MS);
	if (r < 0)
		return util_refuse(r, why, GUARD_TEXT_MAX,
				   "cannot be read (%s): expected the OCI state", strerror(-r));
	return 0;
}

/* The one line, and the declared result. */
static int report(const struct options *o, const char *what, const char *id, const char *why)
{
	if (!o->fail_closed)
		mark_add(MARK_UNGUARDED);
	log_err(0, "%s%s: %s; %s", what, id, why,
		o->fail_closed ? "the container does not start (--fail closed)"
			       : "the container starts unguarded (--fail open)");
	return exit_on_error;
}

int main(int argc, char **argv)
{
	uint64_t until_ns = util_now_ns() + BUDGET_MS * 1000000ull;
	char why[GUARD_TEXT_MAX] = "", option_error[GUARD_TEXT_MAX] = "";
	_state_ struct state state = {};
	_free_ char *text = NULL;
	struct options options;
	size_t len;
	int r, option_result;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("reeve-hook %s\n", REEVE_BUILD) < 0;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return puts("usage: " OPTIONS_USAGE "\nusage: reeve-hook --version | --help") < 0;
	settle();
	log_open("reeve-hook", true);
	option_result = options_parse(argc, argv, &options, option_error, sizeof(option_error));
	exit_on_error = options.fail_closed;
	r = read_stdin(&text, &len, why);
	if (options.cleanup)
		return 0; /* the agent sees for itself that the cgroup is empty */
	if (r < 0)
		return report(&options, "stdin", "", why);
	r = state_parse(text, len, &state, why, sizeof(why));
	if (r < 0)
		return report(&options, "the OCI state on stdin", "", why);
	if (state_has_stopped(&state) || exempt(&state.annotated, state.id))
		return 0; /* exempt whatever else is wrong: it may be what puts it right */
	if (option_result < 0)
		return report(&options, "container ", state.id, option_error);
	r = guard(&options, &state, until_ns, why);
	exit_on_error = options.fail_closed;
	return r < 0 ? report(&options, "container ", state.id, why) : 0;
}
