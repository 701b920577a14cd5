/* SPDX-License-Identifier: Apache-2.0 */
/* See removal.h. First the line, then the database under another name: from there on it is gone,
 * and the rest can be done again. */
#include "sidecar/node/removal.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/json.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "sidecar/node/store_inside.h"
#include "sidecar/node/verify.h"

#define GONE ".gone"

static void put_when(struct json_out *o, const char *key, uint64_t wall_ns)
{
	char when[WHEN_SIZE];

	when_put((int64_t)wall_ns, when);
	json_out_member_string(o, key, when);
}

static void put_line(struct store *s, struct life *l, const char *why, struct json_out *o)
{
	uint64_t links = 0, used = 0, unused = 0;

	(void)store_space(s, l, &used, &unused);
	json_out_open_object(o);
	json_out_member_string(o, "id", l->meta.id);
	json_out_member_string(o, "name", l->meta.name);
	put_when(o, "started", l->meta.started_wall_ns);
	put_when(o, "ended", l->ended_wall_ns);
	put_when(o, "removed", util_wall_ns());
	json_out_member_string(o, "why", why);
	json_out_member_unsigned(o, "last", l->any ? l->high : 0);
	json_out_member_unsigned(o, "bytes", used + unused);
	json_out_key(o, "anchor");
	if (verify_anchor_json(s, l, l->meta.id, o, &links) < 0)
		json_out_null(o); /* a file that cannot be read */
	json_out_close_object(o);
}

static int append(const char *list, const char *line, size_t len)
{
	_close_ int fd = open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	char older[PATH_MAX];
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = util_write_all(fd, line, len);
	if (r == 0)
		r = util_write_all(fd, "\n", 1);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	snprintf(older, sizeof(older), "%s.1", list);
	if (r == 0 && st.st_size > REMOVAL_LIST_MAX)
		(void)rename(list, older);
	return r;
}

static void unlink_rest(const struct store *s, const char *file)
{
	static const char *const parts[] = {"-wal", "-shm", GONE};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%.*s.seal", s->seals, (int)strlen(file) - 3, file);
	(void)unlink(path);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", s->dir, file, parts[i]);
		(void)unlink(path);
	}
}

static int say(struct store *s, struct life *l, const char *why, const char *list)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *line;
	size_t len;
	int r = -ENOMEM;

	if (o) {
		put_line(s, l, why, o);
		r = json_out_text(o, &line, &len);
	}
	if (r == 0)
		r = append(list, line, len);
	/* The disk may be full, and this makes room: then the log alone has it. */
	return r == -ENOSPC || r == -EDQUOT ? 0 : r;
}

int removal_do(struct store *s, struct lives *all, struct life *l, const char *why,
	       const char *list)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = say(s, l, why, list);

	if (r < 0)
		return r;
	snprintf(from, sizeof(from), "%s/%s", s->dir, l->file);
	snprintf(to, sizeof(to), "%s/%s%s", s->dir, l->file, GONE);
	store_close_life(s, l);
	if (rename(from, to) < 0 && errno != ENOENT)
		return -errno;
	unlink_rest(s, l->file);
	log_info("removed the record of container %s (%s), numbers up to %" PRIu64 ": %s",
		 l->meta.id, l->file, l->any ? l->high : 0, why);
	lives_remove(all, l);
	return 0;
}

void removal_finish(const struct store *s)
{
	DIR *dir = opendir(s->dir);
	struct dirent *entry;
	char file[LIFE_FILE_MAX];

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), end = strlen(".db" GONE);

		if (len <= end || len >= sizeof(file) ||
		    strcmp(entry->d_name + len - end, ".db" GONE) != 0)
			continue;
		snprintf(file, sizeof(file), "%.*s", (int)(len - strlen(GONE)), entry->d_name);
		unlink_rest(s, file);
	}
	if (dir)
		closedir(dir);
}

/* A line of ours that speaks of that word. */
static bool speaks(const char *line, size_t len, const char *word, char *ret, size_t size)
{
	_json_ struct json *j = NULL;
	char error[128];
	const char *id;

	if (!memmem(line, len, word, strlen(word)) ||
	    json_parse(line, len, false, &j, error, sizeof(error)) < 0)
		return false;
	id = json_get_string(j, "id", "");
	if (strncmp(id, word, strlen(word)) != 0 &&
	    strcmp(json_get_string(j, "name", ""), word) != 0)
		return false;
	snprintf(ret, size,
		 "the record of '%s' (%s, ended %.19sZ) was removed at %.19sZ by retention: %s",
		 word, id, json_get_string(j, "ended", ""), json_get_string(j, "removed", ""),
		 json_get_string(j, "why", ""));
	return true;
}

bool removal_find(const char *list, const char *word, char *ret, size_t size)
{
	_free_ char *text = NULL;
	size_t len;

	if (!*word || util_read_file(AT_FDCWD, list, 2 * REMOVAL_LIST_MAX, &text, &len) < 0)
		return false;
	while (len > 0) {
		const char *begin;

		len--; /* the newline */
		begin = len > 0 ? memrchr(text, '\n', len) : NULL;
		begin = begin ? begin + 1 : text;
		if (speaks(begin, len - (size_t)(begin - text), word, ret, size))
			return true;
		len = (size_t)(begin - text);
	}
	return false;
}
