/* SPDX-License-Identifier: Apache-2.0 */
/* See verify.h: what trim.c has to know of a chain that was followed to its end. Nothing of it is asked of
 * the database again, so nobody can have it another way meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/node/verify_inside.h"

void verify_to_trim(struct verify *v, unsigned links, unsigned entries)
{
	v->every_links = links;
	v->every_entries = entries;
}

bool verify_may_trim(const struct verify *v)
{
	for (size_t i = 0; i < v->findings.n; i++)
		if (v->findings.of[i].kind != FINDING_BREAK &&
		    v->findings.of[i].kind != FINDING_UNCHAINED)
			return false;
	return v->findings.more == 0;
}

int verify_note_head(struct verify *v, const struct db_link *l)
{
	struct verify_head *grown;

	v->heads_links++;
	v->heads_entries += l->entries_len / CHAIN_ENTRY_SIZE;
	if (!v->every_links ||
	    (v->heads_links < v->every_links && v->heads_entries < v->every_entries))
		return 0;
	grown = realloc(v->heads, (v->heads_n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	v->heads = grown;
	v->heads[v->heads_n].link = v->links;
	memcpy(v->heads[v->heads_n++].head, v->head, CRYPT_HASH);
	v->heads_links = v->heads_entries = 0;
	return 0;
}

/* A record that is not there: in the end it was cut, or there is a finding. */
int verify_note_absent(struct verify *v, const struct chain_entry *e)
{
	bool args = e->type == CHAIN_ARGS || e->type == CHAIN_ARGS_SHA;

	return v->every_links ? numbers_add(args ? &v->absent_args : &v->absent, e->id) : 0;
}

bool verify_head(const struct verify *v, size_t n, struct verify_head *ret)
{
	if (n > v->heads_n)
		return false;
	if (n > 0) {
		*ret = v->heads[n - 1];
		return true;
	}
	*ret = (struct verify_head){.link = v->trimmed};
	memcpy(ret->head, v->trimmed_head, CRYPT_HASH);
	return true;
}

static bool had_last_word(const struct verify *v, uint64_t link, const struct chain_entry *e)
{
	for (size_t i = 0; i < v->rules_n; i++)
		if (v->rules[i].version == e->id)
			return v->rules[i].link == link && verify_equal(v->rules[i].digest, e->digest);
	return true; /* more versions than it kept in mind */
}

bool verify_needs(const struct verify *v, uint64_t link, const struct chain_entry *e)
{
	switch (e->type) {
	case CHAIN_EVENT:
	case CHAIN_EVENT_SHA:
		return !numbers_have(&v->absent, e->id);
	case CHAIN_ARGS:
	case CHAIN_ARGS_SHA:
		return !numbers_have(&v->absent_args, e->id);
	case CHAIN_RULES:
		return had_last_word(v, link, e);
	case CHAIN_LATE:
	case CHAIN_BREAK:
	case CHAIN_BROKEN:
		return true;
	default:
		return false;
	}
}
