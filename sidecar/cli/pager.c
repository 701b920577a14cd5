/* SPDX-License-Identifier: Apache-2.0 */
/* See pager.h. As git does it: the pager is a child that reads a pipe, in front of the terminal it
 * gets the keys; ours is to write until it has gone. */
#include "pager.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

static pid_t pager;

static bool on_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

bool pager_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return on_terminal() && !(no && *no);
}

/* NULL: none. */
static const char *command(void)
{
	const char *s = getenv("REEVE_PAGER");

	s = s ? s : getenv("PAGER");
	s = s ? s : "less";
	return *s && strcmp(s, "cat") != 0 ? s : NULL;
}

static void run(const char *shell_command, int in, int out)
{
	dup2(in, STDIN_FILENO);
	close(in);
	close(out);
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	signal(SIGPIPE, SIG_DFL);
	/* Where there is no less, what it would have shown is shown all the same. */
	if (strcmp(shell_command, "less") == 0)
		shell_command = "if command -v less >/dev/null; then exec less; else exec cat; fi";
	execl("/bin/sh", "sh", "-c", shell_command, (char *)NULL);
	_exit(127);
}

void pager_start(void)
{
	const char *shell_command = on_terminal() ? command() : NULL;
	int ends[2];

	if (!shell_command)
		return;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		log_err(-errno, "start the pager '%s'", shell_command);
		return;
	}
	pager = fork();
	if (pager == 0)
		run(shell_command, ends[0], ends[1]);
	close(ends[0]);
	if (pager < 0) {
		log_err(-errno, "start the pager '%s'", shell_command);
		close(ends[1]);
		return;
	}
	/* These keys are the pager's: it ends, then our writing does. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (isatty(STDERR_FILENO))
		dup2(ends[1], STDERR_FILENO);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
}

void pager_end(void)
{
	if (pager <= 0)
		return;
	fflush(stdout);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}
