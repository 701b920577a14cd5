/* SPDX-License-Identifier: Apache-2.0 */
/* Some members of events, in an order of one's choice, and how they are written: as CSV (RFC 4180),
 * as JSON, as text. A field is a member's name as in JSON, one of an object in an object as
 * "process.pid". Which there are comes from the events themselves. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "json.h"
#include "json_scan.h"

#define EVENT_FIELDS_MAX 512

/* Columns of CSV when none are asked for. */
#define EVENT_FIELDS_CSV                                                                           \
	"time", "container.id", "container.name", "seq", "kind", "verdict", "error", "rule",       \
	    "process.pid", "process.ns_pid", "process.ppid", "process.uid", "process.comm",        \
	    "process.exe", "path", "argv", "faddr", "fport", "code", "signal"

enum event_form { EVENT_FORM_TEXT, EVENT_FORM_JSON, EVENT_FORM_CSV };

struct event_fields {
	char *names[EVENT_FIELDS_MAX];
	size_t n;
};

void event_fields_release(struct event_fields *f);

/* Every field there is: the head's, then those of the kinds. -ENOMEM. */
int event_fields_all(struct event_fields *ret);
/* Those of an array of names; "all" alone is every one, NULL the columns of CSV. -EINVAL with the
 * reason in error: one there is not (and the nearest there is), one twice, none. */
int event_fields_read(const struct json *names, struct event_fields *ret, char *error,
		      size_t error_size);

/* A member's name; inner is empty but for a member of a member. */
struct event_path {
	struct json_piece outer, inner;
};
/* Calls each for every member of an event as event_to_json wrote it, then for each of its own;
 * below those nothing has a fixed name. Not 0 ends it. -EINVAL: it is no object. */
int event_fields_each(struct json_piece json,
		      int (*each)(void *arg, const struct event_path *path,
				  struct json_piece value),
		      void *arg);

/* The line of an event, from what event_to_json wrote, its end included. An event without the field
 * has null for it. The caller frees; NULL without memory. */
char *event_fields_line(const struct event_fields *f, enum event_form form, const char *json,
			size_t len, size_t *ret_len);
/* The names as the first line of CSV, likewise. */
char *event_fields_header(const struct event_fields *f, size_t *ret_len);
