/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. Which database is open for which life, and what of a life is kept in it. A
 * database that saw an error while writing is closed with its transaction: the next try starts
 * from what the file says. */
#include "sidecar/node/store.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/node/chain.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/db.h"

struct store_db {
	struct db *db;
	struct life *life;
	struct chain chain;
	struct store_db *next;
};

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

static void close_life(struct store *s, struct life *l)
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
		close_life(s, s->open->life);
}

static void make_room(struct store *s)
{
	while (s->open_count >= STORE_OPEN_MAX) {
		struct store_db *last = s->open;

		while (last->next)
			last = last->next;
		close_life(s, last->life);
	}
}

/* The life's database, opened if need be, and first in the list. */
static int get(struct store *s, struct life *l, bool create)
{
	_free_ struct store_db *d = NULL;
	char path[PATH_MAX];
	int r;

	if (l->db) {
		detach(s, l->db);
		attach(s, l->db);
		return 0;
	}
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
	int r = get(s, l, true);

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
		close_life(s, l);
		set_aside(s, l);
		l->indexed_known = false;
		r = begin(s, l);
		if (r == 0)
			r = store_put_meta(l);
	}
	if (r < 0)
		close_life(s, l);
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
	chain_digest_event(&row, digest);
	r = chain_add(&l->db->chain, CHAIN_EVENT, row.seq, digest);
	return r < 0 ? r : 1;
}

int store_put_args(struct life *l, uint64_t seq, const void *data, size_t len)
{
	uint8_t digest[CRYPT_DIGEST];
	int r = db_put_args(l->db->db, seq, data, len);

	if (r <= 0)
		return r;
	chain_digest_bytes(data, len, digest);
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
	struct db *db = l->db->db;
	uint8_t digest[CRYPT_DIGEST];
	int r;

	if (!meta || !counters)
		return -ENOMEM;
	r = meta_to_json(&l->meta, meta);
	if (r < 0)
		return r;
	counters_to_json(&l->counters, counters);
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
	chain_digest_bytes(text, strlen(text), digest);
	return chain_add(&l->db->chain, CHAIN_RULES, version, digest);
}

int store_get_names(struct store *s, struct life *l, uint32_t version, char **ret)
{
	char key[32];
	int r = get(s, l, false);

	store_names_key(key, version);
	return r < 0 ? r : db_get_text(l->db->db, key, ret);
}

int store_cut(struct life *l, uint64_t from, uint64_t to, const char *why)
{
	uint8_t digest[CRYPT_DIGEST];
	int r = db_cut(l->db->db, from, to);

	if (r < 0)
		return r;
	chain_cut_write(to, why, digest);
	return chain_add(&l->db->chain, CHAIN_CUT, from, digest);
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
		close_life(s, l);
	else
		chain_advance(&l->db->chain, l->ended);
	return r;
}

void store_abort(struct store *s, struct life *l)
{
	close_life(s, l);
}

static int read_container(struct db *db, struct life **ret)
{
	_free_ char *text = NULL;
	_json_ struct json *j = NULL;
	struct meta meta = {};
	char error[256];
	int r = db_get_text(db, "container", &text);

	if (r == 0)
		r = json_parse(text, strlen(text), false, &j, error, sizeof(error));
	if (r == 0)
		r = meta_from_json(j, &meta, error, sizeof(error));
	if (r < 0)
		return r;
	*ret = life_new(&meta);
	meta_release(&meta);
	return *ret ? 0 : -ENOMEM;
}

static int read_counters(struct db *db, struct life *l)
{
	_free_ char *text = NULL;
	_json_ struct json *j = NULL;
	char error[256];
	int r = db_get_text(db, "counters", &text);

	if (r == 0)
		r = json_parse(text, strlen(text), false, &j, error, sizeof(error));
	if (r == 0)
		counters_from_json(j, &l->counters);
	return r;
}

static int read_state(struct db *db, struct life *l)
{
	_free_ char *state = NULL;
	uint64_t tai = 0;
	int r = db_get_text(db, "state", &state);

	if (r == 0)
		r = db_get_number(db, "ended_wall_ns", &l->ended_wall_ns);
	if (r == 0)
		r = db_get_number(db, "duplicates", &l->duplicates);
	if (r == 0)
		r = db_get_number(db, "refused", &l->refused);
	if (r == 0)
		r = db_get_number(db, "tai_offset_ns", &tai);
	if (r < 0)
		return r;
	l->tai_offset_ns = (int64_t)tai;
	l->ended = strcmp(state, "ended") == 0;
	return 0;
}

