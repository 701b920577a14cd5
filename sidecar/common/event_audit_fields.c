/* SPDX-License-Identifier: Apache-2.0 */
/* UNKNOWN[1427] of an audit event: the record whole. First what the bpf_audit proposal names
 * (prog-id, pid, comm, cause, then path, dev, ino, opid, laddr and so on), then the head under its
 * names of the JSON with - for _, then the kind's own fields as KIND-FIELD: auparse knows many bare
 * names (mode, flags, family, hook, code) and would show something else in their place. */
#include <inttypes.h>
#include <string.h>
#include "event_audit.h"
#include "quote.h"
#include "util.h"

#define VALUE_SIZE 4096
#define KEY_SIZE 96
#define NUMBERS_A_FIELD 256

static void begin(struct audit_lines *l)
{
	const struct rv_head *h = &l->e->head;

	audit_begin(l, "UNKNOWN[1427]");
	audit_printf(l, " prog-id=%u pid=%u", h->prog_id, h->pid);
	audit_bytes(l, "comm", h->comm, strnlen(h->comm, sizeof(h->comm)));
}

/* Room for a field of so many bytes. */
static void room(struct audit_lines *l, const char *key, size_t size)
{
	if (l->len + strlen(key) + size + 2 <= AUDIT_LINE_MAX)
		return;
	audit_end(l);
	begin(l);
}

/* value: made here of numbers and of names from our tables. */
static void put(struct audit_lines *l, const char *key, const char *value)
{
	room(l, key, strlen(value));
	audit_printf(l, " %s=%s", key, value);
}

static void put_number(struct audit_lines *l, const char *key, uint64_t n)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, n);
	put(l, key, value);
}

static void put_bytes(struct audit_lines *l, const char *key, const char *s, size_t len)
{
	room(l, key, quote_audit_size(s, len));
	audit_bytes(l, key, s, len);
}

static void put_hex(struct audit_lines *l, const char *key, const void *data, size_t len)
{
	const uint8_t *b = data;
	char value[65];

	for (size_t i = 0; i < len && i < 32; i++)
		snprintf(value + 2 * i, 3, "%02x", b[i]);
	put(l, key, value);
}

/* Many small words with commas; cut never: the widest view has 64 names. */
struct words {
	char s[VALUE_SIZE];
	size_t len;
};

static void add(struct words *w, const char *word)
{
	int n = snprintf(w->s + w->len, sizeof(w->s) - w->len, "%s%s", w->len ? "," : "", word);

	w->len += (size_t)n < sizeof(w->s) - w->len ? (size_t)n : 0;
}

static void put_bits(struct audit_lines *l, const char *key, unsigned view, uint64_t bits)
{
	struct words w = {.len = 0};
	char other[16];

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = view == VIEW_KINDS
				       ? (event_kind(bit) ? event_kind_name(bit) : NULL)
				       : event_view_name(view, bit);

		if (!(bits >> bit & 1))
			continue;
		snprintf(other, sizeof(other), "bit%u", bit);
		add(&w, name ? name : other);
	}
	if (w.len)
		put(l, key, w.s);
}

static void put_numbers(struct audit_lines *l, const char *key, const struct event_string *s)
{
	struct words w = {.len = 0};
	char number[16];
	uint32_t n;

	for (size_t at = 0, i = 0; at + 4 <= s->len; at += 4, i++) {
		if (i > 0 && i % NUMBERS_A_FIELD == 0) {
			put(l, key, w.s);
			w.len = 0;
		}
		memcpy(&n, s->s + at, 4);
		snprintf(number, sizeof(number), "%u", n);
		add(&w, number);
	}
	if (w.len)
		put(l, key, w.s);
}

static void put_count(struct audit_lines *l, const char *what, unsigned kind, uint64_t n)
{
	char key[KEY_SIZE];

	if (n == 0)
		return;
	if (event_kind(kind))
		snprintf(key, sizeof(key), "%s-%s", what, event_kind_name(kind));
	else
		snprintf(key, sizeof(key), "%s-kind-%u", what, kind);
	put_number(l, key, n);
}

