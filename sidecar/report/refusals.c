/* SPDX-License-Identifier: Apache-2.0 */
/* See refusals.h. A row says all of a record's own fields: what they are is in the event table. */
#include "refusals.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "html.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/util.h"

#define VALUE_MAX 4096
#define PART_MAX 1024 /* of a group's name */

int refusals_init(struct refusals *r, size_t max, size_t bytes_max, struct acts *acts)
{
	*r = (struct refusals){.rows = calloc(2 * max, sizeof(*r->rows)),
			       .max = max,
			       .bytes_max = bytes_max,
			       .up_to = UINT64_MAX,
			       .acts = acts};
	if (r->rows && touched_init(&r->groups, ACTS_PART) == 0)
		return 0;
	free(r->rows);
	*r = (struct refusals){};
	return -ENOMEM;
}

void refusals_release(struct refusals *r)
{
	for (size_t i = 0; r->rows && i < 2 * r->max; i++)
		free(r->rows[i].line);
	free(r->rows);
	touched_release(&r->groups);
	*r = (struct refusals){};
}

static struct json_piece get(struct json_piece line, const char *key)
{
	struct json_piece v = {"null", 4};

	(void)json_scan_get(line, key, &v);
	return v;
}

static bool is_null(struct json_piece v)
{
	return v.len == 0 || v.s[0] == 'n';
}

static const struct event_kind *kind_of(struct json_piece line)
{
	struct json_piece kind = get(line, "kind");

	return is_null(kind) ? NULL : event_kind(event_kind_number(kind.s + 1, kind.len - 2));
}

/* What it was done to: the first of these that the record has. */
static struct json_piece object_of(struct json_piece line, struct json_piece *ret_port)
{
	static const char *const keys[] = {"path",    "faddr",	"laddr",  "capability",
					   "ocomm",   "name",	"option", "given",
					   "command", "signal", "family"};
	struct json_piece v = {"null", 4};

	*ret_port = v;
	for (size_t i = 0; i < ARRAY_SIZE(keys) && is_null(v); i++) {
		v = get(line, keys[i]);
		if (!is_null(v) && strcmp(keys[i] + 1, "addr") == 0)
			*ret_port = get(line, keys[i][0] == 'f' ? "fport" : "lport");
	}
	return v;
}

/* In words that are safe to stand on a line. */
static void put_part(FILE *f, struct json_piece v)
{
	size_t len = 0;
	_free_ char *bytes = json_scan_bytes(v, &len);

	if (bytes)
		quote_word(f, bytes, len < PART_MAX ? len : PART_MAX);
	else if (is_null(v))
		fputc('-', f);
	else
		fwrite(v.s, 1, v.len < PART_MAX ? v.len : PART_MAX, f);
	if (len > PART_MAX)
		fprintf(f, " and %zu bytes more", len - PART_MAX);
}

static int add_group(struct refusals *r, struct json_piece line, const struct touch *act)
{
	static const char *const keys[] = {"verdict",	  "policy", "rule",
					   "policy_line", "reason", "kind"};
	struct json_piece port, object = object_of(line, &port);
	_free_ char *name = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&name, &len);

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		put_part(f, get(line, keys[i]));
		fputc(ACTS_PART, f);
	}
	put_part(f, object);
	if (!is_null(port)) {
		fputs(" port ", f);
		put_part(f, port);
	}
	if (fclose(f) != 0)
		return -ENOMEM;
	return touched_add(&r->groups, name, len, act, 0);
}

static void put_rule(FILE *f, struct json_piece line)
{
	struct json_piece policy = get(line, "policy"), at = get(line, "policy_line");
	struct json_piece rule = get(line, "rule"), reason = get(line, "reason");

	if (is_null(rule)) {
		fputs("no rule: the policy's default", f);
	} else {
		fprintf(f, "rule %.*s", (int)rule.len, rule.s);
		if (!is_null(policy)) {
			fputs(" of ", f);
			html_json_word(f, policy, VALUE_MAX);
		}
		if (!is_null(at))
			fprintf(f, ", line %.*s", (int)at.len, at.s);
	}
	if (!is_null(reason)) {
		fputs("<br>", f);
		html_json_word(f, reason, VALUE_MAX);
	}
}

static void put_process(FILE *f, struct json_piece line, struct whose *whose)
{
	struct json_piece p = get(line, "process"), exe = get(p, "exe");
	struct json_piece pid = get(p, "pid"), inside = get(p, "ns_pid"), uid = get(p, "uid");
	const struct whose_process *w = whose_find(whose, (uint32_t)json_scan_number(pid),
						   json_scan_number(get(line, "boot_ns")));

	html_json_word(f, is_null(exe) ? get(p, "comm") : exe, VALUE_MAX);
	fputs("<small>", f);
	if (w)
		fprintf(f, "<a href=#p%zu>", (size_t)(w - whose->of));
	fprintf(f, "pid %.*s%s, %.*s inside, uid %.*s, comm ", (int)pid.len, pid.s, w ? "</a>" : "",
		(int)inside.len, inside.s, (int)uid.len, uid.s);
	html_json_word(f, get(p, "comm"), VALUE_MAX);
	fputs("</small>", f);
}

