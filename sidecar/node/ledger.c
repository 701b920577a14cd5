/* SPDX-License-Identifier: Apache-2.0 */
/* See ledger.h. While a container runs, numbers above the last checkpoint may be under way; up to
 * it the missing must not exceed the lost. At the end both must agree to the last one. */
#include "sidecar/node/ledger.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/event.h"
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"

static void add_missing(struct ledger *l, uint64_t from, uint64_t to)
{
	l->missing += to - from + 1;
	if (l->gap_count < LEDGER_GAPS_MAX)
		l->gaps[l->gap_count] = (struct ledger_gap){from, to};
	l->gap_count++;
}

/* The first range of gone that ends at that number or behind it; NULL: none. */
static const struct numbers_range *next_gone(struct ledger *l, uint64_t from)
{
	while (l->gone && l->gone_at < l->gone->n && l->gone->of[l->gone_at].to < from)
		l->gone_at++;
	return l->gone && l->gone_at < l->gone->n ? &l->gone->of[l->gone_at] : NULL;
}

static void add_gap(struct ledger *l, uint64_t from, uint64_t to)
{
	while (from <= to) {
		const struct numbers_range *g = next_gone(l, from);
		uint64_t last;

		if (!g || g->from > to) {
			add_missing(l, from, to);
			return;
		}
		if (g->from > from) {
			add_missing(l, from, g->from - 1);
			from = g->from;
		}
		last = g->to < to ? g->to : to;
		l->gone_n += last - from + 1;
		from = last + 1;
	}
}

static uint64_t next_number(const struct ledger *l)
{
	uint64_t last = l->any ? l->last : 0;

	return (last > l->passed ? last : l->passed) + 1;
}

void ledger_pass(struct ledger *l, uint64_t to)
{
	if (to >= next_number(l))
		add_gap(l, next_number(l), to);
	l->passed = to > l->passed ? to : l->passed;
}

void ledger_gone(struct ledger *l, const struct numbers *gone)
{
	l->gone = gone;
	l->gone_at = 0;
}

void ledger_add(struct ledger *l, uint64_t seq, unsigned kind)
{
	uint64_t next = next_number(l);

	if (seq > next)
		add_gap(l, next, seq - 1);
	if (!l->any)
		l->first = seq;
	if (seq == 0)
		l->armed = true;
	l->any = true;
	l->last = seq;
	l->stored++;
	l->kinds[kind < RV_KIND_MAX ? kind : 0]++;
	l->closed |= kind == RV_KIND_CLOSE;
	if (kind != RV_KIND_CHECKPOINT)
		return;
	l->checkpoints++;
	if (seq <= l->settled) {
		l->checkpoint = seq;
		l->missing_checked = l->missing;
		memcpy(l->repeats_checked, l->repeats, sizeof(l->repeats));
	}
}

void ledger_repeat(struct ledger *l, unsigned of_kind, uint64_t count)
{
	unsigned i = counters_merge(of_kind);

	*(i < RV_MERGE_MAX ? &l->repeats[i] : &l->repeats_foreign) += count;
}

/* While it runs, records told later than the counters are from may say more than those. */
static void finish_repeats(struct ledger *l)
{
	l->unexplained_repeats = l->repeats_foreign;
	for (unsigned i = 0; i < RV_MERGE_MAX; i++) {
		uint64_t counted = l->counters.merged[i], lost = l->counters.merged_lost[i];
		uint64_t cut = l->cuts.repeats_cut[i];
		uint64_t told = l->repeats[i] + lost + cut + l->cuts.repeats_dropped[i];
		uint64_t checked = l->repeats_checked[i] + lost + cut;

		if (l->ended)
			l->unexplained_repeats += told > counted ? told - counted : counted - told;
		else if (checked > counted)
			l->unexplained_repeats += checked - counted;
		else
			l->pending[i] = counted > told ? counted - told : 0;
	}
}

static void finish_running(struct ledger *l)
{
	l->unexplained = l->missing_checked > l->lost ? l->missing_checked - l->lost : 0;
	l->unexplained += l->cut_untold;
	l->exact = l->unexplained == 0 && l->unexplained_repeats == 0;
}

static void finish_ended(struct ledger *l)
{
	const struct rv_counters *c = &l->counters;

	l->unexplained = l->missing > l->lost ? l->missing - l->lost : l->lost - l->missing;
	l->unexplained += l->cut_untold;
	for (unsigned k = 1; k < RV_KIND_MAX && !l->kind; k++)
		if (c->taken[k] !=
		    l->kinds[k] + c->lost[k] + l->cuts.cut[k] + l->cuts.dropped[k])
			l->kind = k;
	l->exact = l->closed && l->unexplained == 0 && l->kind == 0 && l->kinds[0] == 0 &&
		   l->unexplained_repeats == 0;
}

