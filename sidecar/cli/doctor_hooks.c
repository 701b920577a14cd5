/* SPDX-License-Identifier: Apache-2.0 */
/* Where container engines are told of our hook: the hooks.d directories of podman and CRI-O. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include "doctor.h"
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"

#define HOOK_FILE_MAX (64u << 10)
#define HOOK_NAME "reeve-hook"
#define NAME "registered"

/* The first is read by podman and CRI-O as they come, the second only where configured. */
static const struct {
	const char *path;
	bool by_default;
} dirs[] = {{"/usr/share/containers/oci/hooks.d", true}, {"/etc/containers/oci/hooks.d", false}};

struct ears {
	void (*say)(void *arg, const char *name, enum doctor_status status, const char *text);
	void *arg;
	unsigned found;
};

static void stages_of(const struct json *root, char *ret, size_t size)
{
	const struct json *stages = json_get(root, "stages");
	size_t at = 0;

	ret[0] = '\0';
	for (const struct json *s = stages ? stages->child : NULL; s && at < size; s = s->next)
		if (s->type == JSON_STRING)
			at += (size_t)snprintf(ret + at, size - at, "%s%.16s", at ? ", " : "",
					       s->string);
}

static bool is_ours(const char *path)
{
	const char *base = path ? strrchr(path, '/') : NULL;

	return base && strcmp(base + 1, HOOK_NAME) == 0;
}

static void look_at_file(struct ears *e, int dir_fd, const char *name, size_t dir)
{
	struct json *root _json_ = NULL;
	_free_ char *data = NULL;
	char error[128], stages[64], text[HOST_TEXT_MAX];
	const char *path;
	size_t len;

	if (util_read_file(dir_fd, name, HOOK_FILE_MAX, &data, &len) < 0 ||
	    json_parse(data, len, false, &root, error, sizeof(error)) < 0)
		return;
	path = json_get_string(json_get(root, "hook"), "path", NULL);
	if (!is_ours(path))
		return;
	e->found++;
	stages_of(root, stages, sizeof(stages));
	if (access(path, X_OK) < 0) {
		snprintf(text, sizeof(text),
			 "%s/%.40s names %.80s, which cannot be run: containers will fail to "
			 "start; correct the path",
			 dirs[dir].path, name, path);
		e->say(e->arg, NAME, DOCTOR_NOT_OK, text);
		return;
	}
	snprintf(text, sizeof(text), "%s/%.40s (%s)%s", dirs[dir].path, name, stages,
		 dirs[dir].by_default ? ""
				      : ": read only where containers.conf or crio.conf names "
					"this directory in hooks_dir");
	e->say(e->arg, NAME, dirs[dir].by_default ? DOCTOR_OK : DOCTOR_NOTE, text);
}

static bool is_json(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

void doctor_hooks(void (*say)(void *arg, const char *name, enum doctor_status status,
			      const char *text),
		  void *arg)
{
	struct ears e = {.say = say, .arg = arg};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		DIR *d = opendir(dirs[i].path);
		struct dirent *entry;

		while (d && (entry = readdir(d)))
			if (is_json(entry->d_name))
				look_at_file(&e, dirfd(d), entry->d_name, i);
		if (d)
			closedir(d);
	}
	if (e.found == 0)
		say(arg, NAME, DOCTOR_NOTE,
		    "in no hooks.d directory: 'reeve install' puts it where the runtimes of "
		    "this host look, or name reeve-hook in a bundle's config.json");
}
