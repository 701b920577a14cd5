/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in and out; the one door to yajl. A checked tree with bounds, and an escaping writer. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 64
/* Values of one text: 16384 policy rules with every key are 17 each. A value is 80 bytes with malloc's
 * own, so this many are 40 MiB while they are read, and their keys and strings at 32 each, if they are
 * short: a policy of the greatest size takes 39 MiB in all. */
#define JSON_NODES_MAX 524288

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_OTHER /* json_parse_foreign alone: a number or string that the members below cannot hold */
};

struct json {
	enum json_type type;
	bool boolean;
	int64_t number; /* integers; a fraction or an overflow is a parse error */
	char *string;	/* NUL-terminated, no NUL inside; UTF-8 checked */
	char *key;	/* when a member of an object */
	int line;	/* 1-based, where the value starts */
	int column;
	size_t offset; /* the same place in bytes from the text's beginning */
	struct json *child; /* first element or member */
	struct json *next;
	size_t count; /* children */
};

/* Parses len bytes: one value, only white space behind it. comments: allow C and C++ comments.
 * On failure a one-line reason "line:column: what was found, what was expected" is put in error.
 * Errors: -EINVAL (not JSON), -E2BIG (deeper than JSON_DEPTH_MAX or more nodes than
 * JSON_NODES_MAX), -EILSEQ (not UTF-8), -ENOMEM. Duplicate keys in one object are an error. The
 * caller frees with json_free; recursion free. */
int json_parse(const char *text, size_t len, bool comments, struct json **ret, char *error,
	       size_t error_size);
/* The same for a text that is another program's business: fractions, numbers beyond 64 bits and strings
 * with a NUL or half a character are values of type JSON_OTHER, and a key that is such a string is
 * JSON_KEY_OTHER, which is no text's. The members of a top member "annotations" may have their keys
 * more than once. No comments. */
#define JSON_KEY_OTHER "\xff"
int json_parse_foreign(const char *text, size_t len, struct json **ret, char *error,
		       size_t error_size);
void json_free(struct json *j);
static inline void json_free_p(struct json **j)
{
	json_free(*j);
}
#define _json_ __attribute__((cleanup(json_free_p)))

/* Member of an object, or NULL (also when j is NULL or no object). */
const struct json *json_get(const struct json *j, const char *key);
/* A string member, or fallback. */
const char *json_get_string(const struct json *j, const char *key, const char *fallback);
int64_t json_get_number(const struct json *j, const char *key, int64_t fallback);
bool json_is_true(const struct json *j, const char *key); /* a member that is true, and no other */

/* Writer: compact, one line. Strings take any bytes: what is not valid UTF-8 and control bytes
 * never reach the output raw. Invalid bytes become U+DC80+byte escapes ("\udcff"), so
 * that a reader can get the exact bytes back (Python's surrogateescape). Every call but _text does
 * nothing when o is NULL. */
struct json_out;
struct json_out *json_out_new(void);
void json_out_free(struct json_out *o);
static inline void json_out_free_p(struct json_out **o)
{
	json_out_free(*o);
}
#define _json_out_ __attribute__((cleanup(json_out_free_p)))
void json_out_open_object(struct json_out *o);
void json_out_close_object(struct json_out *o);
void json_out_open_array(struct json_out *o);
void json_out_close_array(struct json_out *o);
void json_out_key(struct json_out *o, const char *key); /* a literal of ours */
void json_out_string(struct json_out *o, const char *s, size_t len);
void json_out_number(struct json_out *o, int64_t n);
void json_out_unsigned(struct json_out *o, uint64_t n);
void json_out_bool(struct json_out *o, bool b);
void json_out_null(struct json_out *o);
/* The text so far (valid until the next call). -ENOMEM if any step before ran out of memory. */
int json_out_text(struct json_out *o, const char **ret, size_t *ret_len);
void json_out_reset(struct json_out *o);
/* Shorthands for members. */
void json_out_member_string(struct json_out *o, const char *key, const char *s);
void json_out_member_number(struct json_out *o, const char *key, int64_t n);
void json_out_member_unsigned(struct json_out *o, const char *key, uint64_t n);
void json_out_member_bool(struct json_out *o, const char *key, bool b);
