// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

static char captured[8192];

static int stderr_to_pipe(int *ret_saved)
{
	int pair[2];

	if (pipe(pair) < 0)
		return -1;
	fflush(stderr);
	*ret_saved = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	return pair[0];
}

static void stderr_back(int saved, int pipe_fd)
{
	ssize_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipe_fd, captured, sizeof(captured) - 1);
	captured[n > 0 ? n : 0] = '\0';
	close(pipe_fd);
}

TEST("one line with the name, the message and the reason")
{
	int saved, fd = stderr_to_pipe(&saved), r;

	log_open("unit", false);
	r = log_err(-ENOENT, "attach %s to %s", "exec", "/x");
	stderr_back(saved, fd);
	CHECK_INT(r, -ENOENT);
	CHECK_STR(captured, "unit: attach exec to /x: No such file or directory\n");
	CHECK_STR(log_last(), "attach exec to /x: No such file or directory");
}

TEST("0 and information come without a reason; warnings are not the last error")
{
	int saved, fd = stderr_to_pipe(&saved);

	log_err(0, "first");
	log_warn(-EPERM, "second");
	log_info("third %d", 3);
	stderr_back(saved, fd);
	CHECK_STR(captured, "unit: first\nunit: second: Operation not permitted\nunit: third 3\n");
	CHECK_STR(log_last(), "first");
}

TEST("a container's bytes cannot forge a line or reach the terminal")
{
	int saved, fd = stderr_to_pipe(&saved);

	log_err(0, "id %s", "a\nreeve: all is well\r\x1b[2J\x7f\xff\xc2\x9b \xc3\xa9");
	stderr_back(saved, fd);
	CHECK_STR(captured, "unit: id a\\x0areeve: all is well\\x0d\\x1b[2J\\x7f\\xff\\xc2\\x9b "
			    "\xc3\xa9\n");
}

TEST("long messages are cut and stay one line")
{
	static char longer[6000];
	int saved, fd = stderr_to_pipe(&saved);

	memset(longer, '\n', sizeof(longer) - 1);
	log_err(-EIO, "%s", longer);
	stderr_back(saved, fd);
	CHECK(strlen(captured) > 1000 && strlen(captured) < 3000);
	CHECK(strchr(captured, '\n') == captured + strlen(captured) - 1);
}
