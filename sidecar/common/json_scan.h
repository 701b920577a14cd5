/* SPDX-License-Identifier: Apache-2.0 */
/* Walks JSON that json_out wrote, without a tree: members as pieces of the text, strings back to
 * the bytes they stand for. For text of our own alone; of any other a walk ends early, and inside
 * it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_piece {
	const char *s;
	size_t len;
};

struct json_member {
	struct json_piece key, value; /* the key without its quotes */
};

/* Where a walk through an object or an array begins; false: it is neither. */
bool json_scan_open(struct json_piece text, struct json_piece *ret_rest);
/* The next one, *rest moves on. False: there is none. */
bool json_scan_member(struct json_piece *rest, struct json_member *ret);
bool json_scan_element(struct json_piece *rest, struct json_piece *ret);
/* Member of that name. */
bool json_scan_get(struct json_piece object, const char *key, struct json_piece *ret);

/* The bytes of a string (with its quotes), as json_out_string was given them. The caller frees.
 * NULL: it is no string, or no memory. */
char *json_scan_bytes(struct json_piece string, size_t *ret_len);

/* A whole number, as far as it is one; and whether it is the string of that word, which needs no escape. */
uint64_t json_scan_number(struct json_piece value);
bool json_scan_is(struct json_piece value, const char *word);
