/* SPDX-License-Identifier: Apache-2.0 */
/* reeve events: the event table for people, for programs, as a JSON schema, as documentation. All
 * from bpf/events.h; needs no privilege and no node. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/cli/schema.h"
#include "sidecar/common/event_fields.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "verbs.h"

static const char *profile_name(unsigned profile)
{
	static const char *const names[] = {"", "quiet", "normal", "all"};

	return names[profile];
}

/* Kinds made without a program attached for them, and why. */
static const char *no_hook(unsigned kind)
{
	switch (kind) {
	case RV_KIND_CHECKPOINT:
	case RV_KIND_REPEAT:
		return "the program that counts";
	case RV_KIND_CLOSE:
		return "the agent";
	default:
		return "";
	}
}

/* The n-th hook that makes records of a kind, NULL after the last. */
static const struct event_hook *hook_of(unsigned kind, unsigned n)
{
	for (unsigned i = 0; i < RV_HOOK_MAX; i++) {
		const struct event_hook *h = event_hook(i);

		if (h && (h->kinds >> kind & 1) && n-- == 0)
			return h;
	}
	return NULL;
}

static void text(void)
{
	for (unsigned k = 1; k < RV_KIND_MAX; k++) {
		const struct event_kind *kind = event_kind(k);
		const struct event_hook *h;

		if (!kind || k == RV_KIND_ARGS)
			continue;
		printf("%s\n  %s\n  profile %s, cause %s\n", kind->name, kind->doc,
		       profile_name(kind->profile), kind->cause);
		if (!hook_of(k, 0))
			printf("  made by %s\n", no_hook(k));
		for (unsigned n = 0; (h = hook_of(k, n)); n++)
			printf("  %s (%s, Linux %s)\n", h->attach, h->cgroup ? "cgroup" : "node",
			       h->since);
		for (unsigned i = 0; i < kind->fields_n; i++)
			if (kind->fields[i].view != VIEW_NONE)
				printf("    %-18s %s\n", kind->fields[i].name,
				       kind->fields[i].doc);
	}
}

static void json_fields(const struct event_kind *kind, struct json_out *o)
{
	json_out_key(o, "fields");
	json_out_open_array(o);
	for (unsigned i = 0; i < kind->fields_n; i++) {
		const struct event_field *f = &kind->fields[i];
		const char *names[SCHEMA_NAMES_MAX];
		unsigned n = schema_names(f, names);

		for (unsigned m = 0; m < n; m++) {
			json_out_open_object(o);
			json_out_member_string(o, "name", names[m]);
			json_out_member_string(o, "type", event_view_type(f->view));
			json_out_member_string(o, "doc", f->doc);
			json_out_close_object(o);
		}
	}
	json_out_close_array(o);
}

static void json_kind(unsigned k, struct json_out *o)
{
	const struct event_kind *kind = event_kind(k);
	const struct event_hook *h;

	json_out_open_object(o);
	json_out_member_string(o, "kind", kind->name);
	json_out_member_string(o, "doc", kind->doc);
	json_out_member_string(o, "profile", profile_name(kind->profile));
	json_out_member_string(o, "cause", kind->cause);
	json_out_key(o, "hooks");
	json_out_open_array(o);
	for (unsigned n = 0; (h = hook_of(k, n)); n++) {
		json_out_open_object(o);
		json_out_member_string(o, "attach", h->attach);
		json_out_member_string(o, "program", h->prog);
		json_out_member_string(o, "scope", h->cgroup ? "cgroup" : "node");
		json_out_member_string(o, "kernel", h->since);
		json_out_close_object(o);
	}
	json_out_close_array(o);
	json_fields(kind, o);
	json_out_close_object(o);
}

static void json_all(struct json_out *o)
{
	json_out_open_array(o);
	for (unsigned k = 1; k < RV_KIND_MAX; k++)
		if (event_kind(k) && k != RV_KIND_ARGS)
			json_kind(k, o);
	json_out_close_array(o);
}

static int put_json(void (*fill)(struct json_out *o))
{
	_json_out_ struct json_out *o = json_out_new();
	const char *line;
	size_t len;
	int r;

	fill(o);
	r = o ? json_out_text(o, &line, &len) : -ENOMEM;
	if (r < 0)
		return log_err(r, "write the event table"), 1;
	return printf("%s\n", line) < 0;
}

static int put_fields(void)
{
	struct event_fields all = {};
	int r = event_fields_all(&all);

	if (r < 0)
		return log_err(r, "list the fields"), 1;
	for (size_t i = 0; i < all.n; i++)
		puts(all.names[i]);
	event_fields_release(&all);
	return 0;
}

int verb_events(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"schema", no_argument, NULL, 's'},
						{"fields", no_argument, NULL, 'f'},
						{0}};
	int c = getopt_long(argc, argv, "", options, NULL);

	if (c == '?' || optind != argc)
		return verb_usage("events");
	if (c == 'j')
		return put_json(json_all);
	if (c == 's')
		return put_json(schema_put);
	if (c == 'f')
		return put_fields();
	text();
	return 0;
}
