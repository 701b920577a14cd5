/* SPDX-License-Identifier: Apache-2.0 */
/* reeve-node: the one daemon of a host. Agents bring records, it stores them, acknowledges, and
 * answers questions about them. One thread, one loop. It judges nothing and denies nothing: while
 * it is away, agents keep what they have. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include "cgroup/space.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/listen.h"
#include "sidecar/node/node.h"
#include "sidecar/node/notify.h"
#include "sidecar/node/pool.h"
#include "sidecar/node/stream.h"

#define NODE_FILES_MAX 8192 /* streams, clients, databases with their logs */

struct signals {
	struct node *node;
	int fd;
	struct loop_watch watch;
};

static const char usage[] =
    "usage: reeve-node [--foreground] [--syslog] [--policies DIR] [--metrics ADDRESS] [--version] [--help]\n"
    "       reeve-node --check-config FILE\n"
    "The node's daemon; runs in the foreground, as root, until SIGTERM.\n"
    "SIGHUP makes it read the policies and " PATH_CONFIG " again.\n"
    "  --check-config FILE  say what is wrong with a configuration, or what it means\n"
    "  --policies DIR  keep " PATH_POLICIES " a copy of the policies in DIR, a mounted\n"
    "                  ConfigMap for example; nobody else may have put any there\n"
    "  --metrics ADDRESS  serve Prometheus' metrics over HTTP: PORT (on 127.0.0.1), IP:PORT, [IPV6]:PORT or\n"
    "                  unix:PATH; a socket that systemd passes is served as well, without this\n";

struct options {
	bool use_syslog;
	const char *source, *metrics;
};

static int misused(const char *argument, const char *why)
{
	fprintf(stderr, "reeve-node: '%s': %s\n%s", argument, why, usage);
	return -EINVAL;
}

/* The option's value, if it is one. 1: so it is. */
static int parse_value(const char *name, const char *value, struct options *ret)
{
	struct http_address address;

	if (strcmp(name, "--policies") == 0) {
		if (!value || value[0] != '/')
			return misused(name, "expected an absolute path after it");
		ret->source = value;
	} else if (strcmp(name, "--metrics") == 0) {
		if (!value || http_address_read(value, &address) < 0)
			return misused(name, "expected PORT, IP:PORT, [IPV6]:PORT or unix:PATH after it");
		ret->metrics = value;
	} else {
		return misused(name, "unknown argument");
	}
	return 1;
}

/* As parse. */
static int check_config(const char *file)
{
	char error[CONFIG_ERROR_MAX] = "";
	struct config c;
	int r = access(file, F_OK) < 0 ? -errno : config_read(file, &c, error, sizeof(error));

	if (r < 0) {
		fprintf(stderr, "reeve-node: %s%s\n", error[0] ? "" : file,
			error[0] ? error : ": it cannot be read");
		return r;
	}
	config_print(&c, stdout);
	return 0;
}

/* 1: go on, else the exit status - 2. */
static int parse(int argc, char **argv, struct options *ret)
{
	int r = 1;

	for (int i = 1; i < argc && r == 1; i++) {
		if (strcmp(argv[i], "--foreground") == 0)
			continue;
		if (strcmp(argv[i], "--syslog") == 0) {
			ret->use_syslog = true;
		} else if (strcmp(argv[i], "--version") == 0) {
			printf("reeve-node %s\n", REEVE_BUILD);
			return 0;
		} else if (strcmp(argv[i], "--check-config") == 0) {
			return i + 1 < argc ? check_config(argv[i + 1])
					    : misused(argv[i], "expected a file after it");
		} else if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return 0;
		} else {
			r = parse_value(argv[i], argv[i + 1], ret);
			i++;
		}
	}
	return r;
}

static void reload(struct node *n)
{
	notify_reloading();
	watch_soon(n);
	log_info("reloading the policies and " PATH_CONFIG);
	retention_reload(n);
	notify_reloaded();
}

static void on_signal(void *arg, uint32_t events)
{
	struct signals *s = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			adopt_reap(s->node);
		else if (info.ssi_signo == SIGHUP)
			reload(s->node);
		else
			loop_stop(&s->node->loop);
	}
}

