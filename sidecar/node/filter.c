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
	ret->prefix_len = strcspn(m->string, "\\*?[{");
	if (ret->prefix_len > sizeof(ret->prefix))
		ret->prefix_len = sizeof(ret->prefix);
	memcpy(ret->prefix, m->string, ret->prefix_len);
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

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

static bool fits_address(const struct filter *f, const uint8_t v[static TERM_ADDRESS_SIZE])
{
	int family = v[0] == 4 ? AF_INET : AF_INET6;

	if (f->address.family &&
	    (family != f->address.family || !same_bits(v + 1, f->address.addr, f->address.prefix)))
		return false;
	return f->port < 0 || f->port == (v[17] << 8 | v[18]);
}

uint32_t filter_terms(const struct filter *f)
{
	const bool asked[TERMS] = {
	    [TERM_KIND] = f->kinds != 0,
	    [TERM_VERDICT] = f->verdicts != 0,
	    [TERM_PID] = f->pid >= 0,
	    [TERM_UID] = f->uid >= 0,
	    [TERM_RULE] = f->rule >= 0,
	    [TERM_PATH] = f->path.set,
	    [TERM_EXEC] = f->exec.set,
	    [TERM_TAG] = f->tag.set,
	    [TERM_ADDRESS] = f->address.family || f->port >= 0,
	};
	uint32_t mask = 0;

	for (unsigned t = 0; t < TERMS; t++)
		mask |= asked[t] ? TERM_BIT(t) : 0;
	return mask;
}

bool filter_fits_term(const struct filter *f, enum term t, const uint8_t *value, size_t len)
{
	switch (t) {
	case TERM_KIND:
		return value[0] < 64 && f->kinds >> value[0] & 1;
	case TERM_VERDICT:
		return value[0] < 32 && f->verdicts >> value[0] & 1;
	case TERM_PID:
		return terms_u32(value) == f->pid;
	case TERM_UID:
		return terms_u32(value) == f->uid;
	case TERM_RULE:
		return terms_u32(value) == f->rule;
	case TERM_PATH:
		return automaton_match(&f->path.a, (const char *)value, len) != 0;
	case TERM_EXEC:
		return automaton_match(&f->exec.a, (const char *)value, len) != 0;
	case TERM_TAG:
		return automaton_match(&f->tag.a, (const char *)value, len) != 0;
	case TERM_ADDRESS:
		return fits_address(f, value);
	case TERMS:
		break;
	}
	return true;
}

const char *filter_prefix(const struct filter *f, enum term t, size_t *ret_len)
{
	const struct filter_glob *g = t == TERM_PATH   ? &f->path
				      : t == TERM_EXEC ? &f->exec
				      : t == TERM_TAG  ? &f->tag
						       : NULL;

	*ret_len = g ? g->prefix_len : 0;
	return g ? g->prefix : "";
}

struct fitting {
	const struct filter *filter;
	uint32_t missing; /* terms no value of which has fitted */
};

static void fit(void *arg, enum term t, const uint8_t *value, size_t len)
{
	struct fitting *f = arg;

	if (f->missing & TERM_BIT(t) && filter_fits_term(f->filter, t, value, len))
		f->missing &= ~TERM_BIT(t);
}

bool filter_fits(const struct filter *f, const struct event *e, const char *exe, size_t exe_len)
{
	struct fitting fitting = {f, filter_terms(f)};

	if (fitting.missing)
		terms_of(e, exe, exe_len, fitting.missing, fit, &fitting);
	return fitting.missing == 0;
}
