// SPDX-License-Identifier: Apache-2.0
/* JSON text -> checked tree; the one door to yajl. The text is checked for strict UTF-8 first
 * (yajl lets overlong forms and surrogates pass), parsed as one chunk, and each callback puts one
 * node into the tree under our own bounds. yajl does not survive a failed malloc: its memory comes
 * from here and a failure leaves it by longjmp. Refuses: lone surrogates, NUL in a string,
 * fractions, duplicate keys; a foreign text may have them where json.h says so. */
#include "json.h"
#include "utf8.h"
#include "util.h"
#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#define NUMBER_CHARS_MAX 20 /* "-9223372036854775808" */
#define SORT_FROM 8	    /* members; below, comparing each with each is cheaper */

struct block {
	_Alignas(16) struct block *next;
	struct block *prev;
};

struct reader {
	const char *text;
	size_t len;
	bool comments;
	bool foreign;
	yajl_handle yajl;
	struct block blocks; /* ring of yajl's memory */
	jmp_buf no_memory;
	/* place of the next byte not yet looked at */
	size_t at;
	size_t line_start;
	int line;
	/* the tree */
	struct json *root;
	struct json *open[JSON_DEPTH_MAX];
	struct json *last[JSON_DEPTH_MAX]; /* its newest child */
	size_t depth;
	size_t nodes;
	char *key; /* of the member whose value comes next */
	int failed;
	char *error;
	size_t error_size;
};

static void *block_alloc(void *ctx, size_t size)
{
	struct reader *r = ctx;
	struct block *b = malloc(sizeof(*b) + size);

	if (!b)
		longjmp(r->no_memory, 1);
	b->next = r->blocks.next;
	b->prev = &r->blocks;
	b->next->prev = b->prev->next = b;
	return b + 1;
}

static void *block_realloc(void *ctx, void *p, size_t size)
{
	struct reader *r = ctx;
	struct block *b;

	if (!p)
		return block_alloc(ctx, size);
	b = realloc((struct block *)p - 1, sizeof(*b) + size);
	if (!b)
		longjmp(r->no_memory, 1);
	b->next->prev = b->prev->next = b;
	return b + 1;
}

static void block_free(void *ctx, void *p)
{
	struct block *b = (struct block *)p - 1;

	(void)ctx;
	if (!p)
		return;
	b->next->prev = b->prev;
	b->prev->next = b->next;
	free(b);
}

static void free_blocks(struct reader *r)
{
	while (r->blocks.next != &r->blocks)
		block_free(r, r->blocks.next + 1);
}

static void move_to(struct reader *r, size_t offset)
{
	for (; r->at < offset && r->at < r->len; r->at++) {
		if (r->text[r->at] != '\n')
			continue;
		r->line++;
		r->line_start = r->at + 1;
	}
}

/* To the start of the next token: past white space, separators and comments. */
static void move_to_token(struct reader *r)
{
	while (r->at < r->len) {
		const char *s = r->text + r->at;
		size_t left = r->len - r->at;
		const char *end = NULL;

		if (strchr(" \t\n\v\f\r,:", *s) && *s) {
			move_to(r, r->at + 1);
			continue;
		}
		if (!r->comments || left < 2 || s[0] != '/')
			return;
		if (s[1] == '/')
			end = memchr(s, '\n', left);
		else if (s[1] == '*')
			end = memmem(s + 2, left - 2, "*/", 2);
		move_to(r, end ? (size_t)(end - r->text) + (s[1] == '*' ? 2 : 1) : r->len);
	}
}

