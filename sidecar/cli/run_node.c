/* SPDX-License-Identifier: Apache-2.0 */
/* A node for `reeve run` where none is running: started for this one command and stopped once its
 * record is complete. What it says is shown only if it does not come up. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "query.h"
#include "run.h"
#include "sidecar/common/launch.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"

#define START_TIMEOUT_MS 10000
#define STOP_TIMEOUT_MS 10000
#define RETRY_MS 20
#define WORDS_MAX 2000 /* bytes of the node's own words in our message */

static int gone(int pidfd, int timeout_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, timeout_ms) > 0;
}

/* Why it did not come up, in its own words. */
static int explain(int r, int words_fd)
{
	char words[WORDS_MAX + 1];
	ssize_t n = pread(words_fd, words, WORDS_MAX, 0);

	while (n > 0 && words[n - 1] == '\n')
		n--;
	words[n > 0 ? n : 0] = '\0';
	return log_err(r, "start a node for this command%s%s", words[0] ? ": " : "", words);
}

static int start(struct run_node *ret)
{
	_close_ int words = memfd_create("reeve-node", MFD_CLOEXEC);
	_close_ int pidfd = -1;
	uint64_t until = util_now_ns() + START_TIMEOUT_MS * 1000000ull;
	char path[PATH_MAX];
	char *argv[] = {"reeve-node", NULL};
	struct launch l = {
	    .path = path, .argv = argv, .fds = &words, .fds_count = 1, .stderr_fd = words};
	int r = util_sibling("reeve-node", path, sizeof(path));

	if (words < 0)
		return log_err(-errno, "make a memory file");
	if (r == 0)
		r = launch_detached(&l, &pidfd);
	if (r < 0)
		return log_err(r, "start reeve-node");
	while ((r = query_probe()) < 0 && util_now_ns() < until)
		if (gone(pidfd, RETRY_MS))
			return explain(0, words), -ECHILD;
	if (r < 0) {
		syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
		return explain(-ETIMEDOUT, words);
	}
	ret->pidfd = TAKE_FD(pidfd);
	return 0;
}

int run_node_ensure(struct run_node *ret)
{
	int r = query_probe();

	*ret = (struct run_node){.pidfd = -1};
	if (r == 0 || r == -EAGAIN)
		return 0;
	if (r != -ENOENT && r != -ECONNREFUSED)
		return log_err(r, "reach the node at %s", PATH_QUERY_SOCKET);
	return start(ret);
}

void run_node_stop(struct run_node *n)
{
	if (n->pidfd < 0)
		return;
	syscall(SYS_pidfd_send_signal, n->pidfd, SIGTERM, NULL, 0);
	if (!gone(n->pidfd, STOP_TIMEOUT_MS)) {
		log_warn(0,
			 "the node started for this command did not end within %d s: it is killed",
			 STOP_TIMEOUT_MS / 1000);
		syscall(SYS_pidfd_send_signal, n->pidfd, SIGKILL, NULL, 0);
	}
	util_close_p(&n->pidfd);
}
