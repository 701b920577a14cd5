/* SPDX-License-Identifier: Apache-2.0 */
/* See index.h. */
#include "sidecar/node/index.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/node/exes.h"

#define RECORDS_MIN 1000
#define RECORDS_FEW 4 /* are looked at sooner than another term's postings */
#define RECORDS_MANY (INDEX_PART / 8)
#define PARTS_A_TURN 2 /* an ended life's last whole one, and the rest */

struct times {
	int64_t first_ns, last_ns;
};

struct building {
	struct postings *terms[TERMS];
	struct exes exes;
	struct times times;
	unsigned at; /* the record under way */
	unsigned rows;
	uint64_t next; /* the next part that has any */
	int error;
};

static void building_release(struct building *b)
{
	for (unsigned t = 0; t < TERMS; t++)
		postings_free(b->terms[t]);
	exes_release(&b->exes);
}

static void add(void *arg, enum term t, const uint8_t *value, size_t len)
{
	struct building *b = arg;

	if (b->error == 0)
		b->error = postings_add(b->terms[t], b->at, value, len);
}

/* A record that cannot be read fits no question, as where all are looked through. */
static int add_row(struct building *b, struct store *s, struct life *l, const struct store_row *row)
{
	const struct exe *exe;
	struct event e;

	if (row->wall_ns < b->times.first_ns)
		b->times.first_ns = row->wall_ns;
	if (row->wall_ns > b->times.last_ns)
		b->times.last_ns = row->wall_ns;
	if (!row->record || event_decode(row->record, row->record_len, &e) <= 0)
		return 0;
	if (e.head.kind == RV_KIND_EXEC)
		exes_remember(&b->exes, &e);
	exe = exes_find(&b->exes, s, l, &e);
	b->at = (unsigned)(row->seq % INDEX_PART);
	terms_of(&e, exe ? exe->path : NULL, exe ? exe->len : 0, UINT32_MAX, add, b);
	return b->error;
}

static int add_rows(struct building *b, struct store *s, struct life *l, uint64_t part)
{
	struct store_row row;
	int r = store_rows(s, l, part * INDEX_PART);

	if (r < 0)
		return r;
	b->next = part + 1;
	while ((r = store_next(l, &row)) == 1 && row.seq / INDEX_PART == part) {
		b->rows++;
		if ((r = add_row(b, s, l, &row)) < 0)
			break;
	}
	if (r == 1)
		b->next = row.seq / INDEX_PART;
	store_end(l);
	return r < 0 ? r : 0;
}

static int put_terms(const struct building *b, struct life *l, uint64_t part)
{
	int r = store_put_part(l, part, INDEX_TIMES, &b->times, sizeof(b->times));

	for (unsigned t = 0; t < TERMS && r == 0; t++) {
		_free_ uint8_t *packed = NULL;
		size_t len;

		r = postings_pack(b->terms[t], &packed, &len);
		if (r == 0)
			r = store_put_part(l, part, t, packed, len);
	}
	return r;
}

