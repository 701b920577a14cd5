// SPDX-License-Identifier: Apache-2.0
/* See state.h. */
#include "state.h"
#include "sidecar/common/json.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void state_release(struct state *s)
{
	free(s->bundle);
	free(s->policy);
	free(s->record);
	meta_release(&s->annotated);
	s->bundle = s->policy = s->record = NULL;
}

int state_has_stopped(const struct state *s)
{
	return strcmp(s->status, "stopped") == 0;
}

static int wrong_type(const struct json *j, const char *key, const char *expected, char *error,
		      size_t error_size)
{
	return util_refuse(-EINVAL, error, error_size, "%d:%d: \"%s\" is not %s", j->line,
			   j->column, key, expected);
}

bool state_take_name(struct state *s, const char *name)
{
	size_t len = strlen(name), at = 0, n = 1;

	if (len == 0 || len >= sizeof(s->name))
		return false;
	for (; at < len && n > 0; at += n)
		n = utf8_printable(name + at, len - at);
	if (n == 0)
		return false;
	strcpy(s->name, name);
	return true;
}

/* A name that is no plain text is no name: the id stands in. */
static void take_name(const struct json *annotations, struct state *s)
{
	strcpy(s->name, s->id);
	for (const char *const *key = meta_said_by[META_SAID_NAME]; *key; key++)
		if ((!s->crio || meta_crio_says(*key)) &&
		    state_take_name(s, json_get_string(annotations, *key, "")))
			return;
}

static int take_annotations(const struct json *root, struct state *s, char *error,
			    size_t error_size)
{
	const struct json *annotations = json_get(root, "annotations");
	const struct json *policy = json_get(annotations, REEVE_ANNOTATION_POLICY);
	const char *record;

	if (annotations && annotations->type != JSON_OBJECT && annotations->type != JSON_NULL)
		return wrong_type(annotations, "annotations", "an object", error, error_size);
	if (meta_take_annotations(&s->annotated, annotations) < 0)
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	s->crio = strcmp(json_get_string(annotations, META_CRIO_ID, ""), s->id) == 0;
	take_name(annotations, s);
	s->repeat_each =
	    strcmp(json_get_string(annotations, REEVE_ANNOTATION_REPEAT, ""), "each") == 0;
	record = json_get_string(annotations, REEVE_ANNOTATION_RECORD, NULL);
	if (record && !(s->record = strdup(record)))
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	if (!policy)
		return 0;
	/* A mistake of the tenant's, like a name that does not exist: told when it is looked for. */
	s->policy = strdup(policy->type == JSON_STRING ? policy->string : "(not a string)");
	return s->policy ? 0 : util_refuse(-ENOMEM, error, error_size, "out of memory");
}

static int take_pid(const struct json *root, struct state *s, char *error, size_t error_size)
{
	const struct json *pid = json_get(root, "pid");

	s->pid = STATE_PID_NONE;
	if (!pid)
		return 0;
	if (pid->type != JSON_NUMBER || pid->number < 0 || pid->number > INT_MAX)
		return wrong_type(pid, "pid", "a process id", error, error_size);
	s->pid = (int)pid->number;
	return 0;
}

static int take_members(const struct json *root, struct state *s, char *error, size_t error_size)
{
	const char *id = json_get_string(root, "id", "");
	const char *status = json_get_string(root, "status", "");
	const char *bundle = json_get_string(root, "bundle", "");
	int r;

	if (root->type != JSON_OBJECT)
		return util_refuse(-EINVAL, error, error_size,
				   "%d:%d: expected an object, the OCI state", root->line,
				   root->column);
	if (!meta_id_valid(id))
		return util_refuse(-EINVAL, error, error_size,
				   "\"id\" is missing or not 1..%d characters of [A-Za-z0-9_.+-]",
				   META_ID_MAX - 1);
	strcpy(s->id, id);
	if (strlen(status) >= sizeof(s->status))
		return util_refuse(-EINVAL, error, error_size,
				   "\"status\" is none of the OCI states");
	strcpy(s->status, status);
	if (bundle[0] != '/' || strlen(bundle) >= PATH_MAX)
		return util_refuse(-EINVAL, error, error_size,
				   "\"bundle\" is missing or not an absolute path");
	s->bundle = strdup(bundle);
	if (!s->bundle)
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	r = take_pid(root, s, error, error_size);
	return r < 0 ? r : take_annotations(root, s, error, error_size);
}

/* What is not UTF-8 becomes a replacement: an annotation is the tenant's, and must not make the state
 * unreadable. */
static void replace_unreadable(char *text, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = utf8_length(text + at, len - at);
		if (n == 0) {
			text[at] = '?';
			n = 1;
		}
	}
}

int state_parse(const char *text, size_t len, struct state *ret, char *error, size_t error_size)
{
	_free_ char *copy = NULL;
	_json_ struct json *root = NULL;
	_state_ struct state s = {};
	int r;

	if (len > STATE_SIZE_MAX)
		return util_refuse(-E2BIG, error, error_size, "more than %u bytes", STATE_SIZE_MAX);
	if (len == 0)
		return util_refuse(-EINVAL, error, error_size, "empty: expected a JSON object");
	copy = malloc(len);
	if (!copy)
		return util_refuse(-ENOMEM, error, error_size, "out of memory");
	memcpy(copy, text, len);
	replace_unreadable(copy, len);
	r = json_parse_foreign(copy, len, &root, error, error_size);
	if (r < 0)
		return r;
	r = take_members(root, &s, error, error_size);
	if (r < 0)
		return r;
	*ret = s;
	s = (struct state){};
	return 0;
}
