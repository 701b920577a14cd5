/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container that has ended is removed as a whole: its database, the log of that, its
 * seal. PATH_REMOVED says in a line that it was there, with an anchor of it: who has a copy can still
 * prove it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "sidecar/node/store.h"

#define REMOVAL_LIST_MAX (4u << 20) /* bytes; then the list becomes PATH_REMOVED.1, in that one's place */

/* list: where the line goes. After it nobody finds the life any more (lives_remove). -errno: it is still
 * there, all of it. */
int removal_do(struct store *s, struct lives *all, struct life *l, const char *why, const char *list);
/* What a removal that was interrupted has left. */
void removal_finish(const struct store *s);
/* What was removed last of what people mean by a word, its id or its name, in a sentence. */
bool removal_find(const char *list, const char *word, char *ret, size_t size);
