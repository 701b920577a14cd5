/* SPDX-License-Identifier: Apache-2.0 */
/* See postings.h. */
#include "sidecar/node/postings.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"

#define CUT (POSTINGS_VALUE_MAX + 1)
#define BUCKETS 1024
#define BITMAP 0x8000
#define BITMAP_SIZE (POSTINGS_SPAN / 8)

struct value {
	struct value *next; /* of its bucket */
	uint32_t hash;
	unsigned count;
	uint64_t bits[POSTINGS_WORDS];
	uint16_t len; /* CUT: there was more of it */
	uint8_t bytes[];
};

struct postings {
	struct value *buckets[BUCKETS];
	size_t values_n;
};

struct postings *postings_new(void)
{
	return calloc(1, sizeof(struct postings));
}

void postings_free(struct postings *p)
{
	for (size_t i = 0; p && i < BUCKETS; i++) {
		while (p->buckets[i]) {
			struct value *v = p->buckets[i];

			p->buckets[i] = v->next;
			free(v);
		}
	}
	free(p);
}

static uint32_t hash_of(const uint8_t *s, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 16777619u;
	return h;
}

int postings_add(struct postings *p, unsigned at, const uint8_t *value, size_t len)
{
	size_t kept = len < CUT ? len : CUT;
	uint32_t hash = hash_of(value, kept);
	struct value **bucket = &p->buckets[hash % BUCKETS], *v;

	for (v = *bucket; v; v = v->next)
		if (v->hash == hash && v->len == kept && memcmp(v->bytes, value, kept) == 0)
			break;
	if (!v) {
		v = calloc(1, sizeof(*v) + kept);
		if (!v)
			return -ENOMEM;
		v->hash = hash;
		v->len = (uint16_t)kept;
		memcpy(v->bytes, value, kept);
		v->next = *bucket;
		*bucket = v;
		p->values_n++;
	}
	if (!(v->bits[at / 64] >> (at % 64) & 1))
		v->count++;
	v->bits[at / 64] |= 1ull << (at % 64);
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct value *x = *(struct value *const *)a, *y = *(struct value *const *)b;
	int r = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

	return r ? r : (int)x->len - (int)y->len;
}

static size_t shared(const struct value *a, const struct value *b)
{
	size_t n = 0;

	while (a && n < a->len && n < b->len && a->bytes[n] == b->bytes[n])
		n++;
	return n;
}

/* NULL: a bitmap is shorter. */
static uint8_t *put_distances(uint8_t *at, const uint8_t *end, const struct value *v)
{
	int before = -1;

	for (unsigned w = 0; w < POSTINGS_WORDS; w++) {
		for (uint64_t bits = v->bits[w]; bits; bits &= bits - 1) {
			int i = (int)w * 64 + __builtin_ctzll(bits), distance = i - before;

			if (end - at < 2)
				return NULL;
			if (distance >= 128)
				*at++ = (uint8_t)(128 | (distance & 127));
			*at++ = (uint8_t)(distance >= 128 ? distance >> 7 : distance);
			before = i;
		}
	}
	return at;
}

static uint8_t *put_records(uint8_t *at, const struct value *v)
{
	uint8_t *begin = at + 2, *end = put_distances(begin, begin + BITMAP_SIZE, v);
	uint16_t count = (uint16_t)v->count;

	if (!end) {
		count |= BITMAP;
		memcpy(begin, v->bits, BITMAP_SIZE);
		end = begin + BITMAP_SIZE;
	}
	at[0] = (uint8_t)count;
	at[1] = (uint8_t)(count >> 8);
	return end;
}

int postings_pack(struct postings *p, uint8_t **ret, size_t *ret_len)
{
	_free_ struct value **sorted = calloc(p->values_n + 1, sizeof(struct value *));
	_free_ uint8_t *packed = NULL;
	struct value *before = NULL;
	size_t n = 0, size = 1;
	uint8_t *at;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct value *v = p->buckets[i]; v; v = v->next) {
			sorted[n++] = v;
			size += 4 + v->len + BITMAP_SIZE;
		}
	}
	qsort(sorted, n, sizeof(*sorted), by_bytes);
	at = packed = malloc(size);
	if (!packed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct value *v = sorted[i];
		size_t same = shared(before, v);

		*at++ = (uint8_t)same;
		*at++ = (uint8_t)(v->len - same);
		memcpy(at, v->bytes + same, v->len - same);
		at += v->len - same;
		at = put_records(at, v);
		before = v;
	}
	*ret_len = (size_t)(at - packed);
	*ret = TAKE_PTR(packed);
	return 0;
}

struct reading {
	const uint8_t *at, *end;
	uint8_t value[CUT];
	size_t value_len;
	unsigned count;
	bool bitmap;
};

static int next_value(struct reading *r)
{
	size_t same, more;

	if (r->end - r->at < 2)
		return -EBADMSG;
	same = r->at[0];
	more = r->at[1];
	r->at += 2;
	if (same > r->value_len || same + more > CUT || (size_t)(r->end - r->at) < more + 2)
		return -EBADMSG;
	memcpy(r->value + same, r->at, more);
	r->value_len = same + more;
	r->at += more;
	r->count = (unsigned)r->at[0] | (unsigned)r->at[1] << 8;
	r->at += 2;
	r->bitmap = r->count & BITMAP;
	r->count &= BITMAP - 1;
	return 0;
}

/* The records of the value just read, into bits unless that is NULL. */
static int read_records(struct reading *r, uint64_t *bits)
{
	unsigned at = 0;

	if (r->bitmap) {
		if (r->end - r->at < BITMAP_SIZE)
			return -EBADMSG;
		for (unsigned w = 0; bits && w < POSTINGS_WORDS; w++) {
			uint64_t word;

			memcpy(&word, r->at + w * sizeof(word), sizeof(word));
			bits[w] |= word;
		}
		r->at += BITMAP_SIZE;
		return 0;
	}
	for (unsigned i = 0; i < r->count; i++) {
		unsigned distance;

		if (r->at == r->end || (*r->at & 128 && r->end - r->at < 2))
			return -EBADMSG;
		distance = *r->at & 127;
		if (*r->at++ & 128)
			distance |= (unsigned)*r->at++ << 7;
		at += distance;
		if (distance == 0 || at > POSTINGS_SPAN)
			return -EBADMSG;
		if (bits)
			bits[(at - 1) / 64] |= 1ull << ((at - 1) % 64);
	}
	return 0;
}

int postings_find(const uint8_t *packed, size_t len, postings_fits fits, void *arg,
		  uint64_t bits[static POSTINGS_WORDS])
{
	struct reading r = {.at = packed, .end = packed + len};
	int status = 0;

	while (status == 0 && r.at < r.end) {
		status = next_value(&r);
		if (status == 0)
			status = read_records(&r, r.value_len == CUT || fits(arg, r.value, r.value_len)
						      ? bits
						      : NULL);
	}
	return status;
}