static bool same(struct json_piece a, struct json_piece b)
{
	return a.len == b.len && memcmp(a.s, b.s, a.len) == 0;
}

/* Says no more than that there is nothing to say. */
static bool is_nothing(struct json_piece v)
{
	static const char *const words[] = {"", "ok", "0:0", "0x0", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (json_scan_is(v, words[i]))
			return true;
	return is_null(v) || same(v, (struct json_piece){"0", 1}) ||
	       same(v, (struct json_piece){"[]", 2});
}

static void put_field(FILE *f, struct json_piece line, const char *name, const char **comma)
{
	struct json_piece v = get(line, name), port;

	if (is_nothing(v) || same(v, object_of(line, &port)) || same(v, port))
		return;
	fprintf(f, "%s%s ", *comma, name);
	html_json_word(f, v, VALUE_MAX);
	*comma = ", ";
}

/* A socket's address is two members, and the arguments' count and length are seen. */
static void put_fields(FILE *f, struct json_piece line)
{
	const struct event_kind *kind = kind_of(line);
	const char *comma = "";

	fputs("<small>", f);
	for (unsigned i = 0; kind && i < kind->fields_n; i++) {
		const struct event_field *field = &kind->fields[i];

		if (field->view == VIEW_LOCAL) {
			put_field(f, line, "laddr", &comma);
			put_field(f, line, "lport", &comma);
		} else if (field->view == VIEW_FOREIGN) {
			put_field(f, line, "faddr", &comma);
			put_field(f, line, "fport", &comma);
		} else if (field->view != VIEW_NONE && strncmp(field->name, "arg", 3) != 0) {
			put_field(f, line, field->name, &comma);
		}
	}
	put_field(f, line, "argv", &comma);
	fputs("</small>", f);
}

void refusals_put(FILE *f, const struct refusals_row *row, struct whose *whose)
{
	struct json_piece line = {row->line, row->len};
	struct json_piece port, object = object_of(line, &port), seq = get(line, "seq");
	struct json_piece kind = get(line, "kind"), error = get(line, "error");
	bool denied = json_scan_is(get(line, "verdict"), "denied");

	fputs("<td>", f);
	html_time(f, row->wall_ns);
	fprintf(f, "<small>record %.*s</small><td><span class=%s>%s</span><small>", (int)seq.len,
		seq.s, denied ? "denied" : "would", denied ? "denied" : "would be denied");
	if (!is_null(error))
		html_text(f, error.s + 1, error.len - 2);
	fputs("</small><td><b>", f);
	if (!is_null(kind))
		html_text(f, kind.s + 1, kind.len - 2);
	fputs("</b> ", f);
	html_json_word(f, object, VALUE_MAX);
	if (!is_null(port))
		fprintf(f, " port %.*s", (int)port.len, port.s);
	put_fields(f, line);
	fputs("<td>", f);
	put_process(f, line, whose);
	fputs("<td>", f);
	put_rule(f, line);
}

static void forget_oldest(struct refusals *r)
{
	struct refusals_row *row = &r->rows[r->max + r->last_at];

	r->last_bytes -= row->len;
	free(row->line);
	*row = (struct refusals_row){};
	r->last_at = (r->last_at + 1) % r->max;
	r->last_n--;
}

static void keep(struct refusals *r, struct refusals_row row)
{
	if (r->first_n == r->max || r->first_bytes + row.len > r->bytes_max)
		r->first_full = true;
	if (!r->first_full) {
		r->rows[r->first_n++] = row;
		r->first_bytes += row.len;
		return;
	}
	while (r->last_n > 0 && (r->last_n == r->max || r->last_bytes + row.len > r->bytes_max))
		forget_oldest(r);
	r->rows[r->max + (r->last_at + r->last_n++) % r->max] = row;
	r->last_bytes += row.len;
}

/* The environment stands last, and is nobody's business here. */
static size_t without_environment(struct json_piece line)
{
	static const char key[] = ",\"env\":";
	struct json_piece env;

	if (!json_scan_get(line, "env", &env) || env.s - line.s < (ptrdiff_t)sizeof(key))
		return line.len;
	return (size_t)(env.s - line.s) - strlen(key);
}

int refusals_add(void *refusals, const char *text, size_t len)
{
	struct refusals *r = refusals;
	struct json_piece line = {text, len}, seq = get(line, "seq");
	struct touch act = {.n = 1, .denied = json_scan_is(get(line, "verdict"), "denied")};
	struct refusals_row row = {};

	if (is_null(seq) || json_scan_number(seq) > r->up_to)
		return 0;
	row.wall_ns = act.first_ns = act.last_ns = acts_time(r->acts, get(line, "time"));
	act.would_deny = !act.denied;
	row.len = without_environment(line);
	row.line = strndup(text, row.len);
	if (!row.line)
		return -ENOMEM;
	r->n++;
	keep(r, row);
	return add_group(r, line, &act);
}

const struct refusals_row *refusals_row(const struct refusals *r, size_t i)
{
	return i < r->first_n ? &r->rows[i]
			      : &r->rows[r->max + (r->last_at + i - r->first_n) % r->max];
}
