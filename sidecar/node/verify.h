/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the chain of one database from its first link to its seal, and compares each record with
 * what its link says was stored. A few milliseconds' work a step; records may come in meanwhile.
 * docs/store.md says what each finding proves. */
#pragma once
#include <stdbool.h>
#include "sidecar/common/json.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/store.h"

#define VERIFY_ANCHORS_MAX 64

struct verify_anchor {
	uint64_t links;
	uint8_t head[CRYPT_HASH]; /* of the last of them */
};

struct verify;
struct chain_entry;
/* l is borrowed. A store without seals: the seal is not asked for. */
int verify_new(struct store *s, struct life *l, const struct verify_anchor *anchors, unsigned n,
	       struct verify **ret);
void verify_free(struct verify *v);
/* 1: more to do, 0: that was all. */
int verify_step(struct verify *v);

/* After the last step. */
bool verify_intact(const struct verify *v);
void verify_to_json(const struct verify *v, const char *id, struct json_out *o);
/* To free; NULL: no memory. */
char *verify_to_text(const struct verify *v, const char *id);

/* For trim.c. Before the first step: it is going to ask, for heads so many links or entries apart. After
 * the last: whether all is as the node stored it, though it may have lost a key, or begun without a
 * chain; and then, what of it is whose proof. */
void verify_to_trim(struct verify *v, unsigned links, unsigned entries);
bool verify_may_trim(const struct verify *v);
struct verify_head {
	uint64_t link;
	uint8_t head[CRYPT_HASH];
};
/* 0: what the first link is upon; then heads of links in order. False: there are no more. */
bool verify_head(const struct verify *v, size_t n, struct verify_head *ret);
/* Whether that entry of that link still proves something. */
bool verify_needs(const struct verify *v, uint64_t link, const struct chain_entry *e);

/* What an anchor says, of the chain as it is; *ret_links: 0 where there is none. */
int verify_anchor_json(struct store *s, struct life *l, const char *id, struct json_out *o,
		       uint64_t *ret_links);
/* "anchors" of a question, as CLI sends them: [{"links":N,"head":HEX}, ...]. -EINVAL with the
 * reason. */
int verify_anchors_read(const struct json *list,
			struct verify_anchor ret[static VERIFY_ANCHORS_MAX], unsigned *ret_n,
			char *error, size_t error_size);