static int read_events(struct db *db, struct life *l)
{
	_free_ char *kind = NULL;
	_free_ uint8_t *record = NULL;
	size_t len;
	uint64_t seq = 0;
	int r = db_get_last(db, &seq, &kind);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	life_note(l, seq, counters_kind(kind));
	r = db_get_record(db, 0, &record, &len);
	if (r == 0)
		life_note(l, 0, RV_KIND_ARMED);
	return r == -ENOENT ? 0 : r;
}

static int load(struct store *s, const char *file, struct life **ret)
{
	_life_ struct life *l = NULL;
	char path[PATH_MAX];
	struct db *db = NULL;
	int r;

	snprintf(path, sizeof(path), "%s/%s", s->dir, file);
	r = db_open(path, false, &db);
	if (r == 0)
		r = read_container(db, &l);
	if (r == 0)
		r = read_counters(db, l);
	if (r == 0)
		r = read_state(db, l);
	if (r == 0)
		r = read_events(db, l);
	db_free(db);
	if (r < 0)
		return r;
	snprintf(l->file, sizeof(l->file), "%s", file);
	*ret = TAKE_PTR(l);
	return 0;
}

static bool is_database(const char *file)
{
	size_t len = strlen(file);

	return len > 3 && len < LIFE_FILE_MAX && strcmp(file + len - 3, ".db") == 0;
}

int store_load(struct store *s, struct lives *all)
{
	DIR *dir = opendir(s->dir);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		struct life *l = NULL;
		int r;

		if (!is_database(entry->d_name))
			continue;
		r = load(s, entry->d_name, &l);
		if (r < 0)
			log_err(r, "read store %s/%s (left as it is)", s->dir, entry->d_name);
		else
			lives_add(all, l);
	}
	closedir(dir);
	return 0;
}

int store_rows(struct store *s, struct life *l, uint64_t from)
{
	int r = get(s, l, false);

	return r < 0 ? r : db_rows(l->db->db, from, true);
}

int store_rows_back(struct store *s, struct life *l, uint64_t from)
{
	int r = get(s, l, false);

	return r < 0 ? r : db_rows_back(l->db->db, from);
}

int store_seqs(struct store *s, struct life *l, uint64_t from)
{
	int r = get(s, l, false);

	return r < 0 ? r : db_rows(l->db->db, from, false);
}

int store_next(struct life *l, struct store_row *ret)
{
	struct db_event row;
	int r = db_next(l->db->db, &row);

	if (r <= 0)
		return r;
	*ret = (struct store_row){row.seq, row.wall_ns, row.kind, row.record, row.record_len};
	return 1;
}

int store_db(struct store *s, struct life *l, struct db **ret)
{
	int r = get(s, l, false);

	if (r == 0)
		*ret = l->db->db;
	return r;
}

void store_end(struct life *l)
{
	if (l->db)
		db_end(l->db->db);
}

int store_get_record(struct store *s, struct life *l, uint64_t seq, uint8_t **ret, size_t *ret_len)
{
	int r = get(s, l, false);

	return r < 0 ? r : db_get_record(l->db->db, seq, ret, ret_len);
}

int store_get_args(struct store *s, struct life *l, uint64_t seq, uint8_t **ret, size_t *ret_len)
{
	int r = get(s, l, false);

	return r < 0 ? r : db_get_args(l->db->db, seq, ret, ret_len);
}

static uint64_t part_id(uint64_t part, unsigned term)
{
	return part * 16 + term;
}

int store_begin_parts(struct store *s, struct life *l)
{
	int r = get(s, l, false);

	if (r == 0)
		r = db_begin(l->db->db);
	if (r < 0)
		close_life(s, l);
	return r;
}

int store_put_part(struct life *l, uint64_t part, unsigned term, const void *data, size_t len)
{
	return db_put_part(l->db->db, part_id(part, term), data, len);
}

int store_drop_parts(struct life *l, uint64_t from)
{
	return db_drop_parts(l->db->db, part_id(from, 0));
}

int store_get_part(struct store *s, struct life *l, uint64_t part, unsigned term, uint8_t **ret,
		   size_t *ret_len)
{
	int r = get(s, l, false);

	return r < 0 ? r : db_get_part(l->db->db, part_id(part, term), ret, ret_len);
}

int store_parts_end(struct store *s, struct life *l, uint64_t *ret)
{
	uint64_t last;
	int r = get(s, l, false);

	if (r == 0)
		r = db_last_part(l->db->db, &last);
	if (r == 0)
		*ret = last / 16 + 1;
	else if (r == -ENOENT)
		*ret = 0;
	return r == -ENOENT ? 0 : r;
}
