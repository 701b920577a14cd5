/* SPDX-License-Identifier: Apache-2.0 */
/* An event as one JSON object. The names are a promise, listed in docs/events.md. null stands for
 * "not known" or "none". Bytes that are not UTF-8 are escaped by json_out_string. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "event_view.h"
#include "meta.h"
#include "util.h"

static void member_bytes(struct json_out *o, const char *key, const char *s, size_t len)
{
	json_out_key(o, key);
	if (s)
		json_out_string(o, s, len);
	else
		json_out_null(o);
}

static void member_text(struct json_out *o, const char *key, const char *s)
{
	member_bytes(o, key, s, s ? strlen(s) : 0);
}

static void member_hex(struct json_out *o, const char *key, const uint8_t *data, size_t len)
{
	char hex[65];

	for (size_t i = 0; i < len && i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	member_bytes(o, key, hex, 2 * len);
}

static void member_dev(struct json_out *o, const char *key, unsigned dev)
{
	char s[32];

	snprintf(s, sizeof(s), "%u:%u", event_view_major(dev), event_view_minor(dev));
	member_text(o, key, s);
}

/* null for the number that means "none". */
static void member_unless(struct json_out *o, const char *key, uint64_t n, uint64_t none)
{
	json_out_key(o, key);
	if (n == none)
		json_out_null(o);
	else
		json_out_unsigned(o, n);
}

static void out_container(const struct event *e, const struct event_context *c, struct json_out *o)
{
	const struct meta *m = c->meta;

	json_out_key(o, "container");
	json_out_open_object(o);
	member_text(o, "id", c->container);
	member_text(o, "name", c->name ? c->name : c->container);
	member_text(o, "image", m ? m->image : NULL);
	member_text(o, "pod", m ? m->pod : NULL);
	member_text(o, "namespace", m ? m->namespace : NULL);
	json_out_key(o, "labels");
	if (m && m->labels_n > 0)
		meta_put_pairs(o, m->labels, m->labels_n);
	else
		json_out_null(o);
	json_out_member_unsigned(o, "cgroup_id", e->head.cgroup_id);
	json_out_member_unsigned(o, "generation", e->head.generation);
	json_out_close_object(o);
}

static void out_process(const struct event *e, const struct event_context *c, struct json_out *o)
{
	const struct rv_head *h = &e->head;

	json_out_key(o, "process");
	json_out_open_object(o);
	json_out_member_unsigned(o, "pid", h->pid);
	json_out_member_unsigned(o, "tid", h->tid);
	json_out_member_unsigned(o, "ppid", h->ppid);
	json_out_member_unsigned(o, "ns_pid", h->ns_pid);
	json_out_member_unsigned(o, "ns_tid", h->ns_tid);
	member_unless(o, "uid", h->uid, RV_ID_NONE);
	member_unless(o, "gid", h->gid, RV_ID_NONE);
	member_unless(o, "euid", h->euid, RV_ID_NONE);
	member_unless(o, "egid", h->egid, RV_ID_NONE);
	member_unless(o, "loginuid", h->loginuid, RV_ID_NONE);
	member_unless(o, "session", h->sessionid, RV_ID_NONE);
	member_bytes(o, "comm", h->comm, strnlen(h->comm, sizeof(h->comm)));
	json_out_member_unsigned(o, "start_ns", h->start_ns);
	member_unless(o, "exec_seq", h->exec_seq, 0);
	member_bytes(o, "exe", c->exe, c->exe_len);
	member_dev(o, "exe_dev", h->exe_dev);
	json_out_member_unsigned(o, "exe_ino", h->exe_ino);
	json_out_member_unsigned(o, "cgroup_id", h->task_cgroup_id);
	json_out_close_object(o);
}

static void out_namespaces(const struct rv_head *h, struct json_out *o)
{
	json_out_key(o, "namespaces");
	json_out_open_object(o);
	json_out_member_unsigned(o, "mnt", h->mnt_ns);
	json_out_member_unsigned(o, "pid", h->pid_ns);
	json_out_member_unsigned(o, "net", h->net_ns);
	json_out_member_unsigned(o, "user", h->user_ns);
	json_out_member_unsigned(o, "uts", h->uts_ns);
	json_out_member_unsigned(o, "ipc", h->ipc_ns);
	json_out_member_unsigned(o, "cgroup", h->cgroup_ns);
	json_out_member_unsigned(o, "time", h->time_ns);
	json_out_close_object(o);
}

