/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. A chain's oldest links go once retention has been at all the records they speak of: those
 * that are cut are nobody's proof any more, and what is still there is said again. */
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/store_inside.h"

#define LINK_BYTES 250 /* beside its entries */

/* What the table of cuts says of numbers that come in order, as a rule. */
struct look {
	bool known;
	uint64_t asked, from, to; /* from the number asked for on, the first cut */
};

static int was_cut(struct db *db, struct look *k, uint64_t id)
{
	int r = 0;

	if (!k->known || id < k->asked || id > k->to) {
		*k = (struct look){.known = true, .asked = id, .from = UINT64_MAX, .to = UINT64_MAX};
		r = db_get_cut(db, id, &k->from, &k->to);
	}
	return r < 0 && r != -ENOENT ? r : id >= k->from;
}

static bool is_behind(const struct life *l, const struct db_link *link)
{
	struct chain_entry e;

	for (size_t at = 0; at + CHAIN_ENTRY_SIZE <= link->entries_len; at += CHAIN_ENTRY_SIZE) {
		chain_entry_read(link->entries + at, &e);
		if (chain_is_record(&e) && e.id >= l->cuts.below[CLASS_ACTS])
			return false;
	}
	return true;
}

static int carry(struct life *l, const struct db_link *link, struct look *k)
{
	static const uint8_t none[CRYPT_DIGEST];
	struct chain *c = &l->db->chain;
	struct chain_entry e;
	int r = 0;

	for (size_t at = 0; r >= 0 && at + CHAIN_ENTRY_SIZE <= link->entries_len;
	     at += CHAIN_ENTRY_SIZE) {
		const uint8_t *entry = link->entries + at;

		chain_entry_read(entry, &e);
		if (e.type == CHAIN_BREAK)
			r = chain_add(c, CHAIN_BROKEN, link->number, none);
		else if (e.type == CHAIN_RULES || e.type == CHAIN_LATE || e.type == CHAIN_BROKEN)
			r = chain_carry(c, entry);
		else if (chain_is_record(&e) && (r = was_cut(l->db->db, k, e.id)) == 0)
			r = chain_carry(c, entry);
	}
	return r < 0 ? r : 0;
}

/* Whether the links up to that one are those whose head it is, and may go. */
static int check(struct life *l, uint64_t to, const uint8_t trusted[static CRYPT_HASH])
{
	uint8_t head[CRYPT_HASH] = {};
	struct db_link link = {};
	uint64_t number = 0;
	int r = 1;

	while (r == 1 && number < to) {
		r = db_get_link(l->db->db, number + 1, &link);
		if (r == -ENOENT || r == -EUCLEAN)
			r = -EBADMSG;
		else if (r == 0 && number &&
			 (link.number != number + 1 || memcmp(link.previous, head, CRYPT_HASH) != 0))
			r = -EBADMSG;
		else if (r == 0)
			r = is_behind(l, &link);
		number = link.number;
		chain_head(&link, head);
		db_link_release(&link);
	}
	if (r == 1 && (number != to || memcmp(head, trusted, CRYPT_HASH) != 0))
		r = -EBADMSG;
	return r;
}

static int trim(struct life *l, uint64_t to, const uint8_t head[static CRYPT_HASH])
{
	struct db_link link = {};
	struct look look = {};
	uint64_t number = 0;
	int r = check(l, to, head);

	if (r != 1)
		return r;
	r = chain_add(&l->db->chain, CHAIN_TRIM, to, head);
	while (r == 0 && number < to) {
		r = db_get_link(l->db->db, number + 1, &link);
		if (r == 0)
			r = carry(l, &link, &look);
		number = link.number;
		db_link_release(&link);
	}
	if (r == 0)
		r = db_drop_links(l->db->db, to);
	if (r == 0)
		r = chain_settle(&l->db->chain);
	if (r == 0)
		r = store_put_meta(l);
	return r < 0 ? r : 1;
}

int store_trim(struct store *s, struct life *l, uint64_t to, const uint8_t head[static CRYPT_HASH])
{
	int r = store_begin(s, l);

	if (r < 0)
		return r;
	r = l->ended || to >= l->db->chain.now.links ? 0 : trim(l, to, head);
	if (r != 1) {
		store_abort(s, l);
		return r;
	}
	r = store_commit(s, l);
	return r < 0 ? r : 1;
}

int store_chain_bytes(struct store *s, struct life *l, uint64_t *ret)
{
	uint64_t links = 0, records = 0;
	int r = store_open_life(s, l, false);

	if (r == 0)
		r = db_chain_span(l->db->db, &links, &records);
	*ret = links * LINK_BYTES + records * CHAIN_ENTRY_SIZE;
	return r;
}