static void put_counters(struct audit_lines *l)
{
	const struct rv_counters *n = &l->e->checkpoint.counters;
	char key[KEY_SIZE];

	put_number(l, "issued", n->issued);
	put(l, "armed", n->armed ? "yes" : "no");
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		put_count(l, "taken", k, n->taken[k]);
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		put_count(l, "lost", k, n->lost[k]);
#define MERGE(NAME, index)                                                                         \
	put_count(l, "merged", RV_KIND_##NAME, n->merged[index]);                                  \
	put_count(l, "merged-lost", RV_KIND_##NAME, n->merged_lost[index]);
	RV_MERGES(MERGE)
	for (unsigned i = 0; event_view_error_counter(i); i++) {
		snprintf(key, sizeof(key), "errors-%s", event_view_error_counter(i));
		put_number(l, key, n->errors[i]);
	}
}

static void put_dev(struct audit_lines *l, const char *key, unsigned dev)
{
	char value[16];

	snprintf(value, sizeof(value), "%02x:%02x", event_view_major(dev), event_view_minor(dev));
	put(l, key, value);
}

static void put_address(struct audit_lines *l, char side, const struct event_field *f)
{
	char key[] = "?addr", text[EVENT_ADDRESS_SIZE];
	struct rv_address a;

	memcpy(&a, (const char *)&l->e->head + f->offset, sizeof(a));
	key[0] = side;
	if (event_view_address(&a, text))
		put(l, key, text);
	memcpy(key + 1, "port", 4);
	if (event_view_has_port(&a))
		put_number(l, key, a.port);
}

/* The key the proposal has for a field of any kind; NULL: it is reeve's own. */
static const char *common_key(const struct event *e, const struct event_kind *k,
			      const struct event_field *f, const struct event_string *s)
{
	static const char *const same[] = {"dev", "ino", "opid", "ocomm", "netif"};

	if (s)
		return s->s != e->path || !e->path	 ? NULL
		       : strcmp(k->cause, "dentry") == 0 ? "name"
							 : "path";
	if (f->view == VIEW_CAPABILITY)
		return "capability";
	if (f->view == VIEW_HEX && strcmp(k->cause, "ioctl") == 0)
		return "ioctlcmd";
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (strcmp(same[i], f->name) == 0)
			return same[i];
	return NULL;
}

static void put_plain(struct audit_lines *l, const char *key, const struct event_field *f,
		      uint64_t n)
{
	char value[32];

	switch (f->view) {
	case VIEW_SIGNED:
		snprintf(value, sizeof(value), "%" PRId64, f->size == 8 ? (int64_t)n : (int32_t)n);
		put(l, key, value);
		break;
	case VIEW_HEX:
		snprintf(value, sizeof(value), "0x%" PRIx64, n);
		put(l, key, value);
		break;
	case VIEW_MODE:
		snprintf(value, sizeof(value), "%#" PRIo64, n);
		put(l, key, value);
		break;
	case VIEW_BOOL:
		put(l, key, n ? "yes" : "no");
		break;
	case VIEW_DEV:
		put_dev(l, key, (unsigned)n);
		break;
	case VIEW_KIND:
		put(l, key, event_kind_name((unsigned)n));
		break;
	case VIEW_SIGNAL:
		if (n)
			put(l, key, event_view_signal((unsigned)n, value, sizeof(value)));
		break;
	case VIEW_ARGS_STATE:
		put(l, key, event_view_args_state(l->e));
		break;
	case VIEW_FAMILY:
		snprintf(value, sizeof(value), "af-%u", (unsigned)n);
		put(l, key,
		    event_view_family((unsigned)n) ? event_view_family((unsigned)n) : value);
		break;
	default:
		if (f->view != VIEW_NUMBER_OR_NONE || n != (f->size == 8 ? UINT64_MAX : UINT32_MAX))
			put_number(l, key, n);
	}
}

static void put_field(struct audit_lines *l, const char *key, const struct event_field *f,
		      const struct event_string *s)
{
	const char *at = (const char *)&l->e->head + f->offset;
	uint64_t n;

	if (s && f->view == VIEW_NUMBERS) {
		put_numbers(l, key, s);
	} else if (s) {
		if (s->len > 0)
			put_bytes(l, key, s->s, s->len);
	} else if (f->view == VIEW_COUNTERS) {
		put_counters(l);
	} else if (f->view == VIEW_NAME16 || f->view == VIEW_NAME64) {
		if (at[0])
			put_bytes(l, key, at, strnlen(at, f->size));
	} else if (f->view == VIEW_SHA256 || f->view == VIEW_TAG8) {
		put_hex(l, key, at, f->size);
	} else if (f->view >= VIEW_FIRST_ENUM) {
		n = event_view_number(l->e, f);
		if (event_view_name(f->view, n))
			put(l, key, event_view_name(f->view, n));
		else if (n)
			put_number(l, key, n);
	} else if (f->view >= VIEW_FIRST_BITS || f->view == VIEW_KINDS) {
		put_bits(l, key, f->view, event_view_number(l->e, f));
	} else {
		put_plain(l, key, f, event_view_number(l->e, f));
	}
}

/* common: those the proposal names; else the others. */
static void put_fields(struct audit_lines *l, const struct event_kind *k, bool common)
{
	const struct event_string *next = l->e->strings;
	char own[KEY_SIZE];

	for (unsigned i = 0; i < k->fields_n; i++) {
		const struct event_field *f = &k->fields[i];
		const struct event_string *s = f->string ? next++ : NULL;
		bool address = f->view == VIEW_LOCAL || f->view == VIEW_FOREIGN;
		const char *key = common_key(l->e, k, f, s);

		if (f->view == VIEW_NONE || (key || address) != common)
			continue;
		if (address) {
			put_address(l, f->view == VIEW_LOCAL ? 'l' : 'f', f);
		} else if (f->view == VIEW_CAPABILITY) {
			put_number(l, key, event_view_number(l->e, f)); /* auparse names it */
		} else if (key) {
			if (s || f->size > 8 || event_view_number(l->e, f))
				put_field(l, key, f, s);
		} else {
			snprintf(own, sizeof(own), "%s-%s", k->name, f->name);
			for (char *c = own; *c; c++)
				*c = *c == '_' ? '-' : *c;
			put_field(l, own, f, s);
		}
	}
}

static void put_head(struct audit_lines *l)
{
	const struct rv_head *h = &l->e->head;
	const char *id = l->c->container ? l->c->container : "";
	const char *name = l->c->name && l->c->name[0] ? l->c->name : id;
	const struct {
		const char *key;
		uint64_t n;
	} numbers[] = {
	    {"policy-version", h->policy_version},
	    {"generation", h->generation},
	    {"cgroup-id", h->cgroup_id},
	    {"task-cgroup-id", h->task_cgroup_id},
	    {"boot-ns", h->boot_ns},
	    {"start-ns", h->start_ns},
	    {"exec-seq", h->exec_seq},
	    {"exe-ino", h->exe_ino},
	    {"tid", h->tid},
	    {"ns-pid", h->ns_pid},
	    {"ns-tid", h->ns_tid},
	    {"mnt-ns", h->mnt_ns},
	    {"pid-ns", h->pid_ns},
	    {"net-ns", h->net_ns},
	    {"user-ns", h->user_ns},
	    {"uts-ns", h->uts_ns},
	    {"ipc-ns", h->ipc_ns},
	    {"cgroup-ns", h->cgroup_ns},
	    {"time-ns", h->time_ns},
	};

	if (l->c->container) { /* none: the node's own log */
		put_bytes(l, "container", id, strlen(id));
		put_bytes(l, "container-name", name, strlen(name));
	}
	put(l, "kind", h->kind ? event_kind_name(h->kind) : "unreadable");
	if (h->kind && !event_kind(h->kind))
		put_number(l, "kind-number", h->kind);
	put(l, "verdict", event_verdict_name(h->verdict));
	put_number(l, "seq", h->seq);
	if (event_view_errno(h->error))
		put(l, "error", event_view_errno(h->error));
	if (h->rule)
		put_number(l, "rule", h->rule);
	if (l->c->policy) {
		put_bytes(l, "policy", l->c->policy, strlen(l->c->policy));
		put_number(l, "policy-line", l->c->policy_line);
	}
	if (l->c->reason)
		put_bytes(l, "reason", l->c->reason, strlen(l->c->reason));
	if (event_view_phase(h->phase))
		put(l, "phase", event_view_phase(h->phase));
	if (h->hook)
		put(l, "prog-hook", event_hook_name(h->hook));
	put_hex(l, "prog-tag", h->prog_tag, sizeof(h->prog_tag));
	put_dev(l, "exe-dev", h->exe_dev);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].n)
			put_number(l, numbers[i].key, numbers[i].n);
}

void audit_fields(struct audit_lines *l)
{
	const struct event_kind *k = event_kind(l->e->head.kind);

	begin(l);
	audit_bytes(l, "cause", k ? k->cause : "none", strlen(k ? k->cause : "none"));
	if (k)
		put_fields(l, k, true);
	put_head(l);
	if (k)
		put_fields(l, k, false);
	audit_end(l);
}
