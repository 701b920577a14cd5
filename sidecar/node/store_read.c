/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. What is read of a life: rows, single records, the parts of its index (which are written
 * here as well: the chain does not hear of them). */
#include <errno.h>
#include "sidecar/node/store_inside.h"

int store_rows(struct store *s, struct life *l, uint64_t from)
{
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_rows(l->db->db, from, true);
}

int store_rows_back(struct store *s, struct life *l, uint64_t from)
{
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_rows_back(l->db->db, from);
}

int store_seqs(struct store *s, struct life *l, uint64_t from)
{
	int r = store_open_life(s, l, false);

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
	int r = store_open_life(s, l, false);

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
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_get_record(l->db->db, seq, ret, ret_len);
}

int store_get_args(struct store *s, struct life *l, uint64_t seq, uint8_t **ret, size_t *ret_len)
{
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_get_args(l->db->db, seq, ret, ret_len);
}

int store_get_names(struct store *s, struct life *l, uint32_t version, char **ret)
{
	char key[32];
	int r = store_open_life(s, l, false);

	store_names_key(key, version);
	return r < 0 ? r : db_get_text(l->db->db, key, ret);
}

static uint64_t part_id(uint64_t part, unsigned term)
{
	return part * 16 + term;
}

int store_begin_parts(struct store *s, struct life *l)
{
	int r = store_open_life(s, l, false);

	if (r == 0)
		r = db_begin(l->db->db);
	if (r < 0)
		store_close_life(s, l);
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

int store_cut_parts(struct life *l, uint64_t from, uint64_t end)
{
	return db_cut_parts(l->db->db, part_id(from, 0), part_id(end, 0) - 1);
}

int store_get_part(struct store *s, struct life *l, uint64_t part, unsigned term, uint8_t **ret,
		   size_t *ret_len)
{
	int r = store_open_life(s, l, false);

	return r < 0 ? r : db_get_part(l->db->db, part_id(part, term), ret, ret_len);
}

int store_parts_end(struct store *s, struct life *l, uint64_t *ret)
{
	uint64_t last;
	int r = store_open_life(s, l, false);

	if (r == 0)
		r = db_last_part(l->db->db, &last);
	if (r == 0)
		*ret = last / 16 + 1;
	else if (r == -ENOENT)
		*ret = 0;
	return r == -ENOENT ? 0 : r;
}
