/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. Which database is open for which life, and what is written into it. A
 * database that saw an error while writing is closed with its transaction: the next try starts
 * from what the file says. */
#include "sidecar/node/store_inside.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"

void store_init(struct store *s, const char *dir, const char *seals)
{
	*s = (struct store){.dir = dir, .seals = seals};
}

static void detach(struct store *s, struct store_db *d)
{
	struct store_db **at = &s->open;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	s->open_count--;
}

static void attach(struct store *s, struct store_db *d)
{
	d->next = s->open;
	s->open = d;
	s->open_count++;
}

void store_close_life(struct store *s, struct life *l)
{
	struct store_db *d = l->db;

	if (!d)
		return;
	detach(s, d);
	l->db = NULL;
	chain_release(&d->chain);
	db_free(d->db);
	free(d);
}

void store_release(struct store *s)
{
	while (s->open)
		store_close_life(s, s->open->life);
}

void store_rest(struct store *s)
{
	for (struct store_db *d = s->open, *next; d; d = next) {
		next = d->next;
		if (d->life->ended)
			store_close_life(s, d->life);
	}
}

static void make_room(struct store *s)
{
	while (s->open_count >= STORE_OPEN_MAX) {
		struct store_db *last = s->open;

		while (last->next)
			last = last->next;
		store_close_life(s, last->life);
	}
}

int store_open_life(struct store *s, struct life *l, bool create)
{
	_free_ struct store_db *d = NULL;
	char path[PATH_MAX];
	int r;

	if (l->db) {
		detach(s, l->db);
		attach(s, l->db);
		return 0;
	}
	if (l->gone)
		return -ENOENT;
	make_room(s);
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/%s", s->dir, l->file);
	r = db_open(path, create, &d->db);
	if (r < 0)
		return r;
	d->life = l;
	d->chain.fd = -1;
	l->db = TAKE_PTR(d);
	attach(s, l->db);
	return 0;
}

/* Keeps a file SQLite can make no sense of under another name, so that recording goes on. */
static void set_aside(const struct store *s, const struct life *l)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char from[PATH_MAX], to[PATH_MAX];
	uint64_t now = util_wall_ns();

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(from, sizeof(from), "%s/%s%s", s->dir, l->file, parts[i]);
		snprintf(to, sizeof(to), "%s/%s.corrupt-%" PRIu64 "%s", s->dir, l->file, now,
			 parts[i]);
		if (rename(from, to) == 0 && i == 0)
			log_err(0, "store %s is damaged: kept as %s, a new one begins", from, to);
	}
}

void store_seal_path(const struct store *s, const struct life *l, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%.*s.seal", s->seals, (int)strlen(l->file) - 3, l->file);
}

static int begin(struct store *s, struct life *l)
{
	char seal[PATH_MAX];
	int r = store_open_life(s, l, true);

	if (r == 0)
		r = db_begin(l->db->db);
	if (r < 0)
		return r;
	if (!l->db->chain.ready)
		(void)util_mkdir_p(s->seals, 0700);
	store_seal_path(s, l, seal, sizeof(seal));
	return chain_begin(&l->db->chain, l->db->db, seal);
}

int store_begin(struct store *s, struct life *l)
{
	int r = l->spoilt ? -EUCLEAN : begin(s, l);

	l->spoilt = false;
	if (r == -EUCLEAN) {
		store_close_life(s, l);
		set_aside(s, l);
		l->indexed_known = false;
		l->cuts = (struct cuts){};
		l->cut_high = 0;
		r = begin(s, l);
		if (r == 0)
			r = store_put_meta(l);
	}
	if (r < 0)
		store_close_life(s, l);
	return r;
}

