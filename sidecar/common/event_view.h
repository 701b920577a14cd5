/* SPDX-License-Identifier: Apache-2.0 */
/* What the two formatters share: names of a record's numbers, its times, its argument strings.
 * Private to event*.c. Names are the ones documented in docs/events.md. */
#pragma once
#include <stdbool.h>
#include "event.h"
#include "when.h"

#define VIEW_TIME_SIZE WHEN_SIZE

/* A field's number; its size is 4 or 8. */
uint64_t event_view_number(const struct event *e, const struct event_field *f);

/* RFC 3339, UTC, nanoseconds. */
void event_view_time(const struct event *e, const struct event_context *c,
		     char ret[static VIEW_TIME_SIZE]);

/* "whole" also for a block that came by the bulk ring, once it is attached. */
const char *event_view_args_state(const struct event *e);
const char *event_view_phase(unsigned phase); /* NULL: none */
/* NULL for a family without a name here. */
const char *event_view_family(unsigned family);
const char *event_view_error_counter(unsigned i); /* NULL past the last */
/* "EACCES"; NULL for 0 and for a number that is no errno. */
const char *event_view_errno(int error);
/* "SIGKILL", "SIGRTMIN+3", or NULL for 0. */
const char *event_view_signal(unsigned signal, char *buf, size_t size);
/* An IP address (IPv6 with its scope as %N), a vsock cid or a hardware address as text; false when
 * there is none. */
#define EVENT_ADDRESS_SIZE 64
bool event_view_address(const struct rv_address *a, char ret[static EVENT_ADDRESS_SIZE]);
bool event_view_has_port(const struct rv_address *a);

/* The next string of the argument block; *pos starts at 0. False at the end. */
bool event_view_next_arg(const struct event *e, size_t *pos, const char **ret, size_t *ret_len);

static inline unsigned event_view_major(unsigned dev)
{
	return dev >> 20;
}
static inline unsigned event_view_minor(unsigned dev)
{
	return dev & 0xfffffu;
}
