/* SPDX-License-Identifier: Apache-2.0 */
/* See chain.h. The seal is written after the commit, so it can be behind the chain and never
 * ahead: behind, its seed leads to the key that the last link names. Anything else is a break, and
 * the chain says so itself: what was written before it stays provable. */
#include "sidecar/node/chain.h"
#include <endian.h>
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"

#define BEHIND_MAX 50000ull /* links a seal may be behind: a quarter of an hour, caught up with in seconds */

static const char *const meta_keys[] = {"container",  "counters", "state",	  "ended_wall_ns",
					"duplicates", "refused",  "tai_offset_ns", "cuts"};
#define META_KEYS_ALWAYS 7 /* those behind count where there is such a row */

static void digest(enum chain_type type, const struct crypt_part *parts, unsigned n, uint8_t *ret)
{
	if (type == CHAIN_EVENT || type == CHAIN_ARGS)
		crypt_digest(parts, n, ret);
	else
		crypt_hash(parts, n, ret, CRYPT_DIGEST);
}

void chain_digest_event(enum chain_type type, const struct db_event *e, uint8_t ret[static CRYPT_DIGEST])
{
	size_t kind_len = strlen(e->kind), verdict_len = strlen(e->verdict);
	const uint64_t head[] = {
	    htole64((uint64_t)e->wall_ns), htole64(e->pid),	 htole64(kind_len),
	    htole64(verdict_len),	   htole64(e->path_len), htole64(e->record_len)};
	const struct crypt_part parts[] = {{head, sizeof(head)},
					   {e->kind, kind_len},
					   {e->verdict, verdict_len},
					   {e->path, e->path_len},
					   {e->record, e->record_len}};

	digest(type, parts, ARRAY_SIZE(parts), ret);
}

void chain_digest_bytes(enum chain_type type, const void *data, size_t len,
			uint8_t ret[static CRYPT_DIGEST])
{
	const struct crypt_part part = {data, len};

	digest(type, &part, 1, ret);
}

int chain_digest_meta(struct db *db, uint8_t ret[static CRYPT_DIGEST])
{
	struct crypt_part parts[2 * ARRAY_SIZE(meta_keys)] = {};
	char *texts[ARRAY_SIZE(meta_keys)] = {};
	uint64_t lengths[ARRAY_SIZE(meta_keys)] = {};
	unsigned n = 0;
	int r = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(meta_keys) && r == 0; i++) {
		size_t len;

		r = db_get_text(db, meta_keys[i], &texts[i]);
		if (r == -ENOENT && i >= META_KEYS_ALWAYS) {
			r = 0;
			break;
		}
		if (r == -ENOENT) /* told from an empty one */
			lengths[i] = UINT64_MAX;
		r = r == -ENOENT ? 0 : r;
		len = texts[i] ? strlen(texts[i]) : 0;
		if (texts[i])
			lengths[i] = htole64(len);
		parts[n++] = (struct crypt_part){&lengths[i], sizeof(lengths[i])};
		parts[n++] = (struct crypt_part){texts[i] ? texts[i] : "", len};
	}
	if (r == 0)
		digest(CHAIN_META, parts, n, ret);
	for (unsigned i = 0; i < ARRAY_SIZE(meta_keys); i++)
		free(texts[i]);
	return r;
}

void chain_head(const struct db_link *l, uint8_t ret[static CRYPT_HASH])
{
	static const char label[] = "reeve chain, link 1";
	const uint64_t numbers[] = {htole64(l->number), htole64((uint64_t)l->wall_ns),
				    htole64(l->records), htole64(l->entries_len)};
	const struct crypt_part parts[] = {{label, sizeof(label)},    {numbers, sizeof(numbers)},
					   {l->key, CRYPT_KEY},	      {l->next, CRYPT_KEY},
					   {l->previous, CRYPT_HASH}, {l->entries, l->entries_len}};

	crypt_hash(parts, ARRAY_SIZE(parts), ret, CRYPT_HASH);
}

void chain_entry_read(const uint8_t *data, struct chain_entry *ret)
{
	uint64_t id;

	ret->type = data[0];
	memcpy(&id, data + 1, sizeof(id));
	ret->id = le64toh(id);
	memcpy(ret->digest, data + 9, CRYPT_DIGEST);
}

void chain_cut_write(uint64_t to, const char *why, uint8_t ret[static CRYPT_DIGEST])
{
	uint64_t to_le = htole64(to);

	memset(ret, 0, CRYPT_DIGEST);
	memcpy(ret, &to_le, sizeof(to_le));
	memcpy(ret + sizeof(to_le), why, strnlen(why, CHAIN_WHY_MAX));
}

