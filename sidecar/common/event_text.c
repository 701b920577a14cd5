/* SPDX-License-Identifier: Apache-2.0 */
/* An event as one line for people. Every string a container can choose goes through quote_word. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "event_view.h"
#include "meta.h"
#include "quote.h"
#include "util.h"

static void put_path(FILE *f, const struct event *e, unsigned state)
{
	const char *name = event_view_name(VIEW_PATH_STATE, state);

	quote_word(f, e->path, e->path_len);
	if (state != RV_PATH_OK)
		fprintf(f, " (%s)", name ? name : "unknown");
}

static void put_bits(FILE *f, unsigned view, uint64_t bits)
{
	const char *comma = "";

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = event_view_name(view, bit);

		if (!(bits >> bit & 1))
			continue;
		if (name)
			fprintf(f, "%s%s", comma, name);
		else
			fprintf(f, "%sbit%u", comma, bit);
		comma = ",";
	}
}

/* Padded to its column; coloured, it is as wide as it looks. */
static void put_verdict(FILE *f, const struct rv_head *h, bool colour)
{
	const char *word = h->verdict == RV_VERDICT_NONE ? "-" : event_verdict_name(h->verdict);
	const char *error = event_view_errno(h->error), *on = "";
	char denied[48];

	if (h->verdict == RV_VERDICT_DENIED) {
		snprintf(denied, sizeof(denied), "DENIED(%s)", error ? error : "?");
		word = denied;
		on = colour ? "\033[1;31m" : "";
	} else if (h->verdict == RV_VERDICT_WOULD_DENY) {
		word = "WOULD-DENY";
		on = colour ? "\033[33m" : "";
	}
	fprintf(f, "%s%s%s%*s", on, word, *on ? "\033[m" : "",
		strlen(word) < 14 ? 14 - (int)strlen(word) : 0, "");
}

static void put_head(FILE *f, const struct event *e, const struct event_context *c)
{
	const struct rv_head *h = &e->head;
	const char *name = c->name && c->name[0] ? c->name : c->container;
	char address[META_ADDRESS_MAX];
	char time[VIEW_TIME_SIZE];

	event_view_time(e, c, time);
	fprintf(f, "%s ", time);
	if (c->meta && c->meta->pod) {
		meta_address(c->meta, address);
		name = address;
	}
	if (c->container)
		quote_word(f, name, strlen(name));
	else
		fputs("(node)", f); /* bare, as no name of a container is shown */
	fprintf(f, " #%-5llu %-10s ", (unsigned long long)h->seq, event_kind_name(h->kind));
	put_verdict(f, h, c->colour);
	fprintf(f, " pid=%-6u comm=", h->pid);
	quote_word(f, h->comm, strnlen(h->comm, sizeof(h->comm)));
	if (h->phase == RV_PHASE_SETUP)
		fputs(" (setup)", f);
	fputc(' ', f);
}

static void put_policy(FILE *f, const struct rv_name64 *name, uint32_t flags,
		       const struct rv_sha256 *sha256)
{
	size_t len = strnlen(name->s, sizeof(name->s));

	if (len == 0) {
		fputs("policy=none", f);
		return;
	}
	fputs("policy=", f);
	quote_word(f, name->s, len);
	fprintf(f, " mode=%s sha256=", flags & RV_POLICY_ENFORCE ? "enforce" : "audit");
	for (size_t i = 0; i < sizeof(sha256->b); i++)
		fprintf(f, "%02x", sha256->b[i]);
}

static void put_exec(FILE *f, const struct event *e)
{
	const struct rv_exec *x = &e->exec;
	size_t pos = 0, len;
	const char *s;

	put_path(f, e, x->path_state);
	if (e->block) {
		fputs(" argv=(", f);
		for (unsigned i = 0; i < x->argc && event_view_next_arg(e, &pos, &s, &len); i++) {
			if (i > 0)
				fputc(' ', f);
			quote_word(f, s, len);
		}
		fprintf(f, ") env=%u", x->envc);
	}
	if (e->strings[2].len > 0) {
		fputs(" script=", f);
		quote_word(f, e->strings[2].s, e->strings[2].len);
	}
	if (x->origin) {
		fputs(" origin=", f);
		put_bits(f, VIEW_ORIGIN, x->origin);
	}
	if (!e->block || x->args_state == RV_ARGS_CLAIMED ||
	    x->args_state == RV_ARGS_CLAIMED_BULK || x->args_missing > 0)
		fprintf(f, " args=%s (%llu of %llu bytes missing)", event_view_args_state(e),
			(unsigned long long)(e->block ? x->args_missing : x->args_len),
			(unsigned long long)x->args_len);
}