/* 1: done; 0: it has no record at all. *ret_next: the next part that may be done. */
static int build(struct store *s, struct life *l, uint64_t part, uint64_t *ret_next)
{
	struct building b = {.times = {INT64_MAX, INT64_MIN}};
	int r = 0;

	for (unsigned t = 0; t < TERMS && r == 0; t++) {
		b.terms[t] = postings_new();
		r = b.terms[t] ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = add_rows(&b, s, l, part);
	if (r == 0 && b.rows > 0)
		r = store_begin_parts(s, l);
	if (r == 0 && b.rows > 0) {
		r = put_terms(&b, l, part);
		if (r < 0)
			store_abort(s, l);
		else
			r = store_commit(s, l);
	}
	building_release(&b);
	*ret_next = b.next;
	return r < 0 ? r : b.rows > 0;
}

/* All numbers of the part are there, or will not come any more; and so many that it is worth it. */
static bool complete(struct life *l, uint64_t part)
{
	uint64_t begin = part * INDEX_PART;

	if (!l->any || begin + RECORDS_MIN > l->high)
		return false;
	return l->ended || begin + INDEX_PART <= life_settle(l);
}

static bool build_if(struct store *s, struct life *l, uint64_t part)
{
	uint64_t next;
	int r;

	if (l->index_failed || !complete(l, part) || index_know(s, l) < 0)
		return false;
	r = build(s, l, part, &next);
	if (r < 0) {
		l->index_failed = true;
		log_warn(r, "index the record of container %s: questions look through all of it",
			 l->meta.id);
		return false;
	}
	if (part >= l->indexed)
		l->indexed = r == 1 ? part + 1 : next;
	return r == 1;
}

int index_know(struct store *s, struct life *l)
{
	int r = l->indexed_known ? 0 : store_parts_end(s, l, &l->indexed);

	l->indexed_known |= r == 0;
	return r;
}

int index_forget(struct life *l, uint64_t seq)
{
	int r;

	if (!l->indexed_known || seq / INDEX_PART >= l->indexed)
		return 0;
	r = store_drop_parts(l, seq / INDEX_PART);
	if (r == 0)
		l->indexed = seq / INDEX_PART;
	return r;
}

void index_advance(struct store *s, struct life *l)
{
	if (index_know(s, l) == 0)
		for (unsigned i = 0; i < PARTS_A_TURN && build_if(s, l, l->indexed); i++)
			;
}

struct looking {
	const struct filter *filter;
	enum term term;
};

static bool fits(void *arg, const uint8_t *value, size_t len)
{
	const struct looking *g = arg;

	return filter_fits_term(g->filter, g->term, value, len);
}

static unsigned count(const uint64_t *bits)
{
	unsigned n = 0;

	for (unsigned w = 0; w < POSTINGS_WORDS; w++)
		n += (unsigned)__builtin_popcountll(bits[w]);
	return n;
}

/* False: the part has no index. */
static bool look(struct store *s, struct life *l, const struct filter *f, struct index_part *p)
{
	uint32_t terms = filter_terms(f);
	_free_ uint8_t *data = NULL;
	struct times times;
	size_t len;

	if (store_get_part(s, l, p->number, INDEX_TIMES, &data, &len) < 0 || len != sizeof(times))
		return false;
	memcpy(&times, data, sizeof(times));
	memset(p->bits, 0xff, sizeof(p->bits));
	if (times.last_ns < f->since_ns || times.first_ns >= f->until_ns)
		memset(p->bits, 0, sizeof(p->bits));
	for (unsigned t = 0; t < TERMS && count(p->bits) > RECORDS_FEW; t++) {
		struct looking g = {f, (enum term)t};
		struct postings_wanted wanted = {.fits = fits, .arg = &g};
		uint64_t bits[POSTINGS_WORDS] = {};
		_free_ uint8_t *packed = NULL;

		if (!(terms & TERM_BIT(t)))
			continue;
		wanted.prefix = filter_prefix(f, g.term, &wanted.prefix_len);
		if (store_get_part(s, l, p->number, t, &packed, &len) < 0 ||
		    postings_find(packed, len, &wanted, bits) < 0)
			return false;
		for (unsigned w = 0; w < POSTINGS_WORDS; w++)
			p->bits[w] &= bits[w];
	}
	p->indexed = count(p->bits) < RECORDS_MANY;
	return true;
}

bool index_look(struct store *s, struct life *l, const struct filter *f, uint64_t seq,
		struct index_part *ret)
{
	uint64_t part = seq / INDEX_PART;

	if (ret->known && ret->number == part)
		return false;
	*ret = (struct index_part){.number = part, .known = true};
	if (look(s, l, f, ret) || !build_if(s, l, part))
		return false;
	(void)look(s, l, f, ret);
	return true;
}

bool index_next(const struct index_part *p, bool down, uint64_t seq, uint64_t *ret)
{
	unsigned at = (unsigned)(seq % INDEX_PART);

	for (unsigned w = at / 64; w < POSTINGS_WORDS; w += down ? -1u : 1u) {
		uint64_t bits = p->bits[w];

		if (w == at / 64)
			bits &= down ? UINT64_MAX >> (63 - at % 64) : UINT64_MAX << (at % 64);
		if (bits) {
			*ret = p->number * INDEX_PART + w * 64 +
			       (down ? 63 - (unsigned)__builtin_clzll(bits)
				     : (unsigned)__builtin_ctzll(bits));
			return true;
		}
	}
	return false;
}
