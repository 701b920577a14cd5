/* SPDX-License-Identifier: Apache-2.0 */
/* reeve policy diff: what policies would have refused of what a container did. A dry run over its
 * record; changes nothing. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "policy.h"
#include "record_read.h"
#include "sidecar/common/json.h"
#include "sidecar/common/log.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "sidecar/learn/dry.h"
#include "sidecar/live/list.h"
#include "verbs.h"

#define EXIT_DENIED 1
#define EXIT_ERROR 2

struct diff {
	struct list list;
	char **files;
	struct policy_image image;
	struct dry *dry;
	struct history history;
	struct record_state state;
	uint64_t blind; /* kinds */
};

static const char *const actions[] = {[RV_ACT_ALLOW] = "allowed",
				      [RV_ACT_AUDIT] = "audited",
				      [RV_ACT_WOULD_DENY] = "would-deny",
				      [RV_ACT_DENY] = "denied"};

static int add(void *arg, const struct event *e, bool counted)
{
	struct diff *d = arg;
	int r = dry_see(d->dry, e, counted);

	return r < 0 ? r : history_add(&d->history, e, counted);
}

/* There is one thing to do with them. */
static bool has_access(const struct dry_entry *e)
{
	return e->subject != RV_SUBJECT_EXEC && e->subject != RV_SUBJECT_CAPABILITY &&
	       e->subject != RV_SUBJECT_KERNEL;
}

static void put_access(FILE *f, const struct dry_entry *e)
{
	bool first = true;

	if (!has_access(e))
		return;
	fputc(' ', f);
	if (e->untold && e->kind == RV_KIND_MOUNT) {
		fputs("bind", f);
		return;
	}
	for (uint32_t bit = 1; bit && bit <= e->access; bit <<= 1) {
		const char *name = policy_access_name(e->subject, bit);

		if (!name || !(e->access & bit))
			continue;
		fprintf(f, "%s%s", first ? "" : ",", name);
		first = false;
	}
}

static const struct policy_rule *rule_of(const struct diff *d, const struct dry_entry *e)
{
	const struct policy_rule *rule;
	const struct policy *p;

	return e->rule && list_rule(&d->list, e->rule, &p, &rule) ? rule : NULL;
}

static int text_entry(void *arg, const struct dry_entry *e)
{
	const struct diff *d = arg;
	const struct policy_rule *rule = rule_of(d, e);
	char object[ASKED_OBJECT_MAX], shown[POLICY_REASON_MAX * 4];
	size_t len = asked_object(e->subject, e->which, e->protocol, e->text, e->len, object);

	printf("%-10s %8" PRIu64 "  %s", actions[e->action], e->count, event_kind_name(e->kind));
	put_access(stdout, e);
	if (len) {
		putchar(' ');
		quote_word(stdout, object, len);
	}
	if (e->untold)
		printf(": on_unresolvable");
	else if (!rule)
		printf(": default of %s", d->list.of[e->policy].policy->name);
	else
		printf(": rule %u of %s, %s:%d", e->rule, d->list.of[e->policy].policy->name,
		       d->files[e->policy], rule->line);
	if (rule && rule->reason) {
		utf8_escape(shown, sizeof(shown), rule->reason, strlen(rule->reason));
		printf(": %s", shown);
	}
	putchar('\n');
	return 0;
}

static void text_kinds(const char *title, const uint64_t *counts)
{
	bool any = false;

	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		if (!counts[k])
			continue;
		printf("%s %s %" PRIu64, any ? "," : title, event_kind_name(k), counts[k]);
		any = true;
	}
	if (any)
		putchar('\n');
}

static void text_counts(const struct diff *d)
{
	struct dry_counts c = dry_counts(d->dry);

	printf("%" PRIu64 " questions asked: %" PRIu64 " denied, %" PRIu64 " would-deny, %" PRIu64
	       " audited\n",
	       c.asked, c.denied, c.would_deny, c.audited);
	if (c.refused_then)
		printf("refused then: %" PRIu64 ", of which %" PRIu64 " would be again\n",
		       c.refused_then, c.refused_now);
	text_kinds("not known what was asked:", c.unknown);
	text_kinds("no policy is asked about:", d->history.not_asked);
}

