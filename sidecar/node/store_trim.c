/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. A chain's oldest links go once retention has been at all the records they speak of: those
 * that are cut are nobody's proof any more, and what is still there is said again. */
#include <errno.h>
#include <string.h>
#include "sidecar/node/store_inside.h"
#include "sidecar/node/verify.h"

#define LINK_BYTES 250 /* beside its entries */
#define PAGE 4096

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

static int carry(struct life *l, const struct verify *v, const struct db_link *link)
{
	static const uint8_t none[CRYPT_DIGEST];
	struct chain *c = &l->db->chain;
	struct chain_entry e;
	int r = 0;

	for (size_t at = 0; r == 0 && at + CHAIN_ENTRY_SIZE <= link->entries_len;
	     at += CHAIN_ENTRY_SIZE) {
		chain_entry_read(link->entries + at, &e);
		if (!verify_needs(v, link->number, &e))
			continue;
		r = e.type == CHAIN_BREAK ? chain_add(c, CHAIN_BROKEN, link->number, none)
					  : chain_carry(c, link->entries + at);
	}
	return r;
}

/* The link behind that one: whether it is the one that was followed, and may go. Then what it proves is said
 * again, and at is on it. */
static int take_over(struct life *l, const struct verify *v, struct verify_head *at)
{
	struct db_link link = {};
	int r = db_get_link(l->db->db, at->link + 1, &link);

	if (r == -ENOENT || r == -EUCLEAN ||
	    (r == 0 && (link.number != at->link + 1 ||
			memcmp(link.previous, at->head, CRYPT_HASH) != 0)))
		r = -EBADMSG;
	if (r == 0)
		r = is_behind(l, &link);
	if (r == 1) {
		at->link++;
		chain_head(&link, at->head);
		r = carry(l, v, &link);
		r = r < 0 ? r : 1;
	}
	db_link_release(&link);
	return r;
}

/* In a transaction, which is given up for anything but 1. */
static int trim(struct life *l, const struct verify *v, const struct verify_head *from,
		const struct verify_head *to)
{
	struct verify_head at = *from;
	int r;

	if (l->ended || to->link >= l->db->chain.now.links)
		return 0;
	r = chain_add(&l->db->chain, CHAIN_TRIM, to->link, to->head);
	if (r < 0)
		return r;
	do
		r = take_over(l, v, &at);
	while (r == 1 && at.link < to->link);
	if (r != 1)
		return r;
	if (memcmp(at.head, to->head, CRYPT_HASH) != 0)
		return -EBADMSG;
	r = db_drop_links(l->db->db, to->link);
	if (r == 0)
		r = chain_settle(&l->db->chain);
	if (r == 0)
		r = store_put_meta(l);
	return r < 0 ? r : 1;
}

int store_trim(struct store *s, struct life *l, const struct verify *v, size_t n)
{
	struct verify_head from, to;
	int r;

	if (!verify_head(v, n, &from) || !verify_head(v, n + 1, &to))
		return 0;
	r = store_begin(s, l);
	if (r < 0)
		return r;
	r = trim(l, v, &from, &to);
	if (r != 1) {
		store_abort(s, l);
		return r;
	}
	r = store_commit(s, l);
	if (r < 0)
		return r;
	l->trims++;
	return 1;
}

/* In pages of a file: one that does not fit beside another has its own. */
static uint64_t bytes_of(uint64_t links, uint64_t records)
{
	uint64_t each = links ? LINK_BYTES + records * CHAIN_ENTRY_SIZE / links : PAGE;

	return each <= PAGE ? (links + PAGE / each - 1) / (PAGE / each) * PAGE : links * (each + PAGE / 2);
}

int store_chain_bytes(struct store *s, struct life *l, uint64_t *ret)
{
	uint64_t links = 0, records = 0;
	int r = store_open_life(s, l, false);

	if (r == 0)
		r = db_chain_span(l->db->db, &links, &records);
	*ret = bytes_of(links, records);
	return r;
}
