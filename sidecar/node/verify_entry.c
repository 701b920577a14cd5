/* SPDX-License-Identifier: Apache-2.0 */
/* See verify.h: what a link says was stored, entry by entry, beside what is there. */
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/verify_inside.h"

void verify_find(struct verify *v, enum finding_kind kind, uint64_t number)
{
	findings_add(&v->findings, kind, number, number, 0);
}

void verify_find_all(struct verify *v, enum finding_kind kind, const struct numbers *s)
{
	for (size_t i = 0; i < s->n; i++)
		findings_add(&v->findings, kind, s->of[i].from, s->of[i].to, 0);
}

bool verify_equal(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, CRYPT_DIGEST) == 0;
}

static int check_event(struct verify *v, const struct chain_entry *e)
{
	uint8_t digest[CRYPT_DIGEST] = {};
	struct db_event row = {};
	int r = db_get_event(v->db, e->id, &row);

	if (r == 0) {
		chain_digest_event(e->type, &row, digest);
		v->read += row.record_len;
		v->closed |= strcmp(row.kind, "close") == 0 && verify_equal(digest, e->digest);
	}
	if (v->over)
		verify_find(v, FINDING_AFTER_END, e->id);
	if (r == 0 && verify_equal(digest, e->digest))
		return 0;
	if (r < 0 && r != -EUCLEAN && r != -ENOENT)
		return r;
	if (v->misfits_n < VERIFY_MISFITS_MAX) {
		struct misfit *m = &v->misfits[v->misfits_n++];

		m->seq = e->id;
		memcpy(m->stored, e->digest, CRYPT_DIGEST);
		memcpy(m->found, digest, CRYPT_DIGEST);
	} else if (r != -ENOENT) {
		verify_find(v, FINDING_ALTERED, e->id);
	}
	if (r != -ENOENT)
		return 0;
	r = numbers_add(&v->gone, e->id);
	return r < 0 ? r : verify_note_absent(v, e);
}

static int check_args(struct verify *v, const struct chain_entry *e)
{
	uint8_t digest[CRYPT_DIGEST];
	_free_ uint8_t *data = NULL;
	size_t len;
	int r = db_get_args(v->db, e->id, &data, &len);

	v->args++;
	if (r == -ENOENT) {
		r = numbers_add(&v->gone_args, e->id);
		return r < 0 ? r : verify_note_absent(v, e);
	}
	if (r < 0)
		return r;
	chain_digest_bytes(e->type, data, len, digest);
	v->read += len;
	if (!verify_equal(digest, e->digest))
		verify_find(v, FINDING_ARGS_ALTERED, e->id);
	return 0;
}

/* The last word on a version counts. */
static int note_rules(struct verify *v, const struct chain_entry *e)
{
	struct verify_rules *grown;
	size_t i = 0;

	while (i < v->rules_n && v->rules[i].version != e->id)
		i++;
	if (i == VERIFY_RULES_MAX || (i < v->rules_n && v->trim_link == v->links))
		return 0; /* the last one: what is said again is older */
	if (i == v->rules_n) {
		grown = realloc(v->rules, (i + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		v->rules = grown;
		v->rules_n++;
	}
	v->rules[i].version = e->id;
	v->rules[i].link = v->links;
	memcpy(v->rules[i].digest, e->digest, CRYPT_DIGEST);
	return 0;
}

/* What was stored before it and lies in it may be gone. */
static int note_cut(struct verify *v, const struct chain_entry *e)
{
	struct verify_cut c = {.link = v->links, .from = e->id, .wall_ns = v->last_ns};
	int r;

	chain_cut_read(e->digest, &c.to, c.why);
	if (v->cuts_n == VERIFY_CUTS_MAX)
		memmove(v->cuts, v->cuts + 1, --v->cuts_n * sizeof(c));
	v->cuts[v->cuts_n++] = c;
	/* What taking a range out may move, as work. */
	v->read += (numbers_behind(&v->gone, c.from) + numbers_behind(&v->gone_args, c.from)) * 2;
	r = numbers_remove(&v->gone, c.from, c.to);
	return r < 0 ? r : numbers_remove(&v->gone_args, c.from, c.to);
}

/* What is missing here, said by a link to which those behind it lead: so these are what they should be. */
static void note_trim(struct verify *v, const struct chain_entry *e)
{
	v->trim_link = v->links;
	if (e->id != v->trimmed || !verify_equal(e->digest, v->trimmed_head))
		return;
	v->trim_told = true;
	v->trim_ns = v->last_ns;
	if (!v->loose_start)
		return;
	v->loose = v->loose_start = false;
	numbers_release(&v->loose_events);
}

int verify_entry(struct verify *v, const struct chain_entry *e)
{
	int r;

	switch (e->type) {
	case CHAIN_EVENT_SHA:
	case CHAIN_EVENT:
		v->records++;
		r = numbers_add(&v->events, e->id);
		if (r == 0 && v->loose && !v->forged)
			r = numbers_add(&v->loose_events, e->id);
		if (r == 0 && v->forged)
			verify_find(v, FINDING_UNPROVEN, e->id);
		return r < 0 || v->forged ? r : check_event(v, e);
	case CHAIN_ARGS_SHA:
	case CHAIN_ARGS:
		r = numbers_add(&v->chained_args, e->id);
		return r < 0 || v->forged ? r : check_args(v, e);
	case CHAIN_META:
		memcpy(v->meta, e->digest, CRYPT_DIGEST);
		v->has_meta = true;
		v->over |= v->closed && e->id;
		return 0;
	case CHAIN_RULES:
		return note_rules(v, e);
	case CHAIN_LATE:
		v->late |= v->links == 1 || v->links == v->trim_link;
		return 0;
	case CHAIN_TRIM:
		if (!v->forged)
			note_trim(v, e);
		return 0;
	case CHAIN_BROKEN:
		if (!v->forged && v->links == v->trim_link)
			verify_find(v, FINDING_BREAK, e->id);
		return 0;
	case CHAIN_CUT:
		return v->forged ? 0 : note_cut(v, e);
	default:
		return 0;
	}
}
