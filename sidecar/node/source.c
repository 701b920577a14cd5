/* SPDX-License-Identifier: Apache-2.0 */
/* See source.h. Kubernetes puts a new version beside the old one and renames the link ..data over
 * to it: that directory is opened once, so that what is read is of one version. */
#include "sidecar/node/source.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/node.h"
#include "sidecar/policy/policy.h"

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR)

static void look(void *arg)
{
	struct node *n = arg;
	struct source *s = &n->source;
	char error[POLICY_ERROR_MAX + 64] = "";
	int r;

	/* Watched before it is read, again each time: it costs nothing where it is watched already.
	 */
	if (s->fd >= 0 && inotify_add_watch(s->fd, s->path, EVENTS) < 0)
		loop_timer_set(&n->loop, &s->again, SOURCE_LOOK_MS);
	r = source_copy(s->path, PATH_POLICIES, error, sizeof(error));
	if (r < 0 && !s->refused)
		log_err(0, "the policies of %s are not taken over, the earlier ones stay: %s",
			s->path, error);
	if (r > 0)
		log_info("the policies of %s are those of " PATH_POLICIES, s->path);
	s->refused = r < 0;
	if (r < 0)
		loop_timer_set(&n->loop, &s->again, SOURCE_LOOK_MS);
}

static void ready(void *arg, uint32_t events)
{
	struct node *n = arg;
	char buf[4096];

	(void)events;
	while (read(n->source.fd, buf, sizeof(buf)) > 0)
		;
	n->source.refused = false; /* something new to say */
	loop_timer_set(&n->loop, &n->source.again, SOURCE_SETTLE_MS);
}

void source_init(struct node *n, const char *path)
{
	struct source *s = &n->source;
	int r;

	s->path = path;
	s->fd = -1;
	if (!path)
		return;
	s->watch.ready = ready;
	s->again.expired = look;
	s->watch.arg = s->again.arg = n;
	s->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	r = s->fd < 0 ? -errno : loop_add(&n->loop, &s->watch, s->fd, EPOLLIN);
	if (r < 0)
		log_err(r, "watch %s: it is taken over as it is now, and not followed", path);
	look(n);
}

void source_release(struct node *n)
{
	struct source *s = &n->source;

	if (!s->path)
		return;
	loop_timer_stop(&n->loop, &s->again);
	loop_remove(&n->loop, &s->watch);
	util_close_p(&s->fd);
	s->fd = -1;
}
