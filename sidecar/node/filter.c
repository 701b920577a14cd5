/* SPDX-License-Identifier: Apache-2.0 */
/* See filter.h. */
#include "sidecar/node/filter.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"

#define STATES_MAX 16384 /* of one glob's automaton */

static uint32_t fold(void *arg, const uint32_t *numbers, size_t n)
{
	(void)arg;
	(void)numbers;
	return n > 0;
}

static int read_glob(const struct json *query, const char *key, struct filter *f,
		     struct filter_glob *ret, char *error, size_t error_size)
{
	const struct json *m = json_get(query, key);
	struct builder *b;
	const char *why = "";
	size_t at = 0;
	int r;

	if (!m)
		return 0;
	if (m->type != JSON_STRING)
		return util_refuse(-EINVAL, error, error_size, "\"%s\": expected a glob", key);
	b = builder_new();
	if (!b)
		return -ENOMEM;
	r = builder_add(b, m->string, strlen(m->string), 1, &at, &why);
	if (r == -EINVAL)
		(void)util_refuse(r, error, error_size, "%s '%s': at byte %zu, expected %s", key,
				  m->string, at + 1, why);
	if (r == 0)
		r = builder_build(b, STATES_MAX, fold, NULL, &ret->a);
	builder_free(b);
	if (r == -E2BIG)
		(void)util_refuse(r, error, error_size,
				  "%s '%s': it stands for too much; use fewer braces and stars", key,
				  m->string);
	ret->set = r == 0;
	f->any = true;
	return r;
}

static int read_number(const struct json *query, const char *key, int64_t max, struct filter *f,
		       int64_t *ret, char *error, size_t error_size)
{
	const struct json *m = json_get(query, key);

	*ret = -1;
	if (!m)
		return 0;
	if (m->type != JSON_NUMBER || m->number < 0 || m->number > max)
		return util_refuse(-EINVAL, error, error_size, "\"%s\": expected a number from 0 to %lld",
				   key, (long long)max);
	*ret = m->number;
	f->any = true;
	return 0;
}

static int read_time(const struct json *query, const char *key, int64_t otherwise, struct filter *f,
		     int64_t *ret, char *error, size_t error_size)
{
	const struct json *m = json_get(query, key);

	*ret = otherwise;
	if (!m)
		return 0;
	if (m->type != JSON_NUMBER)
		return util_refuse(-EINVAL, error, error_size,
				   "\"%s\": expected nanoseconds since 1970", key);
	*ret = m->number;
	f->any = true;
	return 0;
}

static unsigned verdict_number(const char *name)
{
	for (unsigned i = 0; i < 32; i++)
		if (strcmp(event_verdict_name(i), name) == 0)
			return i;
	return 32;
}

static unsigned kind_number(const char *name)
{
	unsigned n = event_kind_number(name, strlen(name));

	return n ? n : 64;
}

/* An array of names into bits. */
static int read_names(const struct json *query, const char *key, unsigned (*number)(const char *),
		      unsigned max, const char *hint, struct filter *f, uint64_t *ret, char *error,
		      size_t error_size)
{
	const struct json *m = json_get(query, key);

	*ret = 0;
	if (!m)
		return 0;
	if (m->type != JSON_ARRAY || m->count == 0)
		return util_refuse(-EINVAL, error, error_size, "\"%s\": expected an array of names",
				   key);
	for (const struct json *e = m->child; e; e = e->next) {
		unsigned n = e->type == JSON_STRING ? number(e->string) : max;

		if (n >= max)
			return util_refuse(-EINVAL, error, error_size, "'%s' is none of the %s: %s",
					   e->type == JSON_STRING ? e->string : "?", key, hint);
		*ret |= 1ull << n;
	}
	f->any = true;
	return 0;
}

static int read_address(const struct json *query, struct filter *f, char *error, size_t error_size)
{
	const struct json *m = json_get(query, "address");

	if (!m)
		return 0;
	if (m->type != JSON_STRING || cidr_parse(m->string, &f->address) < 0)
		return util_refuse(-EINVAL, error, error_size,
				   "address '%s': expected an IPv4 or IPv6 address, or a range as "
				   "10.0.0.0/8",
				   m->type == JSON_STRING ? m->string : "?");
	cidr_unmap_range(&f->address);
	f->any = true;
	return 0;
}

