/* SPDX-License-Identifier: Apache-2.0 */
/* An event as one JSON object. The names are a promise, listed in docs/events.md. null stands for
 * "not known" or "none". Bytes that are not UTF-8 are escaped by json_out_string. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "event_view.h"
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
	json_out_key(o, "container");
	json_out_open_object(o);
	member_text(o, "id", c->container);
	member_text(o, "name", c->name ? c->name : c->container);
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
	json_out_member_unsigned(o, "uid", h->uid);
	json_out_member_unsigned(o, "gid", h->gid);
	json_out_member_unsigned(o, "euid", h->euid);
	json_out_member_unsigned(o, "egid", h->egid);
	member_unless(o, "loginuid", h->loginuid, UINT32_MAX);
	member_unless(o, "session", h->sessionid, UINT32_MAX);
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
	member_text(o, "phase", event_view_phase(h->phase));
}

static void out_armed(const struct event *e, struct json_out *o)
{
	const struct rv_armed *a = &e->armed;
	size_t name_len = strnlen(a->policy_name, sizeof(a->policy_name));
	unsigned flags = a->policy_flags;

	json_out_key(o, "policy");
	if (name_len == 0) {
		json_out_null(o);
	} else {
		json_out_open_object(o);
		member_bytes(o, "name", a->policy_name, name_len);
		member_hex(o, "sha256", a->policy_sha256, sizeof(a->policy_sha256));
		member_text(o, "mode", flags & RV_POLICY_ENFORCE ? "enforce" : "audit");
		member_text(o, "on_unresolvable",
			    flags & RV_POLICY_UNRESOLVABLE_DENY ? "deny" : "allow");
		member_text(o, "unrecorded", flags & RV_POLICY_UNRECORDED_DENY ? "deny" : "allow");
		json_out_close_object(o);
	}
	json_out_key(o, "recorded");
	json_out_open_array(o);
#define RECORDED(NAME, number, name, hook)                                                         \
	if (a->record & 1u << (number))                                                            \
		json_out_string(o, name, strlen(name));
	RV_KINDS(RECORDED)
	json_out_close_array(o);
}

static void out_path(const struct event *e, unsigned state, struct json_out *o)
{
	member_bytes(o, "path", e->path, e->path_len);
	member_text(o, "path_state", event_view_path_state(state));
}

/* One array of up to count strings from *pos on; without the block: null. */
static void out_strings(const struct event *e, const char *key, unsigned count, size_t *pos,
			struct json_out *o)
{
	const char *s;
	size_t len;

	json_out_key(o, key);
	if (!e->args) {
		json_out_null(o);
		return;
	}
	json_out_open_array(o);
	for (unsigned i = 0; i < count && event_view_next_arg(e, pos, &s, &len); i++)
		json_out_string(o, s, len);
	json_out_close_array(o);
}

static void out_exec(const struct event *e, struct json_out *o)
{
	const struct rv_exec *x = &e->exec;
	size_t pos = 0;

	out_path(e, x->path_state, o);
	member_bytes(o, "filename", e->filename, e->filename_len);
	out_strings(e, "argv", x->argc, &pos, o);
	out_strings(e, "env", x->envc, &pos, o);
	json_out_member_unsigned(o, "argc", x->argc);
	json_out_member_unsigned(o, "envc", x->envc);
	member_text(o, "args_state", event_view_args_state(e));
	json_out_member_unsigned(o, "args_len", x->args_len);
	json_out_member_unsigned(o, "args_missing", x->args_missing);
	member_dev(o, "dev", x->dev);
	json_out_member_unsigned(o, "ino", x->ino);
}

static void out_open(const struct event *e, struct json_out *o)
{
	const char *name;
	char mode[16];

	out_path(e, e->open.path_state, o);
	json_out_key(o, "access");
	json_out_open_array(o);
	for (unsigned bit = 0; (name = event_view_access(bit)); bit++)
		if (e->open.access & 1u << bit)
			json_out_string(o, name, strlen(name));
	json_out_close_array(o);
	json_out_member_unsigned(o, "flags", e->open.open_flags);
	snprintf(mode, sizeof(mode), "%#o", e->open.mode);
	member_text(o, "mode", mode);
	member_dev(o, "dev", e->open.dev);
	json_out_member_unsigned(o, "ino", e->open.ino);
}

static void out_exit(const struct event *e, struct json_out *o)
{
	char buf[32];

	json_out_member_number(o, "code", e->exit.code);
	member_text(o, "signal", event_view_signal(e->exit.signal, buf, sizeof(buf)));
	json_out_member_bool(o, "core", e->exit.core != 0);
}

static void out_connect(const struct event *e, struct json_out *o)
{
	const struct rv_connect *n = &e->connect;
	const char *family = event_view_family(n->family);
	char address[64], number[32];
	bool ip = event_view_address(e, address, sizeof(address));

	snprintf(number, sizeof(number), "af-%u", n->family);
	member_text(o, "family", family ? family : number);
	member_text(o, "address", ip ? address : NULL);
	json_out_key(o, "port");
	if (ip)
		json_out_unsigned(o, n->port);
	else
		json_out_null(o);
	json_out_member_unsigned(o, "protocol", n->protocol);
	json_out_member_unsigned(o, "type", n->type);
	member_unless(o, "scope_id", n->scope_id, 0);
	member_bytes(o, "path", n->family == AF_UNIX ? e->path : NULL, e->path_len);
}

/* Every known kind is there; one this build does not know only when it counted something. */
static void out_counts(const char *key, const __u64 *counts, struct json_out *o)
{
	char other[16];

	json_out_key(o, key);
	json_out_open_object(o);
#define COUNT(NAME, number, name, hook)                                                            \
	if ((number) != RV_KIND_ARGS)                                                              \
		json_out_member_unsigned(o, name, counts[number]);
	RV_KINDS(COUNT)
	for (unsigned i = RV_KIND_ARGS; i < RV_KIND_MAX; i++) {
		if (counts[i] == 0)
			continue;
		snprintf(other, sizeof(other), "kind-%u", i);
		json_out_member_unsigned(o, i == RV_KIND_ARGS ? "args" : other, counts[i]);
	}
	json_out_close_object(o);
}

static void out_checkpoint(const struct event *e, struct json_out *o)
{
	const struct rv_counters *n = &e->checkpoint.counters;
	const char *name;

	json_out_member_unsigned(o, "issued", n->issued);
	json_out_member_bool(o, "armed", n->armed != 0);
	out_counts("taken", n->taken, o);
	out_counts("lost", n->lost, o);
	json_out_key(o, "errors");
	json_out_open_object(o);
	for (unsigned i = 0; (name = event_view_error_counter(i)); i++)
		json_out_member_unsigned(o, name, n->errors[i]);
	json_out_close_object(o);
}

void event_to_json(const struct event *e, const struct event_context *c, struct json_out *o)
{
	json_out_open_object(o);
	out_head(e, c, o);
	switch (e->head.kind) {
	case RV_KIND_ARMED:
		out_armed(e, o);
		break;
	case RV_KIND_EXEC:
		out_exec(e, o);
		break;
	case RV_KIND_EXIT:
		out_exit(e, o);
		break;
	case RV_KIND_OPEN:
		out_open(e, o);
		break;
	case RV_KIND_CONNECT:
		out_connect(e, o);
		break;
	case RV_KIND_CHECKPOINT:
	case RV_KIND_CLOSE:
		out_checkpoint(e, o);
		break;
	default:
		break;
	}
	json_out_close_object(o);
}
