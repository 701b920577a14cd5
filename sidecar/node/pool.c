/* SPDX-License-Identifier: Apache-2.0 */
/* See pool.h. Making slots waits for grace periods, which the node's loop must not. */
#include "sidecar/node/pool.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include "sidecar/common/launch.h"
#include "sidecar/common/log.h"
#include "sidecar/common/slot.h"
#include "sidecar/common/util.h"
#include "sidecar/node/node.h"

#define POOL_LOOK_MS 1000

static bool at_work(struct pool *p)
{
	struct pollfd f = {.fd = p->pidfd, .events = POLLIN};

	if (p->pidfd < 0)
		return false;
	if (poll(&f, 1, 0) == 0)
		return true;
	close(p->pidfd);
	p->pidfd = -1;
	return false;
}

static void fill(struct pool *p)
{
	char path[PATH_MAX];
	char *argv[] = {"reeve-load", "--refill", NULL};
	_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct launch l = {
	    .path = path, .argv = argv, .fds = &null, .fds_count = 1, .stderr_fd = STDERR_FILENO};
	int r = null < 0 ? -errno : util_sibling("reeve-load", path, sizeof(path));

	if (r == 0)
		r = launch_detached(&l, &p->pidfd);
	if (r < 0)
		log_err(r, "start reeve-load to prepare slots");
}

static void expired(void *arg)
{
	struct node *n = arg;
	unsigned ready;

	if (!at_work(&n->pool) && slot_pool_count(&ready) == 0 && ready < SLOT_POOL_TARGET / 2)
		fill(&n->pool);
	loop_timer_set(&n->loop, &n->pool.timer, POOL_LOOK_MS);
}

void pool_init(struct node *n)
{
	n->pool.pidfd = -1;
	n->pool.timer.expired = expired;
	n->pool.timer.arg = n;
	expired(n);
}

void pool_release(struct node *n)
{
	loop_timer_stop(&n->loop, &n->pool.timer);
	util_close_p(&n->pool.pidfd);
	n->pool.pidfd = -1;
}