int filter_read(const struct json *query, struct filter *ret, char *error, size_t error_size)
{
	uint64_t verdicts = 0;
	int r;

	*ret = (struct filter){.pid = -1, .uid = -1, .rule = -1, .port = -1};
	r = read_time(query, "since", INT64_MIN, ret, &ret->since_ns, error, error_size);
	if (r == 0)
		r = read_time(query, "until", INT64_MAX, ret, &ret->until_ns, error, error_size);
	if (r == 0)
		r = read_names(query, "kinds", kind_number, 64, "'reeve events' lists them", ret,
			       &ret->kinds, error, error_size);
	if (r == 0)
		r = read_names(query, "verdicts", verdict_number, 32,
			       "none, allowed, denied, would-deny", ret, &verdicts, error,
			       error_size);
	ret->verdicts = (uint32_t)verdicts;
	if (r == 0)
		r = read_glob(query, "path", ret, &ret->path, error, error_size);
	if (r == 0)
		r = read_glob(query, "exec", ret, &ret->exec, error, error_size);
	if (r == 0)
		r = read_glob(query, "tag", ret, &ret->tag, error, error_size);
	if (r == 0)
		r = read_number(query, "pid", UINT32_MAX, ret, &ret->pid, error, error_size);
	if (r == 0)
		r = read_number(query, "uid", UINT32_MAX, ret, &ret->uid, error, error_size);
	if (r == 0)
		r = read_number(query, "rule", UINT32_MAX, ret, &ret->rule, error, error_size);
	if (r == 0)
		r = read_number(query, "port", 65535, ret, &ret->port, error, error_size);
	return r == 0 ? read_address(query, ret, error, error_size) : r;
}

void filter_release(struct filter *f)
{
	struct filter_glob *globs[] = {&f->path, &f->exec, &f->tag};

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++) {
		if (globs[i]->set)
			automaton_release(&globs[i]->a);
		globs[i]->set = false;
	}
}

bool filter_fits_row(const struct filter *f, unsigned kind, int64_t wall_ns)
{
	if (wall_ns < f->since_ns || wall_ns >= f->until_ns)
		return false;
	return !f->kinds || (kind < 64 && f->kinds >> kind & 1);
}

static bool matches(const struct filter_glob *g, const char *s, size_t len)
{
	return s && automaton_match(&g->a, s, len) != 0;
}

/* Any string of the record that is shown so; by name, where one is asked for. */
static bool fits_string(const struct filter_glob *g, const struct event *e, enum view view,
			const char *name)
{
	const struct event_kind *k = event_kind(e->head.kind);
	unsigned at = 0;

	for (unsigned i = 0; k && i < k->fields_n; i++) {
		const struct event_field *field = &k->fields[i];
		const struct event_string *s;

		if (!field->string)
			continue;
		s = &e->strings[at++];
		if (field->view == view && (!name || strcmp(field->name, name) == 0) && s->len > 0 &&
		    matches(g, s->s, s->len))
			return true;
	}
	return false;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

static bool fits_address(const struct filter *f, const struct rv_address *a)
{
	int family = (int)a->family;
	uint8_t addr[16];

	memcpy(addr, a->addr, sizeof(addr));
	if (family == AF_INET6)
		family = cidr_unmap(addr);
	else if (family != AF_INET)
		return false;
	if (f->address.family && (family != f->address.family ||
				  !same_bits(addr, f->address.addr, f->address.prefix)))
		return false;
	return f->port < 0 || a->port == (uint64_t)f->port;
}

static bool fits_addresses(const struct filter *f, const struct event *e)
{
	const struct event_kind *k = event_kind(e->head.kind);

	for (unsigned i = 0; k && i < k->fields_n; i++) {
		const struct event_field *field = &k->fields[i];
		struct rv_address a;

		if (field->view != VIEW_LOCAL && field->view != VIEW_FOREIGN)
			continue;
		memcpy(&a, (const char *)e + field->offset, sizeof(a));
		if (fits_address(f, &a))
			return true;
	}
	return false;
}

static bool fits_head(const struct filter *f, const struct rv_head *h)
{
	if (f->verdicts && !(h->verdict < 32 && f->verdicts >> h->verdict & 1))
		return false;
	if (f->pid >= 0 && h->pid != f->pid && h->ns_pid != f->pid)
		return false;
	if (f->uid >= 0 && h->uid != f->uid && h->euid != f->uid)
		return false;
	return f->rule < 0 || h->rule == f->rule;
}

bool filter_fits(const struct filter *f, const struct event *e, const char *exe, size_t exe_len)
{
	if (!f->any)
		return true;
	if (!fits_head(f, &e->head))
		return false;
	if (f->path.set && !fits_string(&f->path, e, VIEW_PATH, NULL))
		return false;
	if (f->tag.set && !fits_string(&f->tag, e, VIEW_TEXT, "tag"))
		return false;
	if (f->exec.set && !matches(&f->exec, exe, exe_len) &&
	    !(e->head.kind == RV_KIND_EXEC && matches(&f->exec, e->path, e->path_len)))
		return false;
	return (!f->address.family && f->port < 0) || fits_addresses(f, e);
}