int store_put_event(struct life *l, const struct event *e, const uint8_t *data, int64_t wall_ns)
{
	struct db_event row = {
	    .seq = e->head.seq,
	    .kind = event_kind_name(e->head.kind),
	    .wall_ns = wall_ns,
	    .verdict = event_verdict_name(e->head.verdict),
	    .pid = e->head.pid,
	    .path = e->path,
	    .path_len = e->path_len,
	    .record = data,
	    .record_len = e->head.len,
	};
	uint8_t digest[CRYPT_DIGEST];
	int r = db_put_event(l->db->db, &row);

	if (r <= 0)
		return r;
	chain_digest_event(CHAIN_EVENT, &row, digest);
	r = chain_add(&l->db->chain, CHAIN_EVENT, row.seq, digest);
	return r < 0 ? r : 1;
}

int store_put_args(struct life *l, uint64_t seq, const void *data, size_t len)
{
	uint8_t digest[CRYPT_DIGEST];
	int r = db_put_args(l->db->db, seq, data, len);

	if (r <= 0)
		return r;
	chain_digest_bytes(CHAIN_ARGS, data, len, digest);
	return chain_add(&l->db->chain, CHAIN_ARGS, seq, digest);
}

static int put_object(struct db *db, const char *key, struct json_out *o)
{
	const char *text;
	size_t len;
	int r = json_out_text(o, &text, &len);

	return r < 0 ? r : db_put_text(db, key, text);
}

int store_put_meta(struct life *l)
{
	_json_out_ struct json_out *meta = json_out_new(), *counters = json_out_new();
	_json_out_ struct json_out *cuts = json_out_new();
	struct db *db = l->db->db;
	uint8_t digest[CRYPT_DIGEST];
	int r;

	if (!meta || !counters || !cuts)
		return -ENOMEM;
	r = meta_to_json(&l->meta, meta);
	if (r < 0)
		return r;
	counters_to_json(&l->counters, counters);
	cuts_to_json(&l->cuts, cuts);
	r = put_object(db, "container", meta);
	if (r == 0)
		r = put_object(db, "counters", counters);
	if (r == 0)
		r = db_put_text(db, "state", l->ended ? "ended" : "running");
	if (r == 0)
		r = db_put_number(db, "ended_wall_ns", l->ended_wall_ns);
	if (r == 0)
		r = db_put_number(db, "duplicates", l->duplicates);
	if (r == 0)
		r = db_put_number(db, "refused", l->refused);
	if (r == 0)
		r = db_put_number(db, "tai_offset_ns", (uint64_t)l->tai_offset_ns);
	if (r == 0 && cuts_any(&l->cuts))
		r = put_object(db, "cuts", cuts);
	if (r == 0)
		r = chain_digest_meta(db, digest);
	return r < 0 ? r : chain_add(&l->db->chain, CHAIN_META, l->ended, digest);
}

void store_names_key(char ret[static 32], uint32_t version)
{
	snprintf(ret, 32, "rules-%08" PRIx32, version);
}

int store_put_names(struct life *l, uint32_t version, const char *text)
{
	uint8_t digest[CRYPT_DIGEST];
	char key[32];
	int r;

	store_names_key(key, version);
	r = db_put_text(l->db->db, key, text);
	if (r < 0)
		return r;
	chain_digest_bytes(CHAIN_RULES, text, strlen(text), digest);
	return chain_add(&l->db->chain, CHAIN_RULES, version, digest);
}

int store_put_end(struct store *s, struct life *l)
{
	int r;

	life_end(l);
	r = store_begin(s, l);
	if (r == 0) {
		r = store_put_meta(l);
		if (r < 0)
			store_abort(s, l);
		else
			r = store_commit(s, l);
	}
	if (r < 0)
		l->ended = false;
	return r;
}

int store_commit(struct store *s, struct life *l)
{
	uint64_t began = util_now_ns();
	int r = chain_link(&l->db->chain, l->db->db);

	if (r == 0)
		r = db_commit(l->db->db);
	counts_commit(&s->counts, r, util_now_ns() - began);
	if (r < 0)
		store_close_life(s, l);
	else
		chain_advance(&l->db->chain, l->ended);
	return r;
}

void store_abort(struct store *s, struct life *l)
{
	store_close_life(s, l);
}
