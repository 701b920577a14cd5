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

struct pairs {
	struct meta_annotation **list;
	size_t *n;
	bool *cut;
	size_t n_max, size_max;
};

static struct meta_annotation *find_pair(struct meta_annotation *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].key, key) == 0)
			return &list[i];
	return NULL;
}

static int take_pairs(const struct pairs *p, const struct json *object)
{
	size_t left = p->size_max;

	*p->list = calloc(p->n_max, sizeof(**p->list));
	if (!*p->list)
		return -ENOMEM;
	for (const struct json *j = object ? object->child : NULL; j; j = j->next) {
		struct meta_annotation *a = find_pair(*p->list, *p->n, j->key);
		size_t len = strlen(j->key) + 1;
		const char *value;

		if (a) { /* a runtime may go by either */
			free(a->value);
			a->value = NULL;
			*p->cut = true;
			continue;
		}
		a = &(*p->list)[*p->n];
		if (*p->n == p->n_max || len > META_ANNOTATION_KEY_MAX || len > left ||
		    !printable(j->key)) {
			*p->cut = true;
			continue;
		}
		left -= len;
		value = value_of(j, left);
		left -= value ? strlen(value) + 1 : 0;
		(*p->n)++;
		a->key = strdup(j->key);
		a->value = value ? strdup(value) : NULL;
		if (!a->key || (value && !a->value))
			return -ENOMEM;
	}
	return 0;
}

int meta_take_annotations(struct meta *m, const struct json *annotations)
{
	return take_pairs(&(struct pairs){&m->annotations, &m->annotations_n, &m->annotations_cut,
					  META_ANNOTATIONS_MAX, META_ANNOTATIONS_SIZE},
			  annotations);
}

int meta_take_labels(struct meta *m, const struct json *labels)
{
	return take_pairs(&(struct pairs){&m->labels, &m->labels_n, &m->labels_cut,
					  META_LABELS_MAX, META_LABELS_SIZE},
			  labels);
}

int meta_take_word(const char *text, char **ret)
{
	char *copy;

	if (!text || !*text || strlen(text) >= META_WORD_MAX || !printable(text))
		return 0;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*ret);
	*ret = copy;
	return 0;
}

const struct meta_annotation *meta_annotation(const struct meta *m, const char *key)
{
	return find_pair(m->annotations, m->annotations_n, key);
}

/* An object of the meta's own, as json_out wrote it. */
static int take_object(const struct json *j, const char *key, const char *cut_key,
		       int (*take)(struct meta *m, const struct json *object), bool *cut,
		       struct meta *m)
{
	const struct json *was_cut = json_get(j, cut_key);
	const struct json *object = json_get(j, key);
	int r;

	if (!object)
		return 0;
	if (object->type != JSON_OBJECT)
		return -EINVAL;
	r = take(m, object);
	*cut |= was_cut && was_cut->boolean;
	return r;
}

/* What its engine says of it. */
static int take_said(const struct json *j, struct meta *m)
{
	int r = meta_take_word(json_get_string(j, "image", NULL), &m->image);

	if (r == 0)
		r = meta_take_word(json_get_string(j, "pod", NULL), &m->pod);
	if (r == 0)
		r = meta_take_word(json_get_string(j, "namespace", NULL), &m->namespace);
	if (r == 0)
		r = take_object(j, "labels", "labels_cut", meta_take_labels, &m->labels_cut, m);
	return r < 0 ? r : take_object(j, "annotations", "annotations_cut", meta_take_annotations,
				       &m->annotations_cut, m);
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
	if (r == 0 && take_said(j, &m) < 0)
		return util_refuse(-EINVAL, error, error_size,
				   "\"annotations\" and \"labels\" must be objects");
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

void meta_put_pairs(struct json_out *o, const struct meta_annotation *list, size_t n)
{
	json_out_open_object(o);
	for (size_t i = 0; i < n; i++) {
		json_out_key(o, list[i].key);
		if (list[i].value)
			json_out_string(o, list[i].value, strlen(list[i].value));
		else
			json_out_null(o);
	}
	json_out_close_object(o);
}

static void put_pairs(struct json_out *o, const char *key, const char *cut_key,
		      const struct meta_annotation *list, size_t n, bool cut)
{
	if (n == 0 && !cut)
		return;
	json_out_key(o, key);
	meta_put_pairs(o, list, n);
	if (cut)
		json_out_member_bool(o, cut_key, true);
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
	put_optional(o, "image", m->image);
	put_optional(o, "pod", m->pod);
	put_optional(o, "namespace", m->namespace);
	put_pairs(o, "labels", "labels_cut", m->labels, m->labels_n, m->labels_cut);
	put_pairs(o, "annotations", "annotations_cut", m->annotations, m->annotations_n,
		  m->annotations_cut);
	json_out_close_object(o);
	return 0;
}

static void free_pairs(struct meta_annotation **list, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		free((*list)[i].key);
		free((*list)[i].value);
	}
	free(*list);
	*list = NULL;
	*n = 0;
}

void meta_release(struct meta *m)
{
	if (!m)
		return;
	free(m->cgroup);
	free(m->bundle);
	free(m->runtime);
	free(m->image);
	free(m->pod);
	free(m->namespace);
	m->cgroup = m->bundle = m->runtime = m->image = m->pod = m->namespace = NULL;
	free_pairs(&m->labels, &m->labels_n);
	free_pairs(&m->annotations, &m->annotations_n);
}
