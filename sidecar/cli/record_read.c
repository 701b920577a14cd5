/* SPDX-License-Identifier: Apache-2.0 */
/* See record_read.h. The ledger is asked before and, while the container runs, again behind the
 * last record: what is lost in between is not read over. */
#include "record_read.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "query.h"
#include "sidecar/common/log.h"
#include "sidecar/common/row.h"
#include "sidecar/common/util.h"

#define ERROR_MAX 2048

struct bytes {
	uint8_t *data;
	size_t len, size;
};

static int append(struct bytes *b, const void *data, size_t len)
{
	size_t size = b->size ? b->size : 65536;
	uint8_t *grown;

	while (size - b->len < len)
		size *= 2;
	if (size != b->size) {
		grown = realloc(b->data, size);
		if (!grown)
			return -ENOMEM;
		b->data = grown;
		b->size = size;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

static int64_t sum(const struct json *object)
{
	int64_t n = 0;

	for (const struct json *m = object ? object->child : NULL; m; m = m->next)
		n += m->type == JSON_NUMBER ? m->number : 0;
	return n;
}

static void judge_ledger(const struct json *ledger, struct record_state *ret)
{
	int64_t lost = json_get_number(ledger, "lost", -1);
	int64_t gone = json_get_number(ledger, "cut", 0) + json_get_number(ledger, "dropped", 0);
	int64_t repeats = sum(json_get(ledger, "merged_lost"));

	ret->ended = json_is_true(ledger, "ended");
	if (!json_is_true(ledger, "armed"))
		snprintf(ret->fault, sizeof(ret->fault),
			 "its entrypoint was never executed, or the record of that is missing");
	else if (gone != 0)
		snprintf(ret->fault, sizeof(ret->fault),
			 "%" PRId64 " of its records were cut by retention or dropped by a full disk",
			 gone);
	else if (lost != 0)
		snprintf(ret->fault, sizeof(ret->fault), "%" PRId64 " records were lost", lost);
	else if (repeats != 0)
		snprintf(ret->fault, sizeof(ret->fault),
			 "records that told of %" PRId64 " repetitions were lost", repeats);
	else if (!json_is_true(ledger, "exact"))
		snprintf(ret->fault, sizeof(ret->fault), "its numbers do not add up");
}

static struct json_out *request_for(const char *verb, const char *container, const char *format)
{
	struct json_out *o = query_request_format(verb, container, format);

	json_out_close_object(o);
	return o;
}

static int ask_ledger(const char *container, struct record_state *ret)
{
	char error[ERROR_MAX] = "";
	struct json *ledger _json_ = NULL;
	int r = query_json(request_for("ledger", container, "json"), &ledger, error, sizeof(error));

	if (r == -EUCLEAN) /* it says so itself */
		r = 0;
	if (r < 0)
		return log_err(0, "ledger of %s: %s", container, error), r;
	judge_ledger(ledger, ret);
	return 0;
}

/* Numbers of records from before that were repeated since. */
struct numbers {
	uint64_t *n;
	size_t len, size;
};

struct reading {
	struct bytes bytes;
	int64_t since_ns;
	int (*each)(void *arg, const struct event *e, bool counted);
	void *arg;
	struct record_state *state;
	bool any;
	bool only_repeats; /* the first of two readings */
	struct numbers repeated;
};

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int note_repeat(struct reading *r, const struct event *e, int64_t wall_ns)
{
	struct numbers *list = &r->repeated;
	uint64_t *grown;

	if (e->head.kind != RV_KIND_REPEAT ||
	    wall_ns - (int64_t)(e->head.boot_ns - e->repeat.last_ns) < r->since_ns)
		return 0;
	if (list->len == list->size) {
		list->size = list->size ? list->size * 2 : 256;
		grown = reallocarray(list->n, list->size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->n = grown;
	}
	list->n[list->len++] = e->repeat.of_seq;
	return 0;
}

static bool is_counted(const struct reading *r, const struct event *e, int64_t wall_ns)
{
	const struct numbers *list = &r->repeated;

	return wall_ns >= r->since_ns || (list->len && bsearch(&e->head.seq, list->n, list->len,
							       sizeof(list->n[0]), by_number));
}

static int take_record(struct reading *r, const struct row_head *head, const uint8_t *record)
{
	uint64_t seq = head->seq;
	struct event e;

	if (r->state->cut || (r->any ? seq != r->state->last + 1 : seq > 1)) {
		r->state->cut = true;
		return 0;
	}
	r->any = true;
	r->state->last = seq;
	if (event_decode(record, head->len, &e) <= 0)
		return -EBADMSG;
	if (r->only_repeats)
		return note_repeat(r, &e, head->wall_ns);
	return r->each(r->arg, &e, is_counted(r, &e, head->wall_ns));
}

static int take_rows(void *arg, const void *data, size_t len)
{
	struct reading *r = arg;
	struct bytes *b = &r->bytes;
	struct row_head head;
	size_t at = 0;
	int err = append(b, data, len);

	while (err >= 0 && b->len - at >= sizeof(head)) {
		memcpy(&head, b->data + at, sizeof(head));
		if (head.len > ROW_LEN_MAX)
			return -EPROTO;
		if (b->len - at - sizeof(head) < ROW_SPACE(head.len))
			break;
		err = take_record(r, &head, b->data + at + sizeof(head));
		at += sizeof(head) + ROW_SPACE(head.len);
	}
	b->len -= at;
	memmove(b->data, b->data + at, b->len);
	return err < 0 ? err : 0;
}

static int read_once(struct reading *r, const char *container)
{
	char error[ERROR_MAX] = "";
	int err;

	r->any = false;
	r->state->cut = false;
	r->bytes.len = 0;
	err = query_each(request_for("logs", container, "raw"), take_rows, r, error, sizeof(error));
	if (err < 0)
		log_err(error[0] ? 0 : err, "records of %s%s%s", container, error[0] ? ": " : "",
			error);
	return err;
}

static int read_all(struct reading *r, const char *container)
{
	int err = 0;

	if (r->since_ns != INT64_MIN) {
		r->only_repeats = true;
		err = read_once(r, container);
		r->only_repeats = false;
		qsort(r->repeated.n, r->repeated.len, sizeof(r->repeated.n[0]), by_number);
	}
	if (err == 0)
		err = read_once(r, container);
	free(r->repeated.n);
	free(r->bytes.data);
	return err;
}

int record_read(const char *container, int64_t since_ns,
		int (*each)(void *arg, const struct event *e, bool counted), void *arg,
		struct record_state *ret)
{
	struct record_state state = {0};
	struct reading r = {.since_ns = since_ns, .each = each, .arg = arg, .state = &state};
	int err = ask_ledger(container, &state);

	if (err == 0)
		err = read_all(&r, container);
	if (err == 0 && !state.ended && !state.fault[0])
		err = ask_ledger(container, &state);
	if (err == 0 && state.ended && state.cut && !state.fault[0])
		snprintf(state.fault, sizeof(state.fault), "record %" PRIu64 " is missing",
			 state.last + 1);
	if (err == 0)
		*ret = state;
	return err;
}

/* The digits behind a second's point. */
static int64_t fraction_ns(const char **s)
{
	int64_t ns = 0, unit = 100000000;

	if (**s != '.')
		return 0;
	for (++*s; **s >= '0' && **s <= '9'; ++*s, unit /= 10)
		ns += (**s - '0') * unit;
	return ns;
}

bool record_since(const char *word, int64_t *ret_ns)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t digits = strspn(word, "0123456789");
	struct tm tm = {0};
	const char *end = strptime(word, "%Y-%m-%dT%H:%M:%S", &tm);

	for (size_t i = 0; digits && digits <= 9 && i < ARRAY_SIZE(units); i++) {
		if (word[digits] != units[i].letter || word[digits + 1])
			continue;
		*ret_ns = (int64_t)util_wall_ns() -
			  strtoll(word, NULL, 10) * units[i].seconds * 1000000000;
		return true;
	}
	if (end) {
		int64_t ns = fraction_ns(&end);

		*ret_ns = (int64_t)timegm(&tm) * 1000000000 + ns;
		if (strcmp(end, "Z") == 0)
			return true;
	}
	log_err(
	    0,
	    "--since '%s': expected a time in UTC as 2026-11-21T12:00:00Z, or how long ago: 90s, "
	    "10m, 2h, 3d",
	    word);
	return false;
}
