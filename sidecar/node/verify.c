/* SPDX-License-Identifier: Apache-2.0 */
/* See verify.h. A link is genuine if the key that the link before names has signed it. Behind one
 * that is not, links can only be proven from behind: by an anchor or the seal, to which they lead.
 */
#include "sidecar/node/verify_inside.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"

#define WORK_PER_STEP 512  /* entries */
#define WORK_OF_LINK 16	   /* as much as checking one signature */
#define WORK_OF_BYTES 4096 /* an entry more for so many of them */

static void begin(struct verify *v)
{
	v->follows = true;
	v->trims_seen = v->life->trims;
}

int verify_new(struct store *s, struct life *l, const struct verify_anchor *anchors, unsigned n,
	       struct verify **ret)
{
	struct verify *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->store = s;
	v->life = l;
	begin(v);
	for (v->anchors_n = 0; v->anchors_n < n; v->anchors_n++)
		v->anchors[v->anchors_n] = anchors[v->anchors_n];
	*ret = v;
	return 0;
}

static void release(struct verify *v)
{
	db_link_release(&v->link);
	numbers_release(&v->events);
	numbers_release(&v->chained_args);
	numbers_release(&v->loose_events);
	numbers_release(&v->start_events);
	numbers_release(&v->gone);
	numbers_release(&v->gone_args);
	numbers_release(&v->absent);
	numbers_release(&v->absent_args);
	free(v->rules);
	free(v->heads);
}

void verify_free(struct verify *v)
{
	if (v)
		release(v);
	free(v);
}

/* Links have gone that it has seen, or was going to: all over again. */
static void restart(struct verify *v)
{
	struct verify fresh = {.store = v->store,
			       .db = v->db,
			       .life = v->life,
			       .every_links = v->every_links,
			       .every_entries = v->every_entries,
			       .anchors_n = v->anchors_n};

	memcpy(fresh.anchors, v->anchors, sizeof(fresh.anchors));
	release(v);
	*v = fresh;
	begin(v);
}

/* They stay unproven: nothing genuine will lead to them any more. */
static void give_up(struct verify *v, struct numbers *waiting)
{
	verify_find_all(v, FINDING_UNPROVEN, waiting);
	numbers_release(waiting);
}

static bool is_break(const struct db_link *l)
{
	return l->entries_len >= CHAIN_ENTRY_SIZE && l->entries[0] == CHAIN_BREAK;
}

static void check_anchors(struct verify *v)
{
	for (unsigned i = 0; i < v->anchors_n; i++) {
		if (v->anchors[i].links != v->links)
			continue;
		if (memcmp(v->anchors[i].head, v->head, CRYPT_HASH) != 0) {
			verify_find(v, FINDING_ANCHOR_DIFFERS, v->links);
		} else if (!v->forged) { /* and so all that it leads to */
			numbers_release(&v->loose_events);
			numbers_release(&v->start_events);
			v->loose = false;
			v->anchored = v->links;
		}
	}
}

/* What a new key says of a start is as good as what the old one would have said, if the seal fits; of what is behind
 * something forged it is not. */
static void lose(struct verify *v, bool key_alone)
{
	if (key_alone && v->loose_start) {
		v->start_events = v->loose_events;
		v->loose_events = (struct numbers){};
	}
	if (!key_alone)
		give_up(v, &v->start_events);
	give_up(v, &v->loose_events);
	v->loose = true;
	v->loose_start = false;
}

/* The first one there is. Its key is what it says, as that of a first link; and if links before it are
 * gone, it alone says what the head of the last of them was. */
static void begin_with(struct verify *v, const struct db_link *l)
{
	v->first_ns = l->wall_ns;
	memcpy(v->first_key, l->key, CRYPT_KEY);
	if (l->number == 1)
		return;
	v->trimmed = v->links = l->number - 1;
	memcpy(v->trimmed_head, l->previous, CRYPT_HASH);
	memcpy(v->head, l->previous, CRYPT_HASH);
	memcpy(v->next, l->key, CRYPT_KEY);
	v->loose = v->loose_start = true; /* until it says so */
}

