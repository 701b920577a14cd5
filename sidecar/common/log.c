// SPDX-License-Identifier: Apache-2.0
/* See log.h. One write per line, so that lines of several processes do not mix. Syslog is spoken
 * to without blocking: a stuck journal must not hold a container's start. */
#include "log.h"
#include "utf8.h"
#include "util.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define LOG_LINE_MAX 2048 /* bytes of one message, after escaping */

static const char *log_name = "reeve";
static bool log_syslog;
static char log_text[LOG_LINE_MAX];

void log_open(const char *name, bool use_syslog)
{
	log_name = name;
	log_syslog = use_syslog;
}

const char *log_last(void)
{
	return log_text;
}

bool log_due(uint64_t *said_ns)
{
	uint64_t now = util_now_ns();

	if (*said_ns && now - *said_ns < 1000000000ull)
		return false;
	*said_ns = now;
	return true;
}

static void send_syslog(enum log_level level, const char *message)
{
	static const int priorities[] = {
	    [LOG_LEVEL_ERR] = LOG_ERR, [LOG_LEVEL_WARN] = LOG_WARNING, [LOG_LEVEL_INFO] = LOG_INFO};
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	char line[LOG_LINE_MAX + 64];
	int fd, n;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "<%d>%s[%d]: %s", LOG_DAEMON | priorities[level], log_name,
		     (int)getpid(), message);
	if (n > 0)
		(void)!sendto(fd, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1,
			      MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

__attribute__((format(printf, 3, 0))) static void put(enum log_level level, int r, const char *fmt,
						      va_list args)
{
	char raw[LOG_LINE_MAX], message[LOG_LINE_MAX], line[LOG_LINE_MAX + 64];
	int n = vsnprintf(raw, sizeof(raw), fmt, args);
	size_t len;

	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(raw))
		n = sizeof(raw) - 1;
	len = utf8_escape(message, sizeof(message), raw, (size_t)n);
	if (r < 0)
		snprintf(message + len, sizeof(message) - len, ": %s", strerror(-r));
	n = snprintf(line, sizeof(line), "%s: %s\n", log_name, message);
	if (n > 0)
		(void)!write(STDERR_FILENO, line,
			     (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	if (log_syslog)
		send_syslog(level, message);
	if (level == LOG_LEVEL_ERR)
		memcpy(log_text, message, sizeof(log_text));
}

int log_err(int r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(LOG_LEVEL_ERR, r, fmt, args);
	va_end(args);
	return r;
}

int log_warn(int r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(LOG_LEVEL_WARN, r, fmt, args);
	va_end(args);
	return r;
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(LOG_LEVEL_INFO, 0, fmt, args);
	va_end(args);
}