/* Always 0, which tells yajl to stop. */
__attribute__((format(printf, 3, 4))) static int fail(struct reader *r, int error, const char *fmt,
						      ...)
{
	char what[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (r->error_size > 0)
		snprintf(r->error, r->error_size, "%d:%zu: %s", r->line, r->at - r->line_start + 1,
			 what);
	r->failed = error;
	return 0;
}

static int out_of_memory(struct reader *r)
{
	return fail(r, -ENOMEM, "out of memory");
}

static unsigned hex4(const char *s)
{
	char digits[5] = {s[0], s[1], s[2], s[3], '\0'};

	return (unsigned)strtoul(digits, NULL, 16);
}

/* yajl turns a lone surrogate into '?' or into invalid UTF-8: find them in the token itself. */
static bool has_lone_surrogate(const char *s, size_t len)
{
	for (size_t i = 0; i + 6 <= len; i++) {
		unsigned unit;

		if (s[i] != '\\')
			continue;
		if (s[++i] != 'u')
			continue;
		unit = hex4(s + i + 1);
		i += 4;
		if (unit < 0xd800 || unit > 0xdfff)
			continue;
		if (unit > 0xdbff || i + 7 > len || s[i + 1] != '\\' || s[i + 2] != 'u')
			return true;
		unit = hex4(s + i + 3);
		if (unit < 0xdc00 || unit > 0xdfff)
			return true;
		i += 6;
	}
	return false;
}

/* Whether the string token that starts here is one that struct json can hold. */
static bool fits_string(struct reader *r, const unsigned char *s, size_t len)
{
	size_t end = yajl_get_bytes_consumed(r->yajl);

	move_to_token(r);
	return !memchr(s, '\0', len) &&
	       !(end > r->at && end <= r->len && has_lone_surrogate(r->text + r->at, end - r->at));
}

/* A checked copy of it; NULL with fail() done. */
static char *take_string(struct reader *r, const unsigned char *s, size_t len)
{
	char *copy = NULL;

	move_to_token(r);
	if (memchr(s, '\0', len))
		fail(r, -EINVAL, "found \\u0000 in a string, expected text without it");
	else if (!fits_string(r, s, len))
		fail(r, -EILSEQ, "found half a surrogate pair, expected a whole character");
	else if (!(copy = strndup((const char *)s, len)))
		out_of_memory(r);
	return copy;
}

/* Puts a node under the open container; NULL with fail() done. Leaves the place behind it. */
static struct json *add_node(struct reader *r, enum json_type type)
{
	struct json *parent = r->depth ? r->open[r->depth - 1] : NULL;
	struct json *j;

	move_to_token(r);
	if (r->nodes >= JSON_NODES_MAX) {
		fail(r, -E2BIG, "found one value more, expected at most %d", JSON_NODES_MAX);
		return NULL;
	}
	j = calloc(1, sizeof(*j));
	if (!j) {
		out_of_memory(r);
		return NULL;
	}
	j->type = type;
	j->line = r->line;
	j->column = (int)(r->at - r->line_start) + 1;
	j->offset = r->at;
	j->key = TAKE_PTR(r->key);
	r->nodes++;
	if (!parent) {
		r->root = j;
	} else {
		if (r->last[r->depth - 1])
			r->last[r->depth - 1]->next = j;
		else
			parent->child = j;
		r->last[r->depth - 1] = j;
		parent->count++;
	}
	move_to(r, yajl_get_bytes_consumed(r->yajl));
	return j;
}

static int on_null(void *ctx)
{
	return add_node(ctx, JSON_NULL) != NULL;
}

static int on_boolean(void *ctx, int value)
{
	struct json *j = add_node(ctx, JSON_BOOL);

	if (!j)
		return 0;
	j->boolean = value;
	return 1;
}

static int on_number(void *ctx, const char *s, size_t len)
{
	struct reader *r = ctx;
	bool whole = !memchr(s, '.', len) && !memchr(s, 'e', len) && !memchr(s, 'E', len);
	char digits[NUMBER_CHARS_MAX + 1];
	struct json *j;
	int64_t value = 0;

	move_to_token(r);
	errno = ERANGE;
	if (whole && len < sizeof(digits)) {
		memcpy(digits, s, len);
		digits[len] = '\0';
		errno = 0;
		value = strtoll(digits, NULL, 10);
	}
	if (errno == ERANGE && r->foreign)
		return add_node(r, JSON_OTHER) != NULL;
	if (!whole)
		return fail(r, -EINVAL, "found a fraction or exponent, expected a whole number");
	if (errno == ERANGE)
		return fail(r, -EINVAL, "found a number out of range, expected 64 bits with sign");
	j = add_node(r, JSON_NUMBER);
	if (!j)
		return 0;
	j->number = value;
	return 1;
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	_free_ char *copy = NULL;
	struct json *j;

	if (r->foreign && !fits_string(r, s, len))
		return add_node(r, JSON_OTHER) != NULL;
	copy = take_string(r, s, len);
	j = copy ? add_node(r, JSON_STRING) : NULL;
	if (!j)
		return 0;
	j->string = TAKE_PTR(copy);
	return 1;
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;

	if (r->foreign && !fits_string(r, s, len)) {
		r->key = strdup(JSON_KEY_OTHER);
		if (!r->key)
			return out_of_memory(r);
	} else {
		r->key = take_string(r, s, len);
	}
	if (!r->key)
		return 0;
	move_to(r, yajl_get_bytes_consumed(r->yajl));
	return 1;
}

static int open_container(struct reader *r, enum json_type type)
{
	struct json *j;

	move_to_token(r);
	if (r->depth >= JSON_DEPTH_MAX)
		return fail(r, -E2BIG, "found one more level of nesting, expected at most %d",
			    JSON_DEPTH_MAX);
	j = add_node(r, type);
	if (!j)
		return 0;
	r->open[r->depth] = j;
	r->last[r->depth++] = NULL;
	return 1;
}

static int on_start_object(void *ctx)
{
	return open_container(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
	return open_container(ctx, JSON_ARRAY);
}

static int on_end_array(void *ctx)
{
	struct reader *r = ctx;

	r->depth--;
	move_to(r, yajl_get_bytes_consumed(r->yajl));
	return 1;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(struct json *const *)a)->key, (*(struct json *const *)b)->key);
}

