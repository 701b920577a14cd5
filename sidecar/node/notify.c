/* SPDX-License-Identifier: Apache-2.0 */
/* See notify.h. */
#include "sidecar/node/notify.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/node/node.h"

#define WATCHDOG_MS_MAX 3600000

static void say(const char *words)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	_close_ int fd = -1;
	size_t len = path ? strlen(path) : 0;

	if (len == 0 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A manager that does not read must not hold us up. */
	if (fd >= 0)
		(void)!sendto(fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT,
			      (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

/* Half of the time the manager waits; 0: it does not. */
static unsigned interval_ms(void)
{
	const char *time = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long us;
	char *end;

	if (!time || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	errno = 0;
	us = strtoull(time, &end, 10);
	if (errno || *end || us < 2000 || us / 2000 > WATCHDOG_MS_MAX) {
		log_warn(
		    0,
		    "WATCHDOG_USEC=%s: expected microseconds from 2000 to two hours; no watchdog",
		    time);
		return 0;
	}
	return (unsigned)(us / 2000);
}

static void alive(void *arg)
{
	struct node *n = arg;

	say("WATCHDOG=1\n");
	loop_timer_set(&n->loop, &n->watchdog, interval_ms());
}

void notify_ready(struct node *n)
{
	say("READY=1\n");
	n->watchdog.expired = alive;
	n->watchdog.arg = n;
	if (interval_ms() > 0)
		loop_timer_set(&n->loop, &n->watchdog, interval_ms());
}

void notify_reloading(void)
{
	char words[64];

	snprintf(words, sizeof(words), "RELOADING=1\nMONOTONIC_USEC=%llu\n",
		 (unsigned long long)(util_now_ns() / 1000));
	say(words);
}

void notify_reloaded(void)
{
	say("READY=1\n");
}

void notify_stopping(struct node *n)
{
	loop_timer_stop(&n->loop, &n->watchdog);
	say("STOPPING=1\n");
}
