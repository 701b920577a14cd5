/* SPDX-License-Identifier: Apache-2.0 */
/* See watch.h. Any event in the directory is reason enough: what changed, and for whom, refresh finds
 * out by comparing texts. A ConfigMap's files are links by way of ..data, which is renamed over. */
#include "sidecar/node/watch.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include "sidecar/common/launch.h"
#include "sidecar/common/log.h"
#include "sidecar/common/mark.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/node.h"

#define EVENTS                                                                                     \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF |    \
	 IN_MOVE_SELF | IN_ONLYDIR)

/* Whether a refresh is at work. */
static bool at_work(struct watch *w)
{
	struct pollfd f = {.fd = w->pidfd, .events = POLLIN};

	if (w->pidfd < 0)
		return false;
	if (poll(&f, 1, 0) == 0)
		return true;
	close(w->pidfd);
	w->pidfd = -1;
	return false;
}

static void refresh(struct watch *w)
{
	char path[PATH_MAX];
	char *argv[] = {"reeve", "policy", "refresh", NULL};
	_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct launch l = {
	    .path = path, .argv = argv, .fds = &null, .fds_count = 1, .stderr_fd = STDERR_FILENO};
	int r = null < 0 ? -errno : util_sibling("reeve", path, sizeof(path));

	w->refreshes++;
	if (r == 0)
		r = launch_detached(&l, &w->pidfd);
	if (r < 0)
		mark_add(MARK_REFRESH_FAILED);
	if (r < 0)
		log_err(r, "start 'reeve policy refresh': running containers keep their policies");
}

static void settled(void *arg)
{
	struct node *n = arg;

	if (at_work(&n->watch))
		watch_soon(n);
	else
		refresh(&n->watch);
}

/* The directory is gone, and the watch with it; one that comes in its place may have its number. */
static void forget(struct watch *w)
{
	w->descriptor = -1;
	w->dev = 0;
	w->ino = 0;
}

static void ready(void *arg, uint32_t events)
{
	struct node *n = arg;
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *e;
	ssize_t len;

	(void)events;
	while ((len = read(n->watch.fd, buf, sizeof(buf))) > 0) {
		for (const char *at = buf; at < buf + len; at += sizeof(*e) + e->len) {
			e = (const void *)at;
			if ((e->mask & IN_IGNORED) && e->wd == n->watch.descriptor)
				forget(&n->watch);
		}
	}
	watch_soon(n);
}

/* Begins to watch, or does so again: the directory may come later, or another be mounted over it. */
static void look(void *arg)
{
	struct node *n = arg;
	struct watch *w = &n->watch;
	struct stat st;

	loop_timer_set(&n->loop, &w->look, WATCH_LOOK_MS);
	if (stat(PATH_POLICIES, &st) < 0)
		st = (struct stat){};
	if (w->fd < 0 || (st.st_dev == w->dev && st.st_ino == w->ino))
		return;
	if (w->descriptor >= 0)
		(void)inotify_rm_watch(w->fd, w->descriptor);
	w->descriptor = st.st_ino ? inotify_add_watch(w->fd, PATH_POLICIES, EVENTS) : -1;
	w->dev = w->descriptor < 0 ? 0 : st.st_dev;
	w->ino = w->descriptor < 0 ? 0 : st.st_ino;
	watch_soon(n);
}

void watch_soon(struct node *n)
{
	if (!n->loop.stopped)
		loop_timer_set(&n->loop, &n->watch.settle, WATCH_SETTLE_MS);
}

void watch_init(struct node *n)
{
	struct watch *w = &n->watch;
	int r;

	w->pidfd = w->descriptor = -1;
	w->watch.ready = ready;
	w->look.expired = look;
	w->settle.expired = settled;
	w->watch.arg = w->look.arg = w->settle.arg = n;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	r = w->fd < 0 ? -errno : loop_add(&n->loop, &w->watch, w->fd, EPOLLIN);
	if (r < 0)
		log_err(r, "watch %s: running containers do not follow it", PATH_POLICIES);
	look(n);
}

void watch_release(struct node *n)
{
	struct watch *w = &n->watch;

	loop_timer_stop(&n->loop, &w->look);
	loop_timer_stop(&n->loop, &w->settle);
	loop_remove(&n->loop, &w->watch);
	util_close_p(&w->fd);
	util_close_p(&w->pidfd);
	w->fd = w->pidfd = -1;
}
