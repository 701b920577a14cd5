// SPDX-License-Identifier: Apache-2.0
/* See meta.h. The agent is the container's neighbour, so the node checks what it says like any
 * other input: every limit is looked at here, on the way in. */
#include "meta.h"
#include "utf8.h"
#include "util.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int meta_id_valid(const char *id)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.+-";
	size_t len = strlen(id);

	if (len == 0 || len >= META_ID_MAX || strspn(id, allowed) != len)
		return 0;
	return strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

/* Text people will see on one line: no control characters. */
static int take_text(const struct json *j, const char *key, const char *fallback, char *out,
		     size_t size)
{
	const char *s = json_get_string(j, key, fallback);

	if (!s || strlen(s) >= size)
		return -EINVAL;
	for (size_t at = 0, len = strlen(s), n; at < len; at += n) {
		n = utf8_printable(s + at, len - at);
		if (n == 0)
			return -EINVAL;
	}
	strcpy(out, s);
	return 0;
}

static int take_count(const struct json *j, const char *key, uint64_t *ret)
{
	int64_t n = json_get_number(j, key, json_get(j, key) ? -1 : 0);

	if (n < 0)
		return -EINVAL;
	*ret = (uint64_t)n;
	return 0;
}

static int take_optional(const struct json *j, const char *key, char **ret)
{
	const char *s = json_get_string(j, key, NULL);

	if (!s)
		return 0;
	if (strlen(s) >= PATH_MAX)
		return -EINVAL;
	*ret = strdup(s);
	return *ret ? 0 : -ENOMEM;
}

static bool printable(const char *s)
{
	size_t n = 1;

	for (size_t at = 0, len = strlen(s); at < len && n > 0; at += n)
		n = utf8_printable(s + at, len - at);
	return n > 0;
}

/* What is put down of a value, NULL: nothing. */
static const char *value_of(const struct json *j, size_t left)
{
	size_t len = j->string ? strlen(j->string) + 1 : 0;

	return len == 0 || len > META_ANNOTATION_VALUE_MAX || len > left || !printable(j->string)
		   ? NULL
		   : j->string;
}

int meta_take_annotations(struct meta *m, const struct json *annotations)
{
	size_t left = META_ANNOTATIONS_SIZE;

	m->annotations = calloc(META_ANNOTATIONS_MAX, sizeof(*m->annotations));
	if (!m->annotations)
		return -ENOMEM;
	for (const struct json *j = annotations ? annotations->child : NULL; j; j = j->next) {
		struct meta_annotation *a = &m->annotations[m->annotations_n];
		size_t len = strlen(j->key) + 1;
		const char *value;

		if (m->annotations_n == META_ANNOTATIONS_MAX || len > META_ANNOTATION_KEY_MAX ||
		    len > left || !printable(j->key)) {
			m->annotations_cut = true;
			continue;
		}
		left -= len;
		value = value_of(j, left);
		left -= value ? strlen(value) + 1 : 0;
		m->annotations_n++;
		a->key = strdup(j->key);
		a->value = value ? strdup(value) : NULL;
		if (!a->key || (value && !a->value))
			return -ENOMEM;
	}
	return 0;
}

const struct meta_annotation *meta_annotation(const struct meta *m, const char *key)
{
	for (size_t i = 0; i < m->annotations_n; i++)
		if (strcmp(m->annotations[i].key, key) == 0)
			return &m->annotations[i];
	return NULL;
}

static int take_annotations(const struct json *j, struct meta *m)
{
	const struct json *cut = json_get(j, "annotations_cut");
	const struct json *annotations = json_get(j, "annotations");
	int r;

	if (!annotations)
		return 0;
	if (annotations->type != JSON_OBJECT)
		return -EINVAL;
	r = meta_take_annotations(m, annotations);
	m->annotations_cut |= cut && cut->boolean;
	return r;
}

static void release_p(struct meta *m)
{
	meta_release(m);
}