static void check_link(struct verify *v, const struct db_link *l)
{
	uint8_t head[CRYPT_HASH];
	bool fits, key;

	chain_head(l, head);
	key = v->links == 0 || memcmp(l->key, v->next, CRYPT_KEY) == 0;
	fits = memcmp(l->previous, v->head, CRYPT_HASH) == 0 && (key || is_break(l));
	v->forged = !crypt_verify(l->key, head, l->signature) || (v->follows && !fits) ||
		    l->entries_len % CHAIN_ENTRY_SIZE != 0;
	if (is_break(l))
		verify_find(v, FINDING_BREAK, l->number);
	if (v->forged)
		verify_find(v, FINDING_LINK_FORGED, l->number);
	if (v->forged || is_break(l))
		lose(v, !v->forged);
	v->links = l->number;
	v->last_ns = l->wall_ns;
	v->follows = !v->forged;
	memcpy(v->head, head, CRYPT_HASH);
	memcpy(v->next, l->next, CRYPT_KEY);
	check_anchors(v);
}

/* The next link; 0: there is none. */
static int take_link(struct verify *v)
{
	int r = v->links < INT64_MAX ? db_get_link(v->db, v->links + 1, &v->link) : -ENOENT;

	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -EUCLEAN)
		return r;
	if (v->links == 0 && r == 0)
		begin_with(v, &v->link);
	if (v->link.number != v->links + 1) {
		findings_add(&v->findings, FINDING_LINK_REMOVED, v->links + 1, v->link.number - 1,
			     0);
		lose(v, false);
		v->follows = false;
	}
	v->done = 0;
	if (r == 0) {
		check_link(v, &v->link);
		r = verify_note_head(v, &v->link);
		return r < 0 ? r : 1;
	}
	verify_find(v, FINDING_LINK_FORGED, v->link.number);
	lose(v, false);
	v->links = v->link.number;
	v->follows = false;
	return 1;
}

/* A step's work. 1: there is more, 0: that was the last one. */
static int follow_links(struct verify *v)
{
	struct chain_entry e;
	int r = 1;

	v->read = 0;
	for (size_t n = 0; r > 0 && n + v->read / WORK_OF_BYTES < WORK_PER_STEP; n++) {
		if (!v->link.entries) {
			r = take_link(v);
			n += WORK_OF_LINK;
		} else if (v->link.entries_len - v->done < CHAIN_ENTRY_SIZE) {
			db_link_release(&v->link);
		} else {
			chain_entry_read(v->link.entries + v->done, &e);
			v->done += CHAIN_ENTRY_SIZE;
			r = verify_entry(v, &e);
			r = r < 0 ? r : 1;
		}
	}
	return r;
}

/* Rows that no link speaks of, one that has come meanwhile apart. 0: all are seen. */
static int look_for_added(struct verify *v, bool args)
{
	const struct numbers *known = args ? &v->chained_args : &v->events;
	enum finding_kind kind = v->late || !v->links ? FINDING_UNCHAINED
				 : args		      ? FINDING_ARGS_ADDED
						      : FINDING_ADDED;
	uint64_t seq;
	int r = 0;

	for (unsigned n = 0; n < WORK_PER_STEP; n++) {
		r = db_next_seq(v->db, args, v->at, &seq);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		if (!numbers_have(known, seq))
			r = follow_links(v);
		if (r != 0)
			return r;
		if (!numbers_have(known, seq))
			verify_find(v, kind, seq);
		if (seq == INT64_MAX)
			return 0;
		v->at = seq + 1;
	}
	return 1;
}

static const struct misfit *stored_as(const struct verify *v, const uint8_t *digest)
{
	static const uint8_t none[CRYPT_DIGEST];

	for (size_t i = 0; i < v->misfits_n && !verify_equal(digest, none); i++)
		if (verify_equal(v->misfits[i].stored, digest))
			return &v->misfits[i];
	return NULL;
}

static void tell_misfits(struct verify *v)
{
	for (size_t i = 0; i < v->misfits_n; i++) {
		const struct misfit *m = &v->misfits[i], *other = stored_as(v, m->found);
		struct db_event row;

		if (other)
			findings_add(&v->findings, FINDING_MOVED, m->seq, m->seq, other->seq);
		else if (db_get_event(v->db, m->seq, &row) != -ENOENT)
			verify_find(v, FINDING_ALTERED, m->seq);
	}
}

