/* SPDX-License-Identifier: Apache-2.0 */
/* A ring record decoded: every length checked, every string bounded; and its text forms. Pure
 * functions: bytes in, bytes out. The record's bytes come from the kernel by way of an agent, so
 * they are checked like any other input. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "event_table.h"
#include "json.h"

#define EVENT_STRINGS_MAX 4

struct event_string {
	const char *s; /* len bytes, not NUL-terminated */
	size_t len;
};

/* Points into the bytes given to event_decode. */
struct event {
	union {
		struct rv_head head;
#define RV_UNION(NAME, number, lower, cause, profile, doc) struct rv_##lower lower;
		RV_KINDS(RV_UNION)
	};
	struct event_string strings[EVENT_STRINGS_MAX]; /* in the order of bpf/events.h */
	const char *path; /* the first of them where that is a path */
	size_t path_len;
	const char *block; /* exec: args_len bytes of arguments; NULL when they are not in this record */
	size_t args_len;
};

/* Decodes the record at the start of data. Returns bytes to step to the next record (padded to 8),
 * 0 when data holds no whole record, -EBADMSG when it cannot be a record. An unknown kind
 * decodes with its head only. */
long event_decode(const uint8_t *data, size_t len, struct event *ret);

/* An exec whose argument block is a record of its own in the bulk ring. */
bool event_args_in_bulk(const struct event *e);

/* Attaches a bulk argument block to its exec event. -EBADMSG when lengths or hash disagree. */
int event_set_args(struct event *e, const char *args, size_t len);

/* A record's time less an offset, or a time: a record may hold any number, so what is too large wraps. */
static inline int64_t event_minus(uint64_t tai_ns, int64_t ns)
{
	return (int64_t)(tai_ns - (uint64_t)ns);
}

const char *event_kind_name(unsigned kind);       /* "open"; "unknown" */
const char *event_verdict_name(unsigned verdict); /* "none" "allowed" "denied" "would-deny" */
const char *event_hook_name(unsigned hook);       /* "file_open" */

/* The last record of all: the number after the last one given, no program gives any more. maker:
 * who writes it. */
void event_make_close(struct rv_checkpoint *ret, const struct rv_state *state, const char *maker);

#define EVENT_TITLE_MAX 128 /* bytes of a process's title, as audit has it */
/* The first bytes of an exec's arguments, without the last one's NUL; length 0 when they are not here. */
const char *event_title(const struct event *exec, size_t *ret_len);

struct meta;
/* What the formatters need besides the record. */
struct event_context {
	const char *container;  /* id; NULL: it is of the node's own log */
	const char *name;
	const struct meta *meta; /* what else is known of it; NULL: nothing */
	int64_t tai_offset_ns; /* CLOCK_TAI - CLOCK_REALTIME on that node */
	const char *exe;       /* path of the acting executable, NULL unknown */
	size_t exe_len;
	const char *policy; /* of the rule that decided: the policy's name, NULL unknown */
	unsigned policy_line; /* where it stands in that file */
	const char *reason;   /* what it says for itself, NULL nothing */
	bool colour; /* of a verdict in text, for a terminal */
	const char *title; /* beginning of its arguments, see event_title; NULL unknown */
	size_t title_len;
};

/* One JSON object, no newline: stable names, documented in docs/events.md. */
void event_to_json(const struct event *e, const struct event_context *c, struct json_out *o);

/* One line of text for people, no newline. Control bytes, terminal escapes and invalid UTF-8 are
 * shown as \xHH. Returns a string to free, NULL without memory. */
char *event_to_text(const struct event *e, const struct event_context *c);

/* The event as the audit subsystem's log lines, each ended by a newline; all have the same
 * msg=audit(SEC.MMM:SEQ). For ausearch, aureport and whatever else reads them; docs/events.md says
 * which lines. A head of kind 0 stands for a record that could not be read. Returns a string to
 * free, NULL without memory. */
char *event_to_audit(const struct event *e, const struct event_context *c);