static int watch_signals(struct node *n, struct signals *s)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0};

	*s = (struct signals){.node = n, .watch = {.ready = on_signal, .arg = s}};
	s->fd = loop_signals(wanted);
	if (s->fd < 0)
		return log_err(s->fd, "watch for signals");
	return loop_add(&n->loop, &s->watch, s->fd, EPOLLIN);
}

static int know_user(struct node *n)
{
	int r = util_user_ids(REEVE_USER, &n->uid, &n->gid);

	if (r == 0)
		r = util_group_id(REEVE_GROUP, &n->gid);
	if (r < 0)
		return log_err(r,
			       "find user and group %s: make them with 'useradd --system "
			       "--user-group %s'",
			       REEVE_USER, REEVE_USER);
	return 0;
}

static void bound(void)
{
	struct rlimit files = {NODE_FILES_MAX, NODE_FILES_MAX};

	(void)setrlimit(RLIMIT_NOFILE, &files);
	umask(0027);
	signal(SIGPIPE, SIG_IGN);
}

static int join_host(void)
{
	int r = space_join_host();

	if (r == -ESRCH) {
		log_warn(0,
			 "in a container without the host's pids: agents of the host are refused; "
			 "in Kubernetes set hostPID: true");
		return 0;
	}
	return r < 0 ? log_err(r, "enter the host's cgroup namespace: this needs CAP_SYS_ADMIN and "
				  "CAP_SYS_PTRACE")
		     : 0;
}

static int start(struct node *n, struct signals *s, const struct options *o)
{
	int r = loop_init(&n->loop);

	if (r < 0)
		return log_err(r, "make an event loop");
	turns_init(&n->turns, &n->loop);
	r = crypt_init();
	if (r < 0)
		return log_err(r, "get random bytes from the system");
	r = watch_signals(n, s);
	if (r == 0)
		r = listen_directories(n);
	if (r < 0)
		return r;
	store_init(&n->store, PATH_STORE, PATH_SEAL_CONTAINERS);
	r = store_load(&n->store, &n->lives);
	if (r < 0)
		log_err(r, "read %s: nothing of before is known", PATH_STORE);
	r = listen_open(n);
	if (r < 0)
		return r;
	http_init(n, o->metrics); /* before a child could inherit what systemd passed */
	bulk_init(n);
	nodelog_init(n);
	adopt_init(n);
	pool_init(n);
	source_init(n, o->source);
	watch_init(n);
	retention_init(n);
	disk_init(n);
	log_info("ready, %zu containers on record", n->lives.count);
	notify_ready(n);
	return 0;
}

static void stop(struct node *n, struct signals *s)
{
	notify_stopping(n);
	listen_close(n);
	retention_release(n);
	watch_release(n);
	source_release(n);
	pool_release(n);
	adopt_release(n);
	http_release(n);
	metrics_release(n);
	clients_release(n);
	streams_release(n);
	bulk_release(n);
	nodelog_release(n);
	disk_release(n);
	store_release(&n->store);
	lives_release(&n->lives);
	util_close_p(&s->fd);
	loop_release(&n->loop);
}

int main(int argc, char **argv)
{
	static struct node node = {
	    .loop.epoll_fd = -1,
	    .agents.fd = -1,
	    .queries.fd = -1,
	    .bulk = {.map_fd = -1, .lock_fd = -1},
	    .watch = {.fd = -1, .pidfd = -1},
	    .disk = {.spill.fd = -1},
	    .nodelog = {.ring_fd = -1, .lane_fd = -1, .state_fd = -1},
	};
	struct signals signals = {.fd = -1};
	struct options options = {};
	int lock_fd, r = parse(argc, argv, &options);

	if (r <= 0)
		return r < 0 ? 2 : 0;
	log_open("reeve-node", options.use_syslog);
	bound();
	r = join_host();
	if (r == 0)
		r = know_user(&node);
	if (r == 0)
		r = listen_lock(&lock_fd);
	if (r < 0)
		return 1;
	r = start(&node, &signals, &options);
	if (r == 0)
		r = loop_run(&node.loop);
	stop(&node, &signals);
	(void)unlink(PATH_NODE_PID);
	return r < 0 ? 1 : 0;
}
