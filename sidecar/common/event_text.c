/* SPDX-License-Identifier: Apache-2.0 */
/* An event as one line for people. Every string a container can choose goes through quote_word. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "event_view.h"
#include "quote.h"
#include "util.h"

static void put_path(FILE *f, const struct event *e, unsigned state)
{
	quote_word(f, e->path, e->path_len);
	if (state != RV_PATH_OK)
		fprintf(f, " (%s)", event_view_path_state(state));
}

static void put_head(FILE *f, const struct event *e, const struct event_context *c)
{
	const struct rv_head *h = &e->head;
	const char *name = c->name && c->name[0] ? c->name : c->container ? c->container : "?";
	const char *error = event_view_errno(h->error);
	char time[VIEW_TIME_SIZE], verdict[48] = "-";

	event_view_time(e, c, time);
	if (h->verdict == RV_VERDICT_DENIED)
		snprintf(verdict, sizeof(verdict), "DENIED(%s)", error ? error : "?");
	else if (h->verdict == RV_VERDICT_WOULD_DENY)
		strcpy(verdict, "WOULD-DENY");
	else if (h->verdict != RV_VERDICT_NONE)
		snprintf(verdict, sizeof(verdict), "%s", event_verdict_name(h->verdict));
	fprintf(f, "%s ", time);
	quote_word(f, name, strlen(name));
	fprintf(f, " #%-5llu %-10s %-14s pid=%-6u comm=", (unsigned long long)h->seq,
		event_kind_name(h->kind), verdict, h->pid);
	quote_word(f, h->comm, strnlen(h->comm, sizeof(h->comm)));
	if (h->phase == RV_PHASE_SETUP)
		fputs(" (setup)", f);
	fputc(' ', f);
}

static void put_armed(FILE *f, const struct event *e)
{
	const struct rv_armed *a = &e->armed;
	size_t len = strnlen(a->policy_name, sizeof(a->policy_name));

	if (len == 0) {
		fputs("policy=none", f);
		return;
	}
	fputs("policy=", f);
	quote_word(f, a->policy_name, len);
	fprintf(f, " mode=%s sha256=", a->policy_flags & RV_POLICY_ENFORCE ? "enforce" : "audit");
	for (size_t i = 0; i < sizeof(a->policy_sha256); i++)
		fprintf(f, "%02x", a->policy_sha256[i]);
}

static void put_exec(FILE *f, const struct event *e)
{
	const struct rv_exec *x = &e->exec;
	size_t pos = 0, len;
	const char *s;

	put_path(f, e, x->path_state);
	if (e->args) {
		fputs(" argv=(", f);
		for (unsigned i = 0; i < x->argc && event_view_next_arg(e, &pos, &s, &len); i++) {
			if (i > 0)
				fputc(' ', f);
			quote_word(f, s, len);
		}
		fprintf(f, ") env=%u", x->envc);
	}
	if (!e->args || x->args_state == RV_ARGS_UNREADABLE || x->args_missing > 0)
		fprintf(f, " args=%s (%llu of %llu bytes missing)", event_view_args_state(e),
			(unsigned long long)(e->args ? x->args_missing : x->args_len),
			(unsigned long long)x->args_len);
}

static void put_open(FILE *f, const struct event *e)
{
	const char *name, *comma = "";

	for (unsigned bit = 0; (name = event_view_access(bit)); bit++) {
		if (!(e->open.access & 1u << bit))
			continue;
		fprintf(f, "%s%s", comma, name);
		comma = ",";
	}
	fputs(*comma ? " " : "", f);
	put_path(f, e, e->open.path_state);
}

static void put_connect(FILE *f, const struct event *e)
{
	const struct rv_connect *n = &e->connect;
	const char *family = event_view_family(n->family);
	char address[64];

	if (family)
		fputs(family, f);
	else
		fprintf(f, "af-%u", n->family);
	if (event_view_address(e, address, sizeof(address)))
		fprintf(f, n->family == AF_INET6 ? " [%s]:%u" : " %s:%u", address, n->port);
	if (n->family != AF_UNIX)
		return;
	if (e->path_len > 0 && e->path[0] == '\0') {
		fputs(" abstract:", f);
		quote_word(f, e->path + 1, e->path_len - 1);
	} else {
		fputc(' ', f);
		quote_word(f, e->path, e->path_len);
	}
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

static void put_body(FILE *f, const struct event *e)
{
	switch (e->head.kind) {
	case RV_KIND_ARMED:
		put_armed(f, e);
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
		put_connect(f, e);
		break;
	case RV_KIND_CHECKPOINT:
	case RV_KIND_CLOSE:
		put_checkpoint(f, e);
		break;
	default:
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
	failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