static void put_open(FILE *f, const struct event *e)
{
	put_bits(f, VIEW_ACCESS, e->open.access);
	fputs(e->open.access ? " " : "", f);
	put_path(f, e, e->open.path_state);
	if (e->strings[1].len > 0) {
		fputs(" tag=", f);
		quote_word(f, e->strings[1].s, e->strings[1].len);
	}
}

static void put_address(FILE *f, const char *word, const struct rv_address *a)
{
	char text[EVENT_ADDRESS_SIZE];

	if (a->family == AF_NETLINK)
		fprintf(f, "%sport %u", word, a->port);
	else if (a->family == AF_PACKET)
		fprintf(f, "%s%s protocol=0x%04x", word, event_view_address(a, text) ? text : "-",
			a->port);
	else if (event_view_address(a, text))
		fprintf(f, a->family == AF_INET6 ? "%s[%s]:%u" : "%s%s:%u", word, text, a->port);
}

static void put_socket_name(FILE *f, const char *word, const struct event_string *s)
{
	bool abstract = s->len > 0 && s->s[0] == '\0';

	if (s->len == 0)
		return;
	fprintf(f, "%s%s", word, abstract ? "abstract:" : "");
	quote_word(f, s->s + abstract, s->len - abstract);
}

/* The six kinds of sockets share their fields. */
static void put_socket(FILE *f, const struct event *e)
{
	const struct rv_connect *n = &e->connect;
	const char *family = event_view_family(n->family);
	unsigned kind = e->head.kind;

	if (family)
		fputs(family, f);
	else
		fprintf(f, "af-%u", n->family);
	if (event_view_name(VIEW_SOCKET_TYPE, n->type))
		fprintf(f, " %s", event_view_name(VIEW_SOCKET_TYPE, n->type));
	put_address(f, kind == RV_KIND_CONNECT || kind == RV_KIND_SEND ? " from " : " ", &n->local);
	put_address(f, kind == RV_KIND_ACCEPT ? " from " : " ", &n->peer);
	put_socket_name(f, " ", &e->strings[0]);
	put_socket_name(f, " from ", &e->strings[1]);
	if (kind == RV_KIND_SOCKET && n->protocol)
		fprintf(f, " protocol=%u", n->protocol);
	if (n->netif)
		fprintf(f, " netif=%u", n->netif);
	if (n->groups)
		fprintf(f, " groups=0x%x", n->groups);
	if (n->opid)
		fprintf(f, " opid=%u", n->opid);
	if (kind == RV_KIND_LISTEN)
		fprintf(f, " backlog=%d", n->backlog);
	if (kind == RV_KIND_SEND)
		fprintf(f, " size=%u", n->size);
}

static void put_exit(FILE *f, const struct event *e)
{
	char buf[32];
	const char *signal = event_view_signal(e->exit.signal, buf, sizeof(buf));

	if (signal)
		fprintf(f, "signal=%s%s", signal, e->exit.core ? " core" : "");
	else
		fprintf(f, "code=%d", e->exit.code);
}

static void put_checkpoint(FILE *f, const struct event *e)
{
	const struct rv_counters *n = &e->checkpoint.counters;
	uint64_t lost = 0;

	for (unsigned i = 0; i < RV_KIND_MAX; i++)
		lost += n->lost[i];
	fprintf(f, "issued=%llu lost=%llu", (unsigned long long)n->issued,
		(unsigned long long)lost);
	for (unsigned i = 0; i < RV_KIND_MAX; i++)
		if (n->lost[i])
			fprintf(f, " lost-%s=%llu", event_kind_name(i),
				(unsigned long long)n->lost[i]);
	for (unsigned i = 0; event_view_error_counter(i); i++)
		if (n->errors[i])
			fprintf(f, " error-%s=%llu", event_view_error_counter(i),
				(unsigned long long)n->errors[i]);
}

static void put_enum(FILE *f, const struct event_field *d, uint64_t n)
{
	const char *name = event_view_name(d->view, n);

	if (!name && n == 0)
		return;
	if (name)
		fprintf(f, " %s=%s", d->name, name);
	else
		fprintf(f, " %s=%" PRIu64, d->name, n);
}