void chain_cut_read(const uint8_t d[static CRYPT_DIGEST], uint64_t *ret_to,
		    char ret_why[static CHAIN_WHY_MAX + 1])
{
	uint64_t to;

	memcpy(&to, d, sizeof(to));
	*ret_to = le64toh(to);
	memcpy(ret_why, d + sizeof(to), CHAIN_WHY_MAX);
	ret_why[CHAIN_WHY_MAX] = '\0';
}

bool chain_is_record(const struct chain_entry *e)
{
	return e->type == CHAIN_EVENT || e->type == CHAIN_ARGS || e->type == CHAIN_EVENT_SHA ||
	       e->type == CHAIN_ARGS_SHA;
}

int chain_carry(struct chain *c, const uint8_t entry[static CHAIN_ENTRY_SIZE])
{
	if (c->size - c->len < CHAIN_ENTRY_SIZE) {
		size_t size = c->size ? c->size * 2 : 64 * CHAIN_ENTRY_SIZE;
		uint8_t *grown = realloc(c->entries, size);

		if (!grown)
			return -ENOMEM;
		c->entries = grown;
		c->size = size;
	}
	memcpy(c->entries + c->len, entry, CHAIN_ENTRY_SIZE);
	c->len += CHAIN_ENTRY_SIZE;
	return 0;
}

int chain_add(struct chain *c, enum chain_type type, uint64_t id,
	      const uint8_t d[static CRYPT_DIGEST])
{
	uint8_t entry[CHAIN_ENTRY_SIZE] = {(uint8_t)type};
	uint64_t id_le = htole64(id);
	int r;

	memcpy(entry + 1, &id_le, sizeof(id_le));
	memcpy(entry + 9, d, CRYPT_DIGEST);
	r = chain_carry(c, entry);
	if (r == 0 && type == CHAIN_EVENT) {
		c->then.records++;
		c->then.high = id > c->then.high ? id : c->then.high;
	}
	return r;
}

int chain_settle(struct chain *c)
{
	int r = seal_put(c->fd, &c->now, true);

	if (r == 0)
		c->synced_ns = util_now_ns();
	return r;
}

static int add_mark(struct chain *c, enum chain_type type, uint64_t id)
{
	static const uint8_t none[CRYPT_DIGEST];

	return chain_add(c, type, id, none);
}

/* One link, by number. 1: it is there, 0: it is not, or is no link. */
static int take_link(struct db *db, uint64_t number, struct db_link *ret)
{
	int r = db_get_link(db, number, ret);

	if (r == -ENOENT || r == -EUCLEAN)
		return 0;
	return r < 0 ? r : ret->number == number;
}

static bool made_by(const struct db_link *l, const struct crypt_key *key, const struct seal *s,
		    uint8_t ret_head[static CRYPT_HASH])
{
	chain_head(l, ret_head);
	return memcmp(l->key, key->public, CRYPT_KEY) == 0 &&
	       memcmp(l->previous, s->head, CRYPT_HASH) == 0 &&
	       crypt_verify(l->key, ret_head, l->signature);
}

/* The link behind those the seal knows of: it then knows of it, and *key is that of the next one. */
static int catch_up(struct db *db, struct seal *s, struct crypt_key *key)
{
	uint8_t head[CRYPT_HASH];
	struct db_link l = {};
	int r = take_link(db, s->links + 1, &l);

	if (r == 1)
		r = made_by(&l, key, s, head);
	if (r == 1) {
		s->links++;
		s->records = l.records;
		memcpy(s->head, head, CRYPT_HASH);
		crypt_next(s->seed);
		crypt_key_of(s->seed, key);
		r = memcmp(l.next, key->public, CRYPT_KEY) == 0;
	}
	db_link_release(&l);
	return r;
}

/* Of the last link the seal knows of. A link behind it proves that the key is the next one's by having been made by
 * it; after a lost key, that is no key that any link names. */
static int head_fits(struct db *db, const struct seal *s, uint64_t links, const struct crypt_key *key)
{
	uint8_t head[CRYPT_HASH];
	struct db_link l = {};
	int r = take_link(db, s->links, &l);

	if (r == 1) {
		chain_head(&l, head);
		r = memcmp(head, s->head, CRYPT_HASH) == 0 &&
		    (s->links < links || memcmp(l.next, key->public, CRYPT_KEY) == 0);
	}
	db_link_release(&l);
	return r;
}