static void json_accesses(struct json_out *o, const struct dry_entry *e)
{
	json_out_key(o, "access");
	json_out_open_array(o);
	for (uint32_t bit = 1; bit && bit <= e->access; bit <<= 1) {
		const char *name = has_access(e) ? policy_access_name(e->subject, bit) : NULL;

		if (name && e->access & bit)
			json_out_string(o, name, strlen(name));
	}
	json_out_close_array(o);
}

struct json_entries {
	const struct diff *d;
	struct json_out *o;
};

static int json_entry(void *arg, const struct dry_entry *e)
{
	const struct json_entries *j = arg;
	const struct policy_rule *rule = rule_of(j->d, e);
	char object[ASKED_OBJECT_MAX];
	size_t len = asked_object(e->subject, e->which, e->protocol, e->text, e->len, object);
	struct json_out *o = j->o;

	json_out_open_object(o);
	json_out_member_string(o, "verdict", actions[e->action]);
	json_out_member_string(o, "kind", event_kind_name(e->kind));
	json_out_member_string(o, "subject", policy_subject_name(e->subject));
	json_accesses(o, e);
	json_out_key(o, "object");
	json_out_string(o, object, len);
	json_out_member_unsigned(o, "count", e->count);
	json_out_member_unsigned(o, "first_seq", e->first);
	if (e->action == RV_ACT_DENY)
		json_out_member_string(o, "error", strerrorname_np(e->error));
	json_out_member_bool(o, "unresolvable", e->untold);
	json_out_member_bool(o, "default", !e->untold && !rule);
	if (!e->untold) {
		json_out_member_string(o, "policy", j->d->list.of[e->policy].policy->name);
		json_out_member_string(o, "file", j->d->files[e->policy]);
	}
	if (rule) {
		json_out_member_unsigned(o, "rule", e->rule);
		json_out_member_number(o, "line", rule->line);
	}
	if (rule && rule->reason)
		json_out_member_string(o, "reason", rule->reason);
	json_out_close_object(o);
	return 0;
}

