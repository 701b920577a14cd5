/* SPDX-License-Identifier: Apache-2.0 */
/* See kept.h: names of files, and what is done with them. What is in them is kept_text.c's. No fsync:
 * a power cut ends the containers as well, and what the node has taken it keeps safely. */
#include "kept_put.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"

/* The second where the first cannot be written. */
static const char *const dirs[] = {PATH_KEPT, PATH_KEPT_FALLBACK};

#define SUFFIX_NEW ".new"
#define SUFFIX_REFUSED ".refused"

static void path_of(char ret[static PATH_MAX], const char *dir, const struct kept_id *id,
		    uint32_t version, bool changing)
{
	snprintf(ret, PATH_MAX, "%s/%s-%016" PRIx64 "-%08x%s", dir, id->key, id->generation,
		 version, changing ? SUFFIX_NEW : "");
}

static int make_dir(const char *dir)
{
	char parent[PATH_MAX];
	int r;

	snprintf(parent, sizeof(parent), "%s", dir);
	*strrchr(parent, '/') = '\0';
	r = util_mkdir_p(parent, 0755);
	if (r == 0 && mkdir(dir, 0700) < 0 && errno != EEXIST)
		r = -errno;
	return r;
}

static int write_file(const char *path, const void *data, size_t len)
{
	char temporary[PATH_MAX + 8];
	_close_ int fd = -1;
	int r;

	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = util_write_all(fd, data, len);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

int kept_put(const struct kept_id *id, uint32_t version, bool changing, const void *data,
	     size_t len)
{
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < ARRAY_SIZE(dirs); i++) {
		r = make_dir(dirs[i]);
		path_of(path, dirs[i], id, version, changing);
		if (r == 0)
			r = write_file(path, data, len);
	}
	return r;
}

int kept_read(const struct kept_id *id, uint32_t version, struct kept *ret)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < 2 * ARRAY_SIZE(dirs); i++) {
		char *data;
		size_t len;
		int r;

		path_of(path, dirs[i / 2], id, version, i % 2 == 0);
		r = util_read_file(AT_FDCWD, path, KEPT_SIZE_MAX, &data, &len);
		if (r == 0)
			return kept_parse(data, len, ret);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

int kept_settle(const struct kept_id *id, uint32_t version, bool made)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(dirs); i++) {
		path_of(from, dirs[i], id, version, true);
		path_of(to, dirs[i], id, version, false);
		r = (made ? rename(from, to) : unlink(from)) < 0 ? -errno : 0;
	}
	return r;
}

static bool hex(const char **at, size_t digits, uint64_t *ret)
{
	if (strspn(*at, "0123456789abcdef") != digits)
		return false;
	*ret = strtoull(*at, NULL, 16);
	*at += digits;
	return true;
}

static bool understand(const char *name, struct kept_file *f)
{
	const char *at = name;
	uint64_t n;

	f->name = name;
	f->version = 0;
	f->changing = false;
	if (!hex(&at, KEY_SIZE - 1, &n) || *at++ != '-')
		return false;
	memcpy(f->id.key, name, KEY_SIZE - 1);
	f->id.key[KEY_SIZE - 1] = '\0';
	if (!hex(&at, 16, &f->id.generation))
		return false;
	if (strcmp(at, SUFFIX_REFUSED) == 0)
		return true;
	if (*at++ != '-' || !hex(&at, 8, &n) || n == 0)
		return false;
	f->version = (uint32_t)n;
	f->changing = strcmp(at, SUFFIX_NEW) == 0;
	return f->changing || *at == '\0';
}

void kept_each(void (*each)(void *arg, const struct kept_file *f), void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		DIR *dir = opendir(dirs[i]);
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			struct kept_file f = {.dir_fd = dirfd(dir)};

			if (understand(entry->d_name, &f) &&
			    fstatat(f.dir_fd, f.name, &f.st, AT_SYMLINK_NOFOLLOW) == 0)
				each(arg, &f);
		}
		if (dir)
			closedir(dir);
	}
}

static bool same_life(const struct kept_id *a, const struct kept_id *b)
{
	return a->generation == b->generation && strcmp(a->key, b->key) == 0;
}

struct search {
	const struct kept_id *id;
	uint32_t version; /* of a change under way, 0 none */
	unsigned n;
	struct timespec oldest;
};

static void find_changing(void *arg, const struct kept_file *f)
{
	struct search *s = arg;

	if (f->changing && same_life(&f->id, s->id))
		s->version = f->version;
}

int kept_changing(const struct kept_id *id, uint32_t *ret_version)
{
	struct search s = {.id = id};

	kept_each(find_changing, &s);
	if (!s.version)
		return -ENOENT;
	*ret_version = s.version;
	return 0;
}

static void find_oldest(void *arg, const struct kept_file *f)
{
	struct search *s = arg;
	const struct timespec *t = &f->st.st_mtim;

	if (!f->version || f->changing || !same_life(&f->id, s->id))
		return;
	if (s->n++ && (t->tv_sec > s->oldest.tv_sec ||
		       (t->tv_sec == s->oldest.tv_sec && t->tv_nsec >= s->oldest.tv_nsec)))
		return;
	s->oldest = *t;
	s->version = f->version;
}

void kept_prune(const struct kept_id *id)
{
	struct search s = {.id = id};
	char path[PATH_MAX];

	kept_each(find_oldest, &s);
	for (size_t i = 0; s.n > KEPT_VERSIONS_MAX && i < ARRAY_SIZE(dirs); i++) {
		path_of(path, dirs[i], id, s.version, false);
		unlink(path);
	}
}

static void refused_path(char ret[static PATH_MAX], const char *dir, const struct kept_id *id)
{
	snprintf(ret, PATH_MAX, "%s/%s-%016" PRIx64 SUFFIX_REFUSED, dir, id->key, id->generation);
}

void kept_refuse(const struct kept_id *id, const char *why)
{
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		refused_path(path, dirs[i], id);
		if (!why)
			unlink(path);
		else if (r < 0 && (r = make_dir(dirs[i])) == 0)
			r = write_file(path, why, strnlen(why, KEPT_REFUSED_MAX - 1));
	}
}

int kept_refused(const struct kept_id *id, char ret[static KEPT_REFUSED_MAX])
{
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(dirs); i++) {
		_free_ char *text = NULL;
		size_t len;

		refused_path(path, dirs[i], id);
		r = util_read_file(AT_FDCWD, path, KEPT_REFUSED_MAX - 1, &text, &len);
		if (r == 0)
			memcpy(ret, text, len + 1);
	}
	return r;
}