void ledger_finish(struct ledger *l, const struct rv_counters *counters, bool ended)
{
	l->counters = *counters;
	l->ended = ended;
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		l->lost += counters->lost[k];
	if (counters->armed && !l->armed) {
		l->missing++;
		l->missing_checked++;
	}
	if (ended && !l->closed && counters->issued > l->last)
		add_gap(l, l->last + 1, counters->issued);
	l->expected = l->stored + l->missing + l->gone_n;
	finish_repeats(l);
	if (ended)
		finish_ended(l);
	else
		finish_running(l);
}

static void put_kinds(const char *key, const uint64_t *kinds, struct json_out *o)
{
	json_out_key(o, key);
	json_out_open_object(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (kinds[k])
			json_out_member_unsigned(o, k ? event_kind_name(k) : "unknown", kinds[k]);
	json_out_close_object(o);
}

static void put_gaps(const struct ledger *l, struct json_out *o)
{
	json_out_member_unsigned(o, "missing_ranges_count", l->gap_count);
	json_out_key(o, "missing_ranges");
	json_out_open_array(o);
	for (unsigned i = 0; i < l->gap_count && i < LEDGER_GAPS_MAX; i++) {
		json_out_open_array(o);
		json_out_unsigned(o, l->gaps[i].from);
		json_out_unsigned(o, l->gaps[i].to);
		json_out_close_array(o);
	}
	json_out_close_array(o);
}

void ledger_to_json(const struct ledger *l, const char *id, struct json_out *o)
{
	json_out_open_object(o);
	json_out_key(o, "id");
	id ? json_out_string(o, id, strlen(id)) : json_out_null(o);
	json_out_member_bool(o, "exact", l->exact);
	json_out_member_bool(o, "ended", l->ended);
	json_out_member_bool(o, "armed", l->armed);
	json_out_member_bool(o, "closed", l->closed);
	json_out_key(o, "first");
	l->any ? json_out_unsigned(o, l->first) : json_out_null(o);
	json_out_key(o, "last");
	l->any ? json_out_unsigned(o, l->last) : json_out_null(o);
	json_out_member_unsigned(o, "expected", l->expected);
	json_out_member_unsigned(o, "stored", l->stored);
	json_out_member_unsigned(o, "lost", l->lost);
	json_out_member_unsigned(o, "missing", l->missing);
	json_out_member_unsigned(o, "unexplained", l->unexplained);
	json_out_member_unsigned(o, "cut", cuts_cut(&l->cuts));
	json_out_member_unsigned(o, "dropped", cuts_dropped(&l->cuts));
	json_out_member_unsigned(o, "denials_cut", l->cuts.denials);
	json_out_member_unsigned(o, "arguments_dropped", l->cuts.args_dropped);
	put_kinds("stored_by_kind", l->kinds, o);
	put_kinds("lost_by_kind", (const uint64_t *)l->counters.lost, o);
	put_kinds("cut_by_kind", (const uint64_t *)l->cuts.cut, o);
	put_kinds("dropped_by_kind", (const uint64_t *)l->cuts.dropped, o);
	put_kinds("taken_by_kind", (const uint64_t *)l->counters.taken, o);
	counters_merges("merged", (const uint64_t *)l->counters.merged, o);
	counters_merges("merged_stored", l->repeats, o);
	counters_merges("merged_cut", (const uint64_t *)l->cuts.repeats_cut, o);
	counters_merges("merged_dropped", (const uint64_t *)l->cuts.repeats_dropped, o);
	counters_merges("merged_lost", (const uint64_t *)l->counters.merged_lost, o);
	counters_merges("merged_pending", l->pending, o);
	json_out_member_unsigned(o, "merged_unexplained", l->unexplained_repeats);
	put_gaps(l, o);
	json_out_member_unsigned(o, "checkpoints", l->checkpoints);
	json_out_member_unsigned(o, "last_checkpoint", l->checkpoint);
	json_out_member_unsigned(o, "duplicates_refused", l->duplicates);
	json_out_member_unsigned(o, "records_refused", l->refused);
	json_out_close_object(o);
}

static void print_kinds(FILE *f, const struct ledger *l)
{
	bool gone = cuts_cut(&l->cuts) || cuts_dropped(&l->cuts);

	fprintf(f, "%-12s %10s %10s %10s%s\n", "kind", "given", "stored", "lost",
		gone ? "        cut    dropped" : "");
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		uint64_t cut = l->cuts.cut[k], dropped = l->cuts.dropped[k];

		if (!l->counters.taken[k] && !l->kinds[k] && !l->counters.lost[k] && !cut && !dropped)
			continue;
		fprintf(f, "%-12s %10" PRIu64 " %10" PRIu64 " %10" PRIu64,
			k ? event_kind_name(k) : "unknown", (uint64_t)l->counters.taken[k],
			l->kinds[k], (uint64_t)l->counters.lost[k]);
		if (gone)
			fprintf(f, " %10" PRIu64 " %10" PRIu64, cut, dropped);
		fputc('\n', f);
	}
}

