/* SPDX-License-Identifier: Apache-2.0 */
/* See findings.h. */
#include "sidecar/node/findings.h"
#include <inttypes.h>

#define FINDING_ROW(NAME, of, name, text) [FINDING_##NAME] = {of, name, text},
static const struct {
	const char *of, *name, *text;
} kinds[FINDING_KINDS] = {FINDINGS(FINDING_ROW)};

static struct finding *last_of(struct findings *f, enum finding_kind kind)
{
	for (size_t i = f->n; i > 0; i--)
		if (f->of[i - 1].kind == kind)
			return &f->of[i - 1];
	return NULL;
}

void findings_add(struct findings *f, enum finding_kind kind, uint64_t from, uint64_t to,
		  uint64_t other)
{
	struct finding *last = kind == FINDING_MOVED ? NULL : last_of(f, kind);

	f->total += to - from + 1;
	if (last && kinds[kind].of && last->to + 1 == from)
		last->to = to;
	else if (f->n < FINDINGS_MAX)
		f->of[f->n++] = (struct finding){kind, from, to, other};
	else
		f->more++;
}

void findings_to_json(const struct findings *f, struct json_out *o)
{
	json_out_member_unsigned(o, "findings_count", f->n + f->more);
	json_out_key(o, "findings");
	json_out_open_array(o);
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->of[i];

		json_out_open_object(o);
		json_out_member_string(o, "what", kinds[x->kind].name);
		if (kinds[x->kind].of) {
			json_out_member_string(o, "of", kinds[x->kind].of);
			json_out_member_unsigned(o, "from", x->from);
			json_out_member_unsigned(o, "to", x->to);
		}
		if (x->kind == FINDING_MOVED)
			json_out_member_unsigned(o, "found", x->other);
		if (x->kind == FINDING_LINK_CUT)
			json_out_member_unsigned(o, "last_record", x->other);
		json_out_close_object(o);
	}
	json_out_close_array(o);
}

static void print_one(const struct finding *x, FILE *to)
{
	fprintf(to, "%-18s", kinds[x->kind].name);
	if (kinds[x->kind].of)
		fprintf(to, " %s %" PRIu64, kinds[x->kind].of, x->from);
	if (kinds[x->kind].of && x->to != x->from)
		fprintf(to, " to %" PRIu64, x->to);
	fprintf(to, "%s %s", kinds[x->kind].of ? ":" : "", kinds[x->kind].text);
	if (x->kind == FINDING_MOVED)
		fprintf(to, ", the one stored as %" PRIu64, x->other);
	if (x->kind == FINDING_LINK_CUT)
		fprintf(to, ", with records up to number %" PRIu64, x->other);
	fputc('\n', to);
}

void findings_print(const struct findings *f, FILE *to)
{
	for (size_t i = 0; i < f->n; i++)
		print_one(&f->of[i], to);
	if (f->more)
		fprintf(to, "%-18s %" PRIu64 " more like these\n", "...", f->more);
}
