// SPDX-License-Identifier: Apache-2.0
/* See identity.h. A container that is in podman's or docker's own files is theirs, whatever its
 * annotations say, which a tenant may write. Nothing here is worth refusing a container for. */
#include "identity.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"

#define CONFIG_SIZE_MAX (16u << 20)
#define LIST_SIZE_MAX (8u << 20) /* podman's list of containers: some 600 bytes each */

/* NULL: not there, or not root's. */
static char *read_text(const char *path, size_t size_max, size_t *ret_len)
{
	_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    util_read_all(fd, size_max, 0, &text, ret_len) < 0)
		return NULL;
	return text;
}

/* NULL: likewise, or no JSON. */
static struct json *read_json(const char *path, size_t size_max)
{
	size_t len;
	_free_ char *text = read_text(path, size_max, &len);
	struct json *j = NULL;

	return text && json_parse_foreign(text, len, &j, NULL, 0) == 0 ? j : NULL;
}

static const char *annotation(const struct state *s, const char *key)
{
	const struct meta_annotation *a = meta_annotation(&s->annotated, key);

	return a ? a->value : NULL;
}

static int by_annotations(struct state *s)
{
	struct meta *m = &s->annotated;
	const struct {
		enum meta_said said;
		char **to;
	} rows[] = {{META_SAID_IMAGE, &m->image},
		    {META_SAID_NAMESPACE, &m->namespace},
		    {META_SAID_POD, &m->pod}};
	const char *labels = annotation(s, "io.kubernetes.cri-o.Labels");
	_json_ struct json *j = NULL;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (const char *const *k = meta_said_by[rows[i].said];
		     r == 0 && !*rows[i].to && *k; k++)
			if (!s->crio || meta_crio_says(*k))
				r = meta_take_word(annotation(s, *k), rows[i].to);
	if (r == 0 && labels && json_parse_foreign(labels, strlen(labels), &j, NULL, 0) == 0 &&
	    j->type == JSON_OBJECT)
		r = meta_take_labels(m, j);
	return r;
}

/* The part of path that is n slashes up: 1 is its directory. 0: it has not that many. */
static size_t up(const char *path, unsigned n)
{
	size_t len = strlen(path);

	while (n > 0 && len > 0)
		n -= path[--len] == '/';
	return n == 0 ? len : 0;
}

/* Whether the directory path[0..len) is called id. */
static bool is_called(const char *path, size_t len, const char *id)
{
	size_t id_len = strlen(id);

	return len > id_len && path[len - id_len - 1] == '/' &&
	       memcmp(path + len - id_len, id, id_len) == 0;
}

/* Its engine's own files have it: a name that annotations gave it counts no more. */
static void claim(struct state *s, bool *found)
{
	strcpy(s->name, s->id);
	*found = true;
}

/* podman keeps a list beside its containers' directories: .../overlay-containers/ID/userdata is the
 * bundle. */
static int by_podman_list(struct state *s, size_t base, const char *file, bool *found)
{
	char path[PATH_MAX];
	_json_ struct json *list = NULL, *data = NULL;
	const struct json *names;
	const char *text;

	if (snprintf(path, sizeof(path), "%.*s/%s", (int)base, s->bundle, file) >= PATH_MAX)
		return 0;
	list = read_json(path, LIST_SIZE_MAX);
	if (!list || list->type != JSON_ARRAY)
		return 0;
	for (const struct json *c = list->child; c; c = c->next) {
		if (strcmp(json_get_string(c, "id", ""), s->id) != 0)
			continue;
		claim(s, found);
		names = json_get(c, "names"); /* the first is what `podman rename` changes */
		if (names && names->type == JSON_ARRAY && names->child && names->child->string)
			state_take_name(s, names->child->string);
		text = json_get_string(c, "metadata", "");
		if (json_parse_foreign(text, strlen(text), &data, NULL, 0) < 0)
			return 0;
		if (!names || !names->child)
			state_take_name(s, json_get_string(data, "name", ""));
		return meta_take_word(json_get_string(data, "image-name", NULL),
				      &s->annotated.image);
	}
	return 0;
}

