// SPDX-License-Identifier: Apache-2.0
/* See insert.h. The tree says where the brackets are. What runc and crun would read differently (a
 * member twice, "Hooks" for Go's reader) is refused: the hook might be in what the runtime does not
 * read. */
#include "insert.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"

#define HOOK_TIMEOUT_S 10

struct insertion {
	size_t at;		     /* byte before which it goes */
	size_t removed;		     /* bytes of a null that it replaces */
	const char *before, *behind; /* of the hook itself */
};

/* A member that is an object or array, as expected; *ret NULL when there is none, or a null one in
 * *null. */
static int member(const struct json *object, const char *key, enum json_type type,
		  const struct json **ret, const struct json **null, char *error, size_t error_size)
{
	*ret = *null = NULL;
	for (const struct json *m = object->child; m; m = m->next) {
		if (strcasecmp(m->key, key) != 0)
			continue;
		if (strcmp(m->key, key) != 0)
			return util_refuse(
			    -EINVAL, error, error_size,
			    "%d:%d: found \"%s\", which runc reads as \"%s\" and crun "
			    "does not: expected \"%s\"",
			    m->line, m->column, m->key, key, key);
		if (m->type == JSON_NULL)
			*null = m;
		else if (m->type == type)
			*ret = m;
		else
			return util_refuse(-EINVAL, error, error_size,
					   "%d:%d: \"%s\" is not %s, as the OCI runtime "
					   "specification has it",
					   m->line, m->column, key,
					   type == JSON_OBJECT ? "an object" : "an array");
	}
	return 0;
}

static bool has_hook(const struct json *stage, const char *path)
{
	for (const struct json *h = stage ? stage->child : NULL; h; h = h->next)
		if (strcmp(json_get_string(h, "path", ""), path) == 0)
			return true;
	return false;
}

static void behind_bracket(const struct json *container, const char *before, const char *behind,
			   const char *behind_last, struct insertion *ret)
{
	*ret = (struct insertion){.at = container->offset + 1,
				  .before = before,
				  .behind = container->count ? behind : behind_last};
}

static void instead_of(const struct json *null, const char *before, const char *behind,
		       struct insertion *ret)
{
	*ret = (struct insertion){
	    .at = null->offset, .removed = strlen("null"), .before = before, .behind = behind};
}

/* 1: it is there. */
static int find_place(const struct json *root, const char *path, struct insertion *ret, char *error,
		      size_t error_size)
{
	const struct json *hooks, *stage, *prestart, *null;
	int r;

	if (root->type != JSON_OBJECT)
		return util_refuse(-EINVAL, error, error_size,
				   "%d:%d: found no object, expected an OCI configuration",
				   root->line, root->column);
	r = member(root, "hooks", JSON_OBJECT, &hooks, &null, error, error_size);
	if (r < 0)
		return r;
	if (!hooks) {
		if (null)
			instead_of(null, "{\"createRuntime\":[", "]}", ret);
		else
			behind_bracket(root, "\"hooks\":{\"createRuntime\":[", "]},", "]}", ret);
		return 0;
	}
	r = member(hooks, "prestart", JSON_ARRAY, &prestart, &null, error, error_size);
	if (r == 0)
		r = member(hooks, "createRuntime", JSON_ARRAY, &stage, &null, error, error_size);
	if (r < 0)
		return r;
	if (has_hook(prestart, path) || has_hook(stage, path))
		return 1;
	if (stage)
		behind_bracket(stage, "", ",", "", ret);
	else if (null)
		instead_of(null, "[", "]", ret);
	else
		behind_bracket(hooks, "\"createRuntime\":[", "],", "]", ret);
	return 0;
}

/* The environment is named, or the hook would get the engine's. */
static int write_hook(const char *const *hook, struct json_out *o, const char **ret,
		      size_t *ret_len)
{
	const char *slash = strrchr(hook[0], '/');

	json_out_open_object(o);
	json_out_member_string(o, "path", hook[0]);
	json_out_key(o, "args");
	json_out_open_array(o);
	json_out_string(o, slash ? slash + 1 : hook[0], strlen(slash ? slash + 1 : hook[0]));
	for (size_t i = 1; hook[i]; i++)
		json_out_string(o, hook[i], strlen(hook[i]));
	json_out_close_array(o);
	json_out_key(o, "env");
	json_out_open_array(o);
	json_out_string(o, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", 34);
	json_out_close_array(o);
	json_out_member_number(o, "timeout", HOOK_TIMEOUT_S);
	json_out_close_object(o);
	return json_out_text(o, ret, ret_len);
}

/* Puts a piece at *at, which moves behind it. */
static void put(char *to, size_t *at, const char *piece, size_t len)
{
	memcpy(to + *at, piece, len);
	*at += len;
}

int insert_hook(const char *text, size_t len, const char *const *hook, char **ret, size_t *ret_len,
		char *error, size_t error_size)
{
	_json_out_ struct json_out *o = NULL;
	_json_ struct json *root = NULL;
	struct insertion in = {};
	const char *written;
	size_t written_len, at = 0;
	char *made;
	int r;

	if (len > INSERT_SIZE_MAX)
		return util_refuse(-E2BIG, error, error_size,
				   "found more than %u bytes, expected "
				   "an OCI configuration of at most as many",
				   INSERT_SIZE_MAX);
	r = json_parse_foreign(text, len, &root, error, error_size);
	if (r == 0)
		r = find_place(root, hook[0], &in, error, error_size);
	if (r != 0)
		return r;
	o = json_out_new();
	r = o ? write_hook(hook, o, &written, &written_len) : -ENOMEM;
	made = r == 0 ? malloc(len + strlen(in.before) + written_len + strlen(in.behind)) : NULL;
	if (!made)
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	put(made, &at, text, in.at);
	put(made, &at, in.before, strlen(in.before));
	put(made, &at, written, written_len);
	put(made, &at, in.behind, strlen(in.behind));
	put(made, &at, text + in.at + in.removed, len - in.at - in.removed);
	*ret = made;
	*ret_len = at;
	return 0;
}
