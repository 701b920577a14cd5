/* SPDX-License-Identifier: Apache-2.0 */
/* See http.h: where it listens. A socket that the service manager opened works in a unit without a network of
 * its own, and without the right to open any. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/node/node.h"

#define LISTEN_FD_FIRST 3 /* sd_listen_fds(3) */

static int read_unix(const char *path, struct http_address *ret)
{
	struct sockaddr_un *at = (struct sockaddr_un *)&ret->at;

	if (path[0] != '/' || strlen(path) >= sizeof(at->sun_path))
		return -EINVAL;
	at->sun_family = AF_UNIX;
	strcpy(at->sun_path, path);
	ret->len = sizeof(*at);
	return 0;
}

int http_address_read(const char *text, struct http_address *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->at;
	const char *port = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t len = port ? (size_t)(port - text) : 0;
	unsigned number;

	*ret = (struct http_address){};
	if (strncmp(text, "unix:", 5) == 0)
		return read_unix(text + 5, ret);
	port = port ? port + 1 : text;
	if (len >= sizeof(host) || !util_decimal(port, strlen(port), 65535, &number) || number == 0)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		*v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number)};
		ret->len = sizeof(*v6);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	*v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
	ret->len = sizeof(*v4);
	return inet_pton(AF_INET, len ? host : "127.0.0.1", &v4->sin_addr) == 1 ? 0 : -EINVAL;
}

static int add(struct node *n, int fd)
{
	struct http *h = &n->http;
	struct listener *l = &h->listeners[h->listeners_n];
	int r;

	if (h->listeners_n == HTTP_LISTEN_MAX)
		return -E2BIG;
	*l = (struct listener){.node = n, .fd = fd, .opened = http_open};
	r = listen_add(l);
	h->listeners_n += r == 0;
	return r;
}

/* One that the manager has passed. */
static int adopt(struct node *n, int fd)
{
	int listening = 0, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(listening);

	if (flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0)
		return -errno;
	return listening ? add(n, fd) : -EINVAL;
}

static void adopt_all(struct node *n)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	unsigned count;

	if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
		return;
	if (!util_decimal(fds, strlen(fds), HTTP_LISTEN_MAX, &count)) {
		log_warn(0, "LISTEN_FDS=%s: expected at most %d sockets; none is used", fds, HTTP_LISTEN_MAX);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		int r = adopt(n, LISTEN_FD_FIRST + (int)i);

		if (r < 0)
			log_err(r, "use socket %u of those the service manager passed: expected a "
				   "listening stream socket, as in reeve-metrics.socket", i);
		else
			log_info("metrics are served on a socket of the service manager's");
	}
}

/* A socket file of before is in the way; anything else there is not ours to remove. */
static int bind_unix(struct node *n, int fd, const struct http_address *a)
{
	const char *path = ((const struct sockaddr_un *)&a->at)->sun_path;
	mode_t mask;
	struct stat st;
	int r = 0;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	mask = umask(0777);
	if (bind(fd, (const struct sockaddr *)&a->at, a->len) < 0 || chown(path, 0, n->gid) < 0 ||
	    chmod(path, 0660) < 0)
		r = -errno;
	umask(mask);
	if (r == 0)
		snprintf(n->http.path, sizeof(n->http.path), "%s", path);
	return r;
}

static int listen_at(struct node *n, const struct http_address *a)
{
	_close_ int fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, r = fd < 0 ? -errno : 0;

	if (r < 0)
		return r;
	if (a->at.ss_family == AF_UNIX)
		r = bind_unix(n, fd, a);
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		 bind(fd, (const struct sockaddr *)&a->at, a->len) < 0)
		r = -errno;
	if (r == 0 && listen(fd, HTTP_BACKLOG) < 0)
		r = -errno;
	if (r == 0)
		r = add(n, fd);
	if (r == 0)
		(void)TAKE_FD(fd);
	return r;
}

void http_init(struct node *n, const char *at)
{
	struct http_address a;
	int r;

	adopt_all(n);
	if (!at)
		return;
	r = http_address_read(at, &a);
	if (r == 0)
		r = listen_at(n, &a);
	if (r == -EAFNOSUPPORT || r == -EPERM)
		log_err(r, "serve metrics on %s: the service's unit forbids it; enable "
			   "reeve-metrics.socket instead", at);
	else if (r < 0)
		log_err(r, "serve metrics on %s", at);
	else
		log_info("metrics are served on %s", at);
}
