/* SPDX-License-Identifier: Apache-2.0 */
/* A path glob as a line of items. Language: bytes stand for themselves; `?` one byte but '/', `*`
 * any number of them, `**` any number of any bytes, `[a-z]` `[!a-z]` one of a set (never '/'), `\x`
 * the byte x itself, `{a,b}` either. Bytes, not characters: `?` is one byte of UTF-8. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define GLOB_LEN_MAX 4095     /* bytes of a pattern, as of a path */
#define GLOB_ITEMS_MAX 4096   /* of one alternative */
#define GLOB_BRANCHES_MAX 256 /* alternatives one pattern may stand for */
#define GLOB_BRACES_MAX 64    /* pairs of braces, side by side or nested: each is a call deeper */

enum glob_type { GLOB_SET, GLOB_STAR, GLOB_STARS };

struct glob_item {
	uint8_t type;	 /* enum glob_type */
	uint8_t set[32]; /* GLOB_SET: a bit per byte */
};

/* Calls each for every alternative the braces of text stand for. -EINVAL with *ret_at (offset in
 * text) and *ret_why (what was expected) when it is no glob, -E2BIG when there are too many, or what
 * each returned below 0, which is never -EINVAL. */
int glob_parse(const char *text, size_t len,
	       int (*each)(void *arg, const struct glob_item *items, size_t n), void *arg,
	       size_t *ret_at, const char **ret_why);