static void out_head(const struct event *e, const struct event_context *c, struct json_out *o)
{
	const struct rv_head *h = &e->head;
	char time[VIEW_TIME_SIZE];

	event_view_time(e, c, time);
	member_text(o, "kind", event_kind_name(h->kind));
	member_text(o, "cause", event_kind(h->kind) ? event_kind(h->kind)->cause : NULL);
	json_out_member_unsigned(o, "seq", h->seq);
	member_text(o, "time", time);
	json_out_member_unsigned(o, "boot_ns", h->boot_ns);
	out_container(e, c, o);
	out_process(e, c, o);
	out_namespaces(h, o);
	member_text(o, "hook", h->hook ? event_hook_name(h->hook) : NULL);
	member_unless(o, "prog_id", h->prog_id, 0);
	member_hex(o, "prog_tag", h->prog_tag, sizeof(h->prog_tag));
	member_text(o, "verdict", event_verdict_name(h->verdict));
	member_text(o, "error", event_view_errno(h->error));
	member_unless(o, "rule", h->rule, 0);
	member_unless(o, "policy_version", h->policy_version, 0);
	member_text(o, "policy", c->policy);
	member_unless(o, "policy_line", c->policy_line, 0);
	member_text(o, "reason", c->reason);
	member_text(o, "phase", event_view_phase(h->phase));
}

/* Kinds that counted something; also those this build does not know. */
static void out_counts(const char *key, const __u64 *counts, struct json_out *o)
{
	char other[16];

	json_out_key(o, key);
	json_out_open_object(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		if (counts[k] == 0)
			continue;
		snprintf(other, sizeof(other), "kind-%u", k);
		json_out_member_unsigned(o, event_kind(k) ? event_kind_name(k) : other, counts[k]);
	}
	json_out_close_object(o);
}