static void put_number(FILE *f, const struct event_field *d, uint64_t n)
{
	char buf[32];

	if (n == 0 && d->view != VIEW_SIGNED && d->view != VIEW_NUMBER_OR_NONE)
		return;
	if (d->view == VIEW_NUMBER_OR_NONE && n == (d->size == 8 ? UINT64_MAX : UINT32_MAX))
		return;
	switch (d->view) {
	case VIEW_SIGNED:
		fprintf(f, " %s=%d", d->name, (int)n);
		break;
	case VIEW_HEX:
		fprintf(f, " %s=0x%" PRIx64, d->name, n);
		break;
	case VIEW_MODE:
		fprintf(f, " %s=0%" PRIo64, d->name, n);
		break;
	case VIEW_DEV:
		fprintf(f, " %s=%u:%u", d->name, event_view_major((unsigned)n),
			event_view_minor((unsigned)n));
		break;
	case VIEW_SIGNAL:
		fprintf(f, " %s=%s", d->name, event_view_signal((unsigned)n, buf, sizeof(buf)));
		break;
	case VIEW_KIND:
		fprintf(f, " %s=%s", d->name, event_kind_name((unsigned)n));
		break;
	default:
		fprintf(f, " %s=%" PRIu64, d->name, n);
	}
}

static void put_string(FILE *f, const struct event_field *d, const struct event_string *s)
{
	uint32_t n;

	fprintf(f, " %s=", d->name);
	if (d->view != VIEW_NUMBERS) {
		quote_word(f, s->s, s->len);
		return;
	}
	for (size_t at = 0; at + 4 <= s->len; at += 4) {
		memcpy(&n, s->s + at, 4);
		fprintf(f, "%s%u", at ? "," : "", n);
	}
}

/* Where a thing is on disk is for machines, how its name came about only when it is odd. */
static bool is_detail(const struct event_field *d, uint64_t n)
{
	return d->view == VIEW_NONE || strcmp(d->name, "ino") == 0 || strcmp(d->name, "dev") == 0 ||
	       (d->view == VIEW_PATH_STATE && n == RV_PATH_OK);
}

/* name=value for each field that says something; the path of most kinds comes first, bare. */
static void put_fields(FILE *f, const struct event *e, const struct event_kind *k)
{
	const struct event_string *s = e->strings;

	if (e->path)
		quote_word(f, e->path, e->path_len);
	for (unsigned i = 0; i < k->fields_n; i++) {
		const struct event_field *d = &k->fields[i];
		const char *at = (const char *)&e->head + d->offset;
		uint64_t n = 0;

		if (d->string) {
			if (s->len > 0 && s->s != e->path)
				put_string(f, d, s);
			s++;
			continue;
		}
		if (d->size <= 8)
			n = event_view_number(e, d);
		if (is_detail(d, n))
			continue;
		if (d->view == VIEW_NAME16) {
			fprintf(f, " %s=", d->name);
			quote_word(f, at, strnlen(at, d->size));
		} else if (d->view == VIEW_TAG8) {
			fprintf(f, " %s=", d->name);
			for (unsigned b = 0; b < d->size; b++)
				fprintf(f, "%02x", (unsigned char)at[b]);
		} else if (d->view >= VIEW_FIRST_ENUM) {
			put_enum(f, d, n);
		} else if (d->view >= VIEW_FIRST_BITS) {
			if (n) {
				fprintf(f, " %s=", d->name);
				put_bits(f, d->view, n);
			}
		} else {
			put_number(f, d, n);
		}
	}
}

static void put_body(FILE *f, const struct event *e)
{
	const struct event_kind *k = event_kind(e->head.kind);

	switch (e->head.kind) {
	case RV_KIND_ARMED:
		put_policy(f, &e->armed.policy_name, e->armed.policy_flags,
			   &e->armed.policy_sha256);
		break;
	case RV_KIND_POLICY:
		put_policy(f, &e->policy.policy_name, e->policy.policy_flags,
			   &e->policy.policy_sha256);
		fprintf(f, " version=%u before=%u", e->head.policy_version, e->policy.old_version);
		break;
	case RV_KIND_EXEC:
		put_exec(f, e);
		break;
	case RV_KIND_EXIT:
		put_exit(f, e);
		break;
	case RV_KIND_OPEN:
		put_open(f, e);
		break;
	case RV_KIND_CONNECT:
	case RV_KIND_SOCKET:
	case RV_KIND_BIND:
	case RV_KIND_LISTEN:
	case RV_KIND_ACCEPT:
	case RV_KIND_SEND:
		put_socket(f, e);
		break;
	case RV_KIND_CHECKPOINT:
	case RV_KIND_CLOSE:
		put_checkpoint(f, e);
		break;
	default:
		if (k)
			put_fields(f, e, k);
		else
			fprintf(f, "kind=%u", e->head.kind);
	}
}

char *event_to_text(const struct event *e, const struct event_context *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	bool failed;

	if (!f)
		return NULL;
	put_head(f, e, c);
	put_body(f, e);
	if (e->head.rule)
		fprintf(f, " rule=%u", e->head.rule);
	if (c->policy)
		fprintf(f, " (%s:%u)", c->policy, c->policy_line);
	if (c->reason) {
		fputs(" reason=", f);
		quote_word(f, c->reason, strlen(c->reason));
	}
	failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
