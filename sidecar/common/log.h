/* SPDX-License-Identifier: Apache-2.0 */
/* One line per fact on stderr and, when asked, in syslog. Leaf code returns -errno and says
 * nothing; the first function that knows the user's noun logs once. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO };

/* name prefixes every line ("reeve-hook"). With syslog, lines also go to /dev/log (best effort). */
void log_open(const char *name, bool use_syslog);

/* Also keeps the last error's text, for a caller that must pass it on; never NULL. */
const char *log_last(void);

/* Whether a line that anybody can cause may be said again: once a second, *said_ns (0 at first) keeps when. */
bool log_due(uint64_t *said_ns);

/* "name: message: strerror\n"; returns r (a -errno; 0 leaves the strerror part out). Control
 * bytes in the message are shown as \xHH so that a container's bytes cannot forge a line. */
int log_err(int r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int log_warn(int r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