static void json_kinds(struct json_out *o, const char *key, const uint64_t *counts)
{
	json_out_key(o, key);
	json_out_open_object(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (counts[k])
			json_out_member_unsigned(o, event_kind_name(k), counts[k]);
	json_out_close_object(o);
}

static void json_blind(struct json_out *o, uint64_t kinds)
{
	json_out_key(o, "not_recorded");
	json_out_open_array(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (kinds >> k & 1)
			json_out_string(o, event_kind_name(k), strlen(event_kind_name(k)));
	json_out_close_array(o);
}

static int put_json(const struct diff *d)
{
	_json_out_ struct json_out *o = json_out_new();
	struct json_entries j = {d, o};
	struct dry_counts c = dry_counts(d->dry);
	const char *text;
	size_t len;
	int r;

	json_out_open_object(o);
	json_out_key(o, "entries");
	json_out_open_array(o);
	dry_each(d->dry, json_entry, &j);
	json_out_close_array(o);
	json_out_member_unsigned(o, "asked", c.asked);
	json_out_member_unsigned(o, "denied", c.denied);
	json_out_member_unsigned(o, "would_deny", c.would_deny);
	json_out_member_unsigned(o, "audited", c.audited);
	json_out_member_unsigned(o, "refused_then", c.refused_then);
	json_out_member_unsigned(o, "refused_again", c.refused_now);
	json_kinds(o, "unknown", c.unknown);
	json_kinds(o, "not_asked", d->history.not_asked);
	json_blind(o, d->blind);
	json_out_member_bool(o, "complete", !d->state.fault[0]);
	json_out_member_unsigned(o, "last", d->state.last);
	json_out_close_object(o);
	r = o ? json_out_text(o, &text, &len) : -ENOMEM;
	if (r < 0)
		return log_err(r, "write the answer");
	return printf("%s\n", text) < 0 ? -EIO : 0;
}

static bool compile(struct diff *d, int n)
{
	char error[POLICY_ERROR_MAX] = "", shown[POLICY_ERROR_MAX * 4];
	int r = 0;

	for (int i = 0; r == 0 && i < n; i++)
		r = list_add_file(&d->list, LIST_HOST, d->files[i], error, sizeof(error));
	if (r == 0)
		r = list_compile(&d->list, &d->image, error, sizeof(error));
	if (r == 0)
		return true;
	utf8_escape(shown, sizeof(shown), error, strlen(error));
	fprintf(stderr, "%s\n", shown);
	return false;
}

/* Why nothing found does not mean that there was nothing. */
static bool is_certain(const struct diff *d, const char *container)
{
	struct dry_counts c = dry_counts(d->dry);
	bool certain = true;

	if (d->state.fault[0] || !d->history.armed) {
		log_warn(0, "the record of %s is not complete: %s", container,
			 d->state.fault[0] ? d->state.fault : "it has no record 0");
		certain = false;
	}
	if (!d->state.ended)
		log_warn(0, "%s still runs: read up to record %" PRIu64, container, d->state.last);
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		if (!(d->blind >> k & 1))
			continue;
		log_warn(0, "%s: the policy is asked about '%s', which was not recorded", container,
			 event_kind_name(k));
		certain = false;
	}
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		certain &= !c.unknown[k];
	if (d->history.unknown)
		log_warn(0, "%" PRIu64 " records of %s are of kinds this reeve does not know",
			 d->history.unknown, container);
	if (d->history.notes)
		log_warn(0, "the scripts of %" PRIu64 " execs of %s are not known",
			 d->history.notes, container);
	return certain && !d->history.unknown && !d->history.notes;
}

static int run(struct diff *d, const char *container, int64_t since_ns, bool json)
{
	struct dry_counts c;
	bool certain;
	int r;

	d->dry = dry_new(&d->image);
	if (!d->dry)
		return log_err(-ENOMEM, "read %s", container), EXIT_ERROR;
	d->history = (struct history){.each = dry_add, .arg = d->dry};
	r = record_read(container, since_ns, add, d, &d->state);
	if (r == 0)
		r = history_end(&d->history);
	if (r == -E2BIG)
		log_err(0, "more than %d different denials; --since takes fewer", DRY_ENTRIES_MAX);
	if (r < 0)
		return EXIT_ERROR;
	d->blind = dry_blind(&d->image, d->history.recorded);
	if (json) {
		r = put_json(d);
	} else {
		dry_each(d->dry, text_entry, d);
		text_counts(d);
	}
	c = dry_counts(d->dry);
	certain = is_certain(d, container);
	if (r < 0)
		return EXIT_ERROR;
	return c.denied || c.would_deny ? EXIT_DENIED : certain ? 0 : EXIT_ERROR;
}

static void diff_release(struct diff *d)
{
	history_release(&d->history);
	dry_free(d->dry);
	policy_image_release(&d->image);
	list_release(&d->list);
}

int policy_verb_diff(int argc, char **argv)
{
	static const struct option options[] = {
	    {"since", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'}, {0}};
	__attribute__((cleanup(diff_release))) struct diff d = {0};
	int64_t since_ns = INT64_MIN;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = true;
		else if (c != 's' || !record_since(optarg, &since_ns))
			return policy_verb_usage(argv[0]);
	}
	if (argc - optind < 2)
		return policy_verb_usage(argv[0]);
	d.files = argv + optind + 1;
	if (!compile(&d, argc - optind - 1))
		return EXIT_ERROR;
	return run(&d, argv[optind], since_ns, json);
}
