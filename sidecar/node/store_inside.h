/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share; theirs alone. */
#pragma once
#include "sidecar/node/chain.h"
#include "sidecar/node/db.h"
#include "sidecar/node/store.h"

struct store_db {
	struct db *db;
	struct life *life;
	struct chain chain;
	struct store_db *next;
};

/* The life's database, opened if need be, and first in the list. */
int store_open_life(struct store *s, struct life *l, bool create);
void store_close_life(struct store *s, struct life *l);