/* What the node did itself, in words. */
static void print_cuts(FILE *f, const struct ledger *l)
{
	const struct cuts *c = &l->cuts;

	if (cuts_cut(c))
		fprintf(f,
			"cut          %" PRIu64 " records, %" PRIu64
			" of them denials: stored, and taken away by retention; 'reeve verify' lists "
			"which\n",
			cuts_cut(c), c->denials);
	if (cuts_dropped(c) || c->args_dropped)
		fprintf(f,
			"dropped      %" PRIu64 " records and %" PRIu64
			" argument blocks: not stored, as the disk was full\n",
			cuts_dropped(c), c->args_dropped);
}

static void print_repeats(FILE *f, const struct ledger *l)
{
	bool any = false;

	for (unsigned i = 0; i < RV_MERGE_MAX; i++) {
		unsigned kind = counters_merge_kind(i);

		if (!kind || (!l->counters.merged[i] && !l->repeats[i]))
			continue;
		if (!any)
			fprintf(f, "%-12s %10s %10s %10s %10s\n", "repeated", "counted", "told",
				"lost", "pending");
		any = true;
		fprintf(f, "%-12s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
			event_kind_name(kind), (uint64_t)l->counters.merged[i], l->repeats[i],
			(uint64_t)l->counters.merged_lost[i], l->pending[i]);
	}
}

static void print_sum(FILE *f, const struct ledger *l)
{
	fprintf(f, "exact: yes (%" PRIu64 " given = %" PRIu64 " stored + %" PRIu64 " lost",
		l->expected, l->stored, l->lost);
	if (cuts_cut(&l->cuts))
		fprintf(f, " + %" PRIu64 " cut", cuts_cut(&l->cuts));
	if (cuts_dropped(&l->cuts))
		fprintf(f, " + %" PRIu64 " dropped", cuts_dropped(&l->cuts));
	fputs(")\n", f);
}

static void print_verdict(FILE *f, const struct ledger *l, const char *id)
{
	if (l->exact && l->ended)
		print_sum(f, l);
	else if (l->exact)
		fprintf(f, "exact: yes, up to checkpoint %" PRIu64 "; %s\n", l->checkpoint,
			id ? "the container still runs" : "it goes on");
	else if (l->ended && !l->closed)
		fprintf(f, "exact: no (the closing record is missing)\n");
	else if (l->cut_untold)
		fprintf(f,
			"exact: no (the table cuts names %" PRIu64
			" records more, or fewer, than were counted)\n",
			l->cut_untold);
	else if (l->unexplained)
		fprintf(f, "exact: no (%" PRIu64 " missing against %" PRIu64 " counted as lost)\n",
			l->missing, l->lost);
	else if (l->unexplained_repeats)
		fprintf(
		    f, "exact: no (%" PRIu64 " repetitions counted and not told, or the reverse)\n",
		    l->unexplained_repeats);
	else
		fprintf(f, "exact: no (kind %s does not add up)\n",
			l->kind ? event_kind_name(l->kind) : "unknown");
}

char *ledger_to_text(const struct ledger *l, const char *id)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	if (id)
		fprintf(f, "container    %s\nstate        %s, %s\n", id,
			l->ended ? "ended" : "running", l->armed ? "armed" : "NOT ARMED");
	else
		fprintf(f, "log          the node's own\nstate        %s\n",
			l->ended ? "ended" : "open");
	if (l->any)
		fprintf(f, "numbers      %" PRIu64 " to %" PRIu64 "\n", l->first, l->last);
	else
		fprintf(f, "numbers      none\n");
	fprintf(f, "checkpoints  %" PRIu64 "%s\n", l->checkpoints,
		l->closed ? ", closing record seen" : ", no closing record");
	fprintf(f, "refused      %" PRIu64 " duplicates, %" PRIu64 " of another life\n",
		l->duplicates, l->refused);
	print_kinds(f, l);
	print_repeats(f, l);
	print_cuts(f, l);
	for (unsigned i = 0; i < l->gap_count && i < LEDGER_GAPS_MAX; i++)
		fprintf(f, "missing      %" PRIu64 " to %" PRIu64 "\n", l->gaps[i].from,
			l->gaps[i].to);
	if (l->gap_count > LEDGER_GAPS_MAX)
		fprintf(f, "missing      ... %" PRIu64 " ranges in all\n", l->gap_count);
	print_verdict(f, l, id);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
