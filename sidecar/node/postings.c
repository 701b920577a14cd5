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

static uint8_t *put_u32(uint8_t *at, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		*at++ = (uint8_t)(n >> (8 * i));
	return at;
}

static uint32_t get_u32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int postings_pack(struct postings *p, uint8_t **ret, size_t *ret_len)
{
	_free_ struct value **sorted = calloc(p->values_n + 1, sizeof(struct value *));
	_free_ uint8_t *packed = NULL;
	struct value *before = NULL;
	size_t n = 0, size = 4;
	uint8_t *at, *starts;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct value *v = p->buckets[i]; v; v = v->next) {
			sorted[n++] = v;
			size += 4 + v->len + BITMAP_SIZE + 4;
		}
	}
	qsort(sorted, n, sizeof(*sorted), by_bytes);
	at = packed = malloc(size);
	if (!packed)
		return -ENOMEM;
	starts = packed + size - 4 * n; /* for now */
	for (size_t i = 0; i < n; i++) {
		struct value *v = sorted[i];
		size_t same = i % POSTINGS_STRIDE ? shared(before, v) : 0;

		if (i % POSTINGS_STRIDE == 0)
			put_u32(starts + i / POSTINGS_STRIDE * 4, (uint32_t)(at - packed));

		*at++ = (uint8_t)same;
		*at++ = (uint8_t)(v->len - same);
		memcpy(at, v->bytes + same, v->len - same);
		at += v->len - same;
		at = put_records(at, v);
		before = v;
	}
	n = (n + POSTINGS_STRIDE - 1) / POSTINGS_STRIDE;
	memmove(at, starts, 4 * n);
	at = put_u32(at + 4 * n, (uint32_t)n);
	*ret_len = (size_t)(at - packed);
	*ret = TAKE_PTR(packed);
	return 0;
}

struct reading {
	const uint8_t *at, *end;
	uint8_t value[CUT];
	size_t value_len;
	size_t same; /* bytes the value has of the prefix */
	unsigned count;
	bool bitmap;
};

/* The values stand in order: those behind the prefix are behind it for good. 0: the value has the prefix,
 * < 0: it comes before, > 0: behind. shared: what it has of the value before. */
static int compare_prefix(struct reading *r, size_t shared, const struct postings_wanted *w)
{
	size_t most = r->value_len < w->prefix_len ? r->value_len : w->prefix_len;

	if (shared > r->same)
		shared = r->same;
	r->same = shared;
	while (r->same < most && r->value[r->same] == (uint8_t)w->prefix[r->same])
		r->same++;
	if (r->same == w->prefix_len)
		return 0;
	if (r->same == r->value_len)
		return -1;
	return r->value[r->same] < (uint8_t)w->prefix[r->same] ? -1 : 1;
}

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

/* Goes to the last of the values that share nothing that comes before the prefix; else to the first. */
static int seek(struct reading *r, const struct postings_wanted *w)
{
	size_t len = (size_t)(r->end - r->at), low = 0, high;
	const uint8_t *starts, *begin = r->at;

	if (len < 4)
		return -EBADMSG;
	high = get_u32(r->end - 4);
	if (high > (len - 4) / 4)
		return -EBADMSG;
	starts = r->end - 4 - 4 * high;
	r->end = starts;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		uint32_t offset = get_u32(starts + 4 * middle);
		struct reading m = {.at = begin + offset, .end = starts};

		if (offset >= (size_t)(starts - begin))
			return -EBADMSG;
		if (next_value(&m) < 0)
			return -EBADMSG;
		if (compare_prefix(&m, 0, w) < 0)
			low = middle;
		else
			high = middle;
	}
	if (high > low) {
		uint32_t offset = get_u32(starts + 4 * low);

		if (offset > (size_t)(starts - begin))
			return -EBADMSG;
		r->at = begin + offset;
	}
	return 0;
}

int postings_find(const uint8_t *packed, size_t len, const struct postings_wanted *wanted,
		  uint64_t bits[static POSTINGS_WORDS])
{
	struct reading r = {.at = packed, .end = packed + len};
	int status = seek(&r, wanted);

	while (status == 0 && r.at < r.end) {
		size_t shared = r.at[0];
		int order;
		bool fits;

		status = next_value(&r);
		if (status < 0)
			return status;
		order = compare_prefix(&r, shared, wanted);
		if (order > 0)
			return 0;
		fits = order == 0 && (r.value_len == CUT || wanted->fits(wanted->arg, r.value, r.value_len));
		status = read_records(&r, fits ? bits : NULL);
	}
	return status;
}
