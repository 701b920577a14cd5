/* SPDX-License-Identifier: Apache-2.0 */
/* What db.c, db_chain.c and db_cuts.c share of an open database; theirs alone. */
#pragma once
#include <sqlite3.h>
#include "sidecar/node/db.h"

#define DB_STATEMENTS_MAX 24

struct db {
	sqlite3 *handle;
	sqlite3_stmt *statements[DB_STATEMENTS_MAX];
	sqlite3_stmt *reading;	/* the row statement in use */
	struct db_chain *chain; /* db_chain.c's statements; NULL before the first */
	struct db_cuts *cuts;	/* db_cuts.c's, likewise */
};

/* SQLite's code as -errno, 0 for success. */
int db_error(struct db *db, int code);
void db_chain_free(struct db_chain *c);
/* As db_end does for its own. */
void db_chain_end(struct db_chain *c);
void db_cuts_free(struct db_cuts *c);
void db_cuts_end(struct db_cuts *c);