static bool same_key(const struct json *a, const struct json *b)
{
	return strcmp(a->key, b->key) == 0 && strcmp(a->key, JSON_KEY_OTHER) != 0;
}

/* A member whose key another one has as well. -ENOMEM. */
static int find_duplicate(const struct json *object, const struct json **ret)
{
	_free_ const struct json **members = NULL;
	size_t n = 0;

	if (object->count < SORT_FROM) {
		for (const struct json *a = object->child; a; a = a->next)
			for (const struct json *b = a->next; b; b = b->next)
				if (same_key(a, b))
					*ret = b;
		return 0;
	}
	members = malloc(object->count * sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (const struct json *m = object->child; m; m = m->next)
		members[n++] = m;
	qsort(members, n, sizeof(*members), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (same_key(members[i - 1], members[i]))
			*ret = members[i];
	return 0;
}

/* Of a foreign text's top: they are a tenant's. */
static bool is_annotations(const struct reader *r)
{
	return r->foreign && r->depth == 2 && r->open[1]->key &&
	       strcmp(r->open[1]->key, "annotations") == 0;
}

static int on_end_object(void *ctx)
{
	struct reader *r = ctx;
	const struct json *twice = NULL;
	char key[64];

	if (!is_annotations(r) && find_duplicate(r->open[r->depth - 1], &twice) < 0)
		return out_of_memory(r);
	if (twice) {
		utf8_escape(key, sizeof(key), twice->key, strlen(twice->key));
		return fail(r, -EINVAL,
			    "found member \"%s\" twice in the object that ends here, "
			    "expected it once",
			    key);
	}
	return on_end_array(r);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

static void run_yajl(struct reader *r)
{
	const unsigned char *text = (const unsigned char *)r->text;
	yajl_alloc_funcs memory = {
	    .malloc = block_alloc, .realloc = block_realloc, .free = block_free, .ctx = r};
	yajl_status status;
	char *reason;

	r->yajl = yajl_alloc(&callbacks, &memory, r);
	yajl_config(r->yajl, yajl_allow_comments, (int)r->comments);
	status = yajl_parse(r->yajl, text, r->len);
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(r->yajl);
		if (status == yajl_status_error)
			move_to(r, r->len);
	} else if (status == yajl_status_error) {
		move_to(r, yajl_get_bytes_consumed(r->yajl));
	}
	if (status != yajl_status_error || r->failed)
		return;
	reason = (char *)yajl_get_error(r->yajl, 0, text, r->len);
	reason[strcspn(reason, "\n")] = '\0';
	fail(r, -EINVAL, "found no JSON (%s), expected JSON", reason);
}

static int parse(struct reader *r, struct json **ret)
{
	size_t good = utf8_check(r->text, r->len);

	r->blocks.next = r->blocks.prev = &r->blocks;
	r->line = 1;
	if (good < r->len) {
		move_to(r, good);
		fail(r, -EILSEQ, "found byte 0x%02x, expected UTF-8", (unsigned char)r->text[good]);
		return r->failed;
	}
	if (setjmp(r->no_memory) == 0)
		run_yajl(r);
	else
		out_of_memory(r);
	free_blocks(r);
	free(r->key);
	if (r->failed) {
		json_free(r->root);
		return r->failed;
	}
	assert(r->root && r->depth == 0);
	*ret = r->root;
	return 0;
}

int json_parse(const char *text, size_t len, bool comments, struct json **ret, char *error,
	       size_t error_size)
{
	struct reader r = {.text = text,
			   .len = len,
			   .comments = comments,
			   .error = error,
			   .error_size = error_size};

	return parse(&r, ret);
}

int json_parse_foreign(const char *text, size_t len, struct json **ret, char *error,
		       size_t error_size)
{
	struct reader r = {
	    .text = text, .len = len, .foreign = true, .error = error, .error_size = error_size};

	return parse(&r, ret);
}
