/* SPDX-License-Identifier: Apache-2.0 */
/* See listen.h. A socket gets its owner and mode before anybody can connect: it is bound under a
 * mask that lets nobody in, and listens last. */
#include "sidecar/node/listen.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "sidecar/common/log.h"
#include "sidecar/common/mark.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/node.h"
#include "sidecar/node/stream.h"

#define STATE_DIR "/var/lib/reeve"
#define BACKLOG 1024 /* agents that reconnect at once after a restart */
#define ACCEPT_PER_TURN 16
#define ACCEPT_PAUSE_MS 1000

int listen_lock(int *ret_fd)
{
	_close_ int fd = -1;
	char pid[32];
	int r = util_mkdir_p(PATH_RUN, 0755);

	if (r < 0)
		return log_err(r, "make %s", PATH_RUN);
	fd = open(PATH_NODE_PID, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return log_err(-errno, "open %s (the node starts as root)", PATH_NODE_PID);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return log_err(-EBUSY, "another reeve-node holds %s", PATH_NODE_PID);
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || fchmod(fd, 0644) < 0)
		return log_err(-errno, "write %s", PATH_NODE_PID);
	r = util_write_all(fd, pid, strlen(pid));
	if (r < 0)
		return log_err(r, "write %s", PATH_NODE_PID);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int own_directory(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat st;
	int r = util_mkdir_p(path, mode);

	if (r == 0 && stat(path, &st) < 0)
		r = -errno;
	if (r == 0 && (st.st_uid != uid || st.st_gid != gid) && chown(path, uid, gid) < 0)
		r = -errno;
	if (r == 0 && (st.st_mode & 07777) != mode && chmod(path, mode) < 0)
		r = -errno;
	return r < 0 ? log_err(r, "make directory %s", path) : 0;
}

int listen_directories(const struct node *n)
{
	int r = own_directory(PATH_RUN, 0755, 0, 0);

	mark_make(MARK_UNGUARDED);
	mark_make(MARK_REFRESH_FAILED);
	/* Without a store the agents keep their records until there is one. */
	if (own_directory(STATE_DIR, 0755, 0, 0) == 0) { /* the agents' spools are in it, too */
		(void)own_directory(PATH_STORE, 0750, 0, n->gid);
		(void)own_directory(PATH_STORE_NODE, 0750, 0, n->gid);
		(void)own_directory(PATH_SEAL, 0700, 0, 0);
		(void)own_directory(PATH_SEAL_CONTAINERS, 0700, 0, 0);
		(void)own_directory(PATH_SEAL_NODE, 0700, 0, 0);
	}
	return r;
}

static void accept_all(void *arg, uint32_t events)
{
	struct listener *l = arg;
	struct node *n = l->node;

	(void)events;
	for (unsigned i = 0; i < ACCEPT_PER_TURN; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno != EAGAIN) {
			log_err(-errno, "accept a connection, tried again in a second");
			loop_change(&n->loop, &l->watch, 0);
			loop_timer_set(&n->loop, &l->pause, ACCEPT_PAUSE_MS);
		}
		if (fd < 0)
			return;
		(void)l->opened(n, fd);
	}
}

static void resume(void *arg)
{
	struct listener *l = arg;

	loop_change(&l->node->loop, &l->watch, EPOLLIN);
}

int listen_add(struct listener *l)
{
	l->watch.ready = accept_all;
	l->pause.expired = resume;
	l->watch.arg = l->pause.arg = l;
	return loop_add(&l->node->loop, &l->watch, l->fd, EPOLLIN);
}

void listen_remove(struct listener *l)
{
	if (!l->node || l->fd < 0)
		return;
	loop_remove(&l->node->loop, &l->watch);
	loop_timer_stop(&l->node->loop, &l->pause);
	close(l->fd);
	l->fd = -1;
}

static int open_one(struct listener *l, const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t mask = umask(0777);
	int r = 0;

	_Static_assert(sizeof(PATH_AGENT_SOCKET) <= sizeof(at.sun_path), "too long");
	_Static_assert(sizeof(PATH_QUERY_SOCKET) <= sizeof(at.sun_path), "too long");
	strcpy(at.sun_path, path);
	(void)unlink(path); /* stale: the pid file says that we are alone */
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    chown(path, uid, gid) < 0 || chmod(path, mode) < 0 || listen(l->fd, BACKLOG) < 0)
		r = -errno;
	umask(mask);
	if (r == 0)
		r = listen_add(l);
	return r < 0 ? log_err(r, "listen on %s", path) : 0;
}

int listen_open(struct node *n)
{
	int r;

	n->agents = (struct listener){.node = n, .fd = -1, .opened = stream_open};
	n->queries = (struct listener){.node = n, .fd = -1, .opened = client_open};
	r = open_one(&n->agents, PATH_AGENT_SOCKET, n->uid, n->gid, 0600);
	if (r == 0)
		r = open_one(&n->queries, PATH_QUERY_SOCKET, 0, n->gid, 0660);
	return r;
}

static void close_one(struct listener *l, const char *path)
{
	if (l->fd >= 0)
		(void)unlink(path);
	listen_remove(l);
}

void listen_close(struct node *n)
{
	close_one(&n->agents, PATH_AGENT_SOCKET);
	close_one(&n->queries, PATH_QUERY_SOCKET);
}