static int check_rules(struct verify *v)
{
	for (size_t i = 0; i < v->rules_n; i++) {
		uint8_t digest[CRYPT_DIGEST] = {};
		_free_ char *text = NULL;
		char key[32];
		int r;

		store_names_key(key, (uint32_t)v->rules[i].version);
		r = db_get_text(v->db, key, &text);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0)
			chain_digest_bytes(CHAIN_RULES, text, strlen(text), digest);
		if (!verify_equal(digest, v->rules[i].digest))
			verify_find(v, FINDING_RULES, v->rules[i].version);
	}
	return 0;
}

static int check_seal(struct verify *v)
{
	char path[PATH_MAX];
	struct seal s = {};
	struct crypt_key key;
	int r;

	if (!v->store->seals)
		return 0;
	store_seal_path(v->store, v->life, path, sizeof(path));
	r = seal_read(path, &s);
	if (v->links == 0 && r == -ENOENT) {
		verify_find(v, FINDING_NOT_CHAINED, 0);
		return 0;
	}
	if (r == -ENOENT || r == -EUCLEAN) {
		if (v->links == 0 || v->anchored != v->links) /* which says where the end is */
			verify_find(v, FINDING_SEAL_MISSING, 0);
		return 0;
	}
	if (r < 0)
		return r;
	if (s.links > v->links)
		findings_add(&v->findings, FINDING_LINK_CUT, v->links + 1, s.links, s.high);
	else
		r = chain_fits(v->db, &s, v->links, &key);
	if (r == 0 && s.links <= v->links)
		verify_find(v, FINDING_SEAL_DIFFERS, 0);
	v->sealed = r == 1 && v->links > 0;
	crypt_wipe(&s, sizeof(s));
	crypt_wipe(&key, sizeof(key));
	return r < 0 ? r : 0;
}

static void tell_anchors(struct verify *v)
{
	for (unsigned i = 0; i < v->anchors_n; i++)
		if (v->anchors[i].links > v->links)
			findings_add(&v->findings, FINDING_ANCHOR_CUT, v->links + 1,
				     v->anchors[i].links, 0);
		else if (v->anchors[i].links <= v->trimmed && !v->anchored)
			verify_find(v, FINDING_ANCHOR_TRIMMED, v->anchors[i].links);
}

/* In the step that has seen the last link: nothing comes between it and the seal. */
static int finish(struct verify *v)
{
	uint8_t meta[CRYPT_DIGEST];
	int r;

	verify_find_all(v, FINDING_REMOVED, &v->gone);
	verify_find_all(v, FINDING_ARGS_REMOVED, &v->gone_args);
	if (v->trimmed && !v->trim_told)
		findings_add(&v->findings, FINDING_LINK_REMOVED, 1, v->trimmed, 0);
	r = check_seal(v);
	if (r == 0)
		r = check_rules(v);
	if (r == 0 && v->has_meta)
		r = chain_digest_meta(v->db, meta);
	if (r < 0)
		return r;
	if (v->has_meta && !verify_equal(meta, v->meta))
		verify_find(v, FINDING_META, 0);
	tell_misfits(v);
	tell_anchors(v);
	if (!v->sealed || !v->trim_told)
		give_up(v, &v->start_events);
	if (!v->sealed) /* an anchor of the last link has left nothing to give up */
		give_up(v, &v->loose_events);
	return 0;
}

static int work(struct verify *v)
{
	int r;

	if (v->pass == PASS_LINKS)
		r = follow_links(v);
	else
		r = look_for_added(v, v->pass == PASS_ARGS);
	if (r != 0)
		return r;
	if (v->pass == PASS_ARGS) {
		r = follow_links(v);
		return r != 0 ? r : finish(v);
	}
	v->pass++;
	v->at = (uint64_t)INT64_MIN; /* numbers of SQLite, whoever put them there */
	return 1;
}

int verify_step(struct verify *v)
{
	int r = store_db(v->store, v->life, &v->db);

	if (r < 0)
		return r;
	if (v->trims_seen != v->life->trims)
		restart(v);
	r = work(v);
	store_end(v->life);
	return r;
}