/* Repetitions, by the kind they are of. */
static void out_merges(const char *key, const __u64 *counts, struct json_out *o)
{
	json_out_key(o, key);
	json_out_open_object(o);
#define MERGE(NAME, index)                                                                         \
	if (counts[index])                                                                         \
		json_out_member_unsigned(o, event_kind_name(RV_KIND_##NAME), counts[index]);
	RV_MERGES(MERGE)
	json_out_close_object(o);
}

static void out_counters(const struct event *e, struct json_out *o)
{
	const struct rv_counters *n = &e->checkpoint.counters;
	const char *name;

	json_out_member_unsigned(o, "issued", n->issued);
	json_out_member_bool(o, "armed", n->armed != 0);
	out_counts("taken", n->taken, o);
	out_counts("lost", n->lost, o);
	out_merges("merged", n->merged, o);
	out_merges("merged_lost", n->merged_lost, o);
	json_out_key(o, "errors");
	json_out_open_object(o);
	for (unsigned i = 0; (name = event_view_error_counter(i)); i++)
		json_out_member_unsigned(o, name, n->errors[i]);
	json_out_close_object(o);
}

/* A kind's fields, whatever they are. */
struct shown {
	const struct event *e;
	const struct event_string *string; /* the next one */
	struct json_out *o;
};

/* base: 10, 16 as 0x..., 8 as 0... */
static void out_number_text(struct json_out *o, unsigned base, uint64_t n)
{
	char s[32];
	int len;

	if (base == 16)
		len = snprintf(s, sizeof(s), "0x%" PRIx64, n);
	else if (base == 8)
		len = snprintf(s, sizeof(s), "%#" PRIo64, n);
	else
		len = snprintf(s, sizeof(s), "%" PRIu64, n);
	json_out_string(o, s, (size_t)len);
}

static void out_bits(struct json_out *o, unsigned view, uint64_t bits)
{
	uint64_t unknown = 0;

	json_out_open_array(o);
	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = event_view_name(view, bit);

		if (!(bits >> bit & 1))
			continue;
		if (name)
			json_out_string(o, name, strlen(name));
		else
			unknown |= 1ull << bit;
	}
	if (unknown)
		out_number_text(o, 16, unknown);
	json_out_close_array(o);
}

/* 0 of a table that begins at 1 is "none of them". */
static void out_enum(struct json_out *o, unsigned view, uint64_t n)
{
	const char *name = event_view_name(view, n);

	if (name)
		json_out_string(o, name, strlen(name));
	else if (n == 0 || (view == VIEW_PERF_TYPE && n == UINT32_MAX))
		json_out_null(o);
	else
		out_number_text(o, 10, n);
}

static void out_kinds(struct json_out *o, uint64_t bits)
{
	json_out_open_array(o);
	for (unsigned k = 1; k < RV_KIND_MAX; k++)
		if (bits >> k & 1 && event_kind(k) && k != RV_KIND_ARGS)
			json_out_string(o, event_kind_name(k), strlen(event_kind_name(k)));
	json_out_close_array(o);
}

static void out_numbers(struct json_out *o, const struct event_string *s)
{
	json_out_open_array(o);
	for (size_t at = 0; at + 4 <= s->len; at += 4) {
		uint32_t n;

		memcpy(&n, s->s + at, 4);
		json_out_unsigned(o, n);
	}
	json_out_close_array(o);
}

static void out_family(struct json_out *o, unsigned family)
{
	char number[32];
	const char *name = event_view_family(family);

	snprintf(number, sizeof(number), "af-%u", family);
	json_out_string(o, name ? name : number, strlen(name ? name : number));
}

/* laddr and lport, faddr and fport: named as audit names them. */
static void out_address(struct json_out *o, const void *data, char side)
{
	char key[] = "?addr", port[] = "?port", text[EVENT_ADDRESS_SIZE];
	struct rv_address a;

	memcpy(&a, data, sizeof(a));
	key[0] = port[0] = side;
	member_text(o, key, event_view_address(&a, text) ? text : NULL);
	json_out_key(o, port);
	if (event_view_has_port(&a))
		json_out_unsigned(o, a.port);
	else
		json_out_null(o);
}

static void out_string_field(struct shown *s, const struct event_field *f)
{
	const struct event_string *string = s->string++;

	json_out_key(s->o, f->name);
	if (f->view == VIEW_NUMBERS)
		out_numbers(s->o, string);
	else if (string->len > 0)
		json_out_string(s->o, string->s, string->len);
	else
		json_out_null(s->o);
}

static void out_signal(struct json_out *o, unsigned signal)
{
	char buf[32];
	const char *name = event_view_signal(signal, buf, sizeof(buf));

	if (name)
		json_out_string(o, name, strlen(name));
	else
		json_out_null(o);
}

static void out_name(struct json_out *o, const char *name, size_t size)
{
	size_t len = strnlen(name, size);

	if (len > 0)
		json_out_string(o, name, len);
	else
		json_out_null(o);
}

static void out_plain(struct shown *s, const struct event_field *f, uint64_t n)
{
	struct json_out *o = s->o;
	char text[32];

	switch (f->view) {
	case VIEW_SIGNED:
		json_out_number(o, f->size == 8 ? (int64_t)n : (int32_t)n);
		break;
	case VIEW_HEX:
		out_number_text(o, 16, n);
		break;
	case VIEW_MODE:
		out_number_text(o, 8, n);
		break;
	case VIEW_BOOL:
		json_out_bool(o, n != 0);
		break;
	case VIEW_DEV:
		snprintf(text, sizeof(text), "%u:%u", event_view_major((unsigned)n),
			 event_view_minor((unsigned)n));
		json_out_string(o, text, strlen(text));
		break;
	case VIEW_KINDS:
		out_kinds(o, n);
		break;
	case VIEW_KIND:
		json_out_string(o, event_kind_name((unsigned)n),
				strlen(event_kind_name((unsigned)n)));
		break;
	case VIEW_SIGNAL:
		out_signal(o, (unsigned)n);
		break;
	case VIEW_FAMILY:
		out_family(o, (unsigned)n);
		break;
	case VIEW_ARGS_STATE:
		json_out_string(o, event_view_args_state(s->e), strlen(event_view_args_state(s->e)));
		break;
	case VIEW_NUMBER_OR_NONE:
		if (n == (f->size == 8 ? UINT64_MAX : UINT32_MAX)) {
			json_out_null(o);
			break;
		}
		/* fall through */
	default:
		json_out_unsigned(o, n);
	}
}

static void out_field(struct shown *s, const struct event_field *f)
{
	const char *at = (const char *)&s->e->head + f->offset;
	struct json_out *o = s->o;

	if (f->string) {
		out_string_field(s, f);
		return;
	}
	switch (f->view) {
	case VIEW_NONE:
		return;
	case VIEW_LOCAL:
	case VIEW_FOREIGN:
		out_address(o, at, f->view == VIEW_LOCAL ? 'l' : 'f');
		return;
	case VIEW_COUNTERS:
		out_counters(s->e, o);
		return;
	case VIEW_SHA256:
	case VIEW_TAG8:
		member_hex(o, f->name, (const uint8_t *)at, f->size);
		return;
	}
	json_out_key(o, f->name);
	if (f->view == VIEW_NAME16 || f->view == VIEW_NAME64)
		out_name(o, at, f->size);
	else if (f->view >= VIEW_FIRST_ENUM)
		out_enum(o, f->view, event_view_number(s->e, f));
	else if (f->view >= VIEW_FIRST_BITS)
		out_bits(o, f->view, event_view_number(s->e, f));
	else
		out_plain(s, f, event_view_number(s->e, f));
}

/* One array of up to count strings from *pos on; without the block: null. */
static void out_strings(const struct event *e, const char *key, unsigned count, size_t *pos,
			struct json_out *o)
{
	const char *s;
	size_t len;

	json_out_key(o, key);
	if (!e->block) {
		json_out_null(o);
		return;
	}
	json_out_open_array(o);
	for (unsigned i = 0; i < count && event_view_next_arg(e, pos, &s, &len); i++)
		json_out_string(o, s, len);
	json_out_close_array(o);
}


void event_to_json(const struct event *e, const struct event_context *c, struct json_out *o)
{
	const struct event_kind *k = event_kind(e->head.kind);
	struct shown s = {e, e->strings, o};
	size_t pos = 0;

	json_out_open_object(o);
	out_head(e, c, o);
	for (unsigned i = 0; k && i < k->fields_n; i++)
		out_field(&s, &k->fields[i]);
	if (e->head.kind == RV_KIND_EXEC) {
		out_strings(e, "argv", e->exec.argc, &pos, o);
		out_strings(e, "env", e->exec.envc, &pos, o);
	}
	json_out_close_object(o);
}