int meta_from_json(const struct json *j, struct meta *ret, char *error, size_t error_size)
{
	__attribute__((cleanup(release_p))) struct meta m = {};
	const char *id = json_get_string(j, "id", "");
	char key[sizeof(m.key)];
	int r = 0;

	if (!meta_id_valid(id))
		return util_refuse(-EINVAL, error, error_size,
				   "\"id\" must be 1..%d characters of [A-Za-z0-9_.+-]",
				   META_ID_MAX - 1);
	strcpy(m.id, id);
	if (take_text(j, "name", id, m.name, sizeof(m.name)) < 0)
		return util_refuse(-EINVAL, error, error_size,
				   "\"name\" must be text shorter than %d bytes", META_NAME_MAX);
	if (take_text(j, "policy", "", m.policy, sizeof(m.policy)) < 0)
		return util_refuse(-EINVAL, error, error_size,
				   "\"policy\" must be text shorter than %zu bytes",
				   sizeof(m.policy));
	if (take_count(j, "cgroup_id", &m.cgroup_id) < 0 || m.cgroup_id == 0)
		return util_refuse(-EINVAL, error, error_size,
				   "\"cgroup_id\" must be a positive number");
	snprintf(key, sizeof(key), "%016" PRIx64, m.cgroup_id);
	if (take_text(j, "key", NULL, m.key, sizeof(m.key)) < 0 || strcmp(m.key, key) != 0)
		return util_refuse(-EINVAL, error, error_size,
				   "\"key\" must be \"cgroup_id\" as 16 hex digits");
	if (take_count(j, "generation", &m.generation) < 0 ||
	    take_count(j, "started_wall_ns", &m.started_wall_ns) < 0)
		return util_refuse(-EINVAL, error, error_size,
				   "\"generation\" and \"started_wall_ns\" must not be negative");
	r = take_optional(j, "cgroup", &m.cgroup);
	if (r == 0)
		r = take_optional(j, "bundle", &m.bundle);
	if (r == 0)
		r = take_optional(j, "runtime", &m.runtime);
	if (r == 0 && take_annotations(j, &m) < 0)
		return util_refuse(-EINVAL, error, error_size, "\"annotations\" must be an object");
	if (r == -EINVAL)
		return util_refuse(
		    -EINVAL, error, error_size,
		    "\"cgroup\", \"bundle\" and \"runtime\" must be shorter than %d bytes",
		    PATH_MAX);
	if (r < 0)
		return r;
	*ret = m;
	m = (struct meta){};
	return 0;
}

static void put_optional(struct json_out *o, const char *key, const char *s)
{
	if (s)
		json_out_member_string(o, key, s);
}

static void put_annotations(struct json_out *o, const struct meta *m)
{
	if (m->annotations_n == 0 && !m->annotations_cut)
		return;
	json_out_key(o, "annotations");
	json_out_open_object(o);
	for (size_t i = 0; i < m->annotations_n; i++) {
		const char *value = m->annotations[i].value;

		json_out_key(o, m->annotations[i].key);
		if (value)
			json_out_string(o, value, strlen(value));
		else
			json_out_null(o);
	}
	json_out_close_object(o);
	if (m->annotations_cut)
		json_out_member_bool(o, "annotations_cut", true);
}

int meta_to_json(const struct meta *m, struct json_out *o)
{
	if (m->cgroup_id > INT64_MAX || m->generation > INT64_MAX || m->started_wall_ns > INT64_MAX)
		return -EINVAL;
	json_out_open_object(o);
	json_out_member_string(o, "id", m->id);
	json_out_member_string(o, "name", m->name);
	json_out_member_string(o, "key", m->key);
	json_out_member_string(o, "policy", m->policy);
	json_out_member_unsigned(o, "generation", m->generation);
	json_out_member_unsigned(o, "cgroup_id", m->cgroup_id);
	json_out_member_unsigned(o, "started_wall_ns", m->started_wall_ns);
	put_optional(o, "cgroup", m->cgroup);
	put_optional(o, "bundle", m->bundle);
	put_optional(o, "runtime", m->runtime);
	put_annotations(o, m);
	json_out_close_object(o);
	return 0;
}

void meta_release(struct meta *m)
{
	if (!m)
		return;
	free(m->cgroup);
	free(m->bundle);
	free(m->runtime);
	for (size_t i = 0; i < m->annotations_n; i++) {
		free(m->annotations[i].key);
		free(m->annotations[i].value);
	}
	free(m->annotations);
	m->cgroup = m->bundle = m->runtime = NULL;
	m->annotations = NULL;
	m->annotations_n = 0;
}
