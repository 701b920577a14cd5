/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of one audit event being written. Private to event_audit*.c. All lines of an event share
 * their stamp; none is longer than the audit tools' own line buffer, nothing is cut to get there:
 * what does not fit goes on in a further line of the same type. */
#pragma once
#include <stdio.h>
#include "event_view.h"

/* ausearch and auparse read lines into MAX_AUDIT_MESSAGE_LENGTH, 8970 bytes. */
#define AUDIT_LINE_MAX 8900

struct audit_lines {
	FILE *f;
	const struct event *e;
	const struct event_context *c;
	char stamp[64]; /* "msg=audit(SEC.MMM:SERIAL):" */
	size_t len;	/* of the line so far */
};

void audit_begin(struct audit_lines *l, const char *type);
void audit_end(struct audit_lines *l);
void audit_printf(struct audit_lines *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* " key=" and bytes of foreign origin: quoted, or hex. */
void audit_bytes(struct audit_lines *l, const char *key, const char *s, size_t len);

/* SYSCALL. items: PATH lines of the event. */
void audit_syscall(struct audit_lines *l, unsigned items);
/* UNKNOWN[1427]: the record's every field. */
void audit_fields(struct audit_lines *l);