int chain_fits(struct db *db, struct seal *s, uint64_t links, struct crypt_key *ret)
{
	int r = 1;

	if (s->links > links || links - s->links > BEHIND_MAX)
		return 0;
	crypt_key_of(s->seed, ret);
	if (s->links > 0)
		r = head_fits(db, s, links, ret);
	while (r == 1 && s->links < links)
		r = catch_up(db, s, ret);
	return r;
}

/* A key from nothing. */
static int begin_anew(struct chain *c, const char *path)
{
	crypt_random(c->now.seed, sizeof(c->now.seed));
	crypt_key_of(c->now.seed, &c->key);
	util_close_p(&c->fd);
	c->fd = -1;
	return seal_make(path, &c->now, &c->fd);
}

static int mark_late(struct chain *c, struct db *db)
{
	uint64_t events;
	int r = db_count_events(db, &events);

	return r < 0 || events == 0 ? r : add_mark(c, CHAIN_LATE, events);
}

static int begin(struct chain *c, struct db *db, const char *path, const struct db_link *last)
{
	struct seal s = {};
	int r, sealed = seal_open(path, &s, &c->fd);
	uint64_t known = sealed == 0 ? s.links : CHAIN_NO_SEAL;
	bool fresh = last->number == 0 && (sealed == -ENOENT || known == 0);
	int fits = sealed == 0 ? chain_fits(db, &s, last->number, &c->key) : 0;

	if (sealed < 0 && sealed != -ENOENT && sealed != -EUCLEAN)
		return sealed;
	if (fits < 0)
		return fits;
	c->now = s;
	crypt_wipe(&s, sizeof(s));
	c->now.links = last->number;
	c->now.records = last->records;
	if (last->number)
		chain_head(last, c->now.head);
	r = fits ? 0 : begin_anew(c, path);
	c->then = c->now;
	if (r == 0 && fresh)
		return mark_late(c, db);
	return r < 0 || fits ? r : add_mark(c, CHAIN_BREAK, known);
}

int chain_begin(struct chain *c, struct db *db, const char *seal_path)
{
	struct db_link last = {};
	uint64_t number = 0;
	int r;

	if (c->ready)
		return 0;
	*c = (struct chain){.fd = -1, .synced_ns = util_now_ns()};
	r = db_chain_make(db);
	if (r == 0)
		r = db_last_link(db, &number);
	if (r == 0 && number)
		r = db_get_link(db, number, &last);
	/* One that somebody has spoilt names no key: a break, and no reason to stop recording. Where none can be
	 * read, or none can follow, it is the file that is spoilt. */
	if ((r == -EUCLEAN && !last.number) || (r == 0 && number >= INT64_MAX))
		r = -EUCLEAN;
	else if (r == 0 || r == -EUCLEAN)
		r = begin(c, db, seal_path, &last);
	db_link_release(&last);
	c->ready = r == 0;
	return r;
}

int chain_link(struct chain *c, struct db *db)
{
	struct db_link link = {
	    .number = c->now.links + 1,
	    .wall_ns = (int64_t)util_wall_ns(),
	    .records = c->then.records,
	    .entries = c->entries,
	    .entries_len = c->len,
	};

	if (c->len == 0)
		return 0;
	c->then.links = link.number;
	memcpy(c->then.seed, c->now.seed, CRYPT_SEED);
	crypt_next(c->then.seed);
	crypt_key_of(c->then.seed, &c->next);
	memcpy(link.key, c->key.public, CRYPT_KEY);
	memcpy(link.next, c->next.public, CRYPT_KEY);
	memcpy(link.previous, c->now.head, CRYPT_HASH);
	chain_head(&link, c->then.head);
	crypt_sign(&c->key, c->then.head, link.signature);
	return db_put_link(db, &link);
}

/* The seal that cannot be written is only behind. */
void chain_advance(struct chain *c, bool sync)
{
	uint64_t now = util_now_ns();

	if (c->len == 0)
		return;
	sync |= now - c->synced_ns >= SEAL_SYNC_NS;
	c->now = c->then;
	c->key = c->next;
	crypt_wipe(&c->next, sizeof(c->next));
	c->len = 0;
	if (seal_put(c->fd, &c->now, sync) == 0 && sync)
		c->synced_ns = now;
}

void chain_release(struct chain *c)
{
	util_close_p(&c->fd);
	free(c->entries);
	crypt_wipe(c, sizeof(*c));
	c->fd = -1;
}