/* A pod of podman is known by its infra container, whose host name is the pod's name. */
static int by_podman_pod(struct state *s, size_t base)
{
	const char *infra = annotation(s, "io.kubernetes.cri-o.SandboxID");
	_json_ struct json *config = NULL;
	char path[PATH_MAX];

	if (!infra && meta_is_infra(s->name))
		infra = s->id;
	if (!infra || !meta_id_valid(infra) ||
	    snprintf(path, sizeof(path), "%.*s/%s/userdata/config.json", (int)base, s->bundle,
		     infra) >= PATH_MAX)
		return 0;
	config = read_json(path, CONFIG_SIZE_MAX);
	return meta_take_word(json_get_string(config, "hostname", NULL), &s->annotated.pod);
}

static int by_podman(struct state *s, bool *found)
{
	size_t own = up(s->bundle, 1), base = up(s->bundle, 2);
	int r;

	if (strcmp(s->bundle + own, "/userdata") != 0 || !is_called(s->bundle, own, s->id))
		return 0;
	r = by_podman_list(s, base, "containers.json", found);
	if (r == 0 && !*found)
		r = by_podman_list(s, base, "volatile-containers.json", found); /* those of --rm */
	return r < 0 || !*found ? r : by_podman_pod(s, base);
}

/* containers is docker's directory of them, of which each is called by its id. */
static int by_docker_file(struct state *s, const char *containers, size_t len, bool *found)
{
	char path[PATH_MAX];
	_json_ struct json *j = NULL;
	const struct json *config, *labels;
	const char *name;
	int r;

	if (snprintf(path, sizeof(path), "%.*s/%s/config.v2.json", (int)len, containers, s->id) >=
	    PATH_MAX)
		return 0;
	j = read_json(path, CONFIG_SIZE_MAX);
	if (strcmp(json_get_string(j, "ID", ""), s->id) != 0)
		return 0;
	claim(s, found);
	name = json_get_string(j, "Name", "");
	state_take_name(s, name + (name[0] == '/'));
	config = json_get(j, "Config");
	r = meta_take_word(json_get_string(config, "Image", NULL), &s->annotated.image);
	labels = json_get(config, "Labels");
	return r == 0 && labels && labels->type == JSON_OBJECT
		   ? meta_take_labels(&s->annotated, labels)
		   : r;
}

/* docker's directory of a container holds what is mounted as /etc/hostname and others: its own, or
 * that of the one whose network it joins. */
static int by_docker(struct state *s, bool *found)
{
	static const char *const mounted[] = {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"};
	_json_ struct json *config = NULL;
	_free_ char *text = NULL;
	char path[PATH_MAX];
	size_t len;

	if (snprintf(path, sizeof(path), "%s/config.json", s->bundle) >= PATH_MAX)
		return 0;
	text = read_text(path, CONFIG_SIZE_MAX, &len);
	/* Most are nobody's but a runtime's: reading those as JSON would be a part of every start.
	 */
	if (!text || !memmem(text, len, s->id, strlen(s->id)) ||
	    json_parse_foreign(text, len, &config, NULL, 0) < 0)
		return 0;
	for (const struct json *m = json_get(config, "mounts") ? json_get(config, "mounts")->child
							       : NULL;
	     m && !*found; m = m->next) {
		const char *to = json_get_string(m, "destination", "");
		const char *from = json_get_string(m, "source", "");
		int r = 0;

		for (size_t i = 0; i < ARRAY_SIZE(mounted); i++)
			if (strcmp(to, mounted[i]) == 0 && from[0] == '/')
				r = by_docker_file(s, from, up(from, 2), found);
		if (r < 0)
			return r;
	}
	return 0;
}

int identity_find(struct state *s)
{
	bool found = false;
	int r = by_podman(s, &found);

	if (r == 0 && !found && !s->crio)
		r = by_docker(s, &found);
	return r < 0 || found ? r : by_annotations(s);
}
