/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of source.h: read all, check all, write all beside the old ones, exchange the two. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/node/source.h"
#include "sidecar/policy/policy.h"

#define FILES_MAX 256
#define TOTAL_MAX (32u << 20) /* bytes; a ConfigMap has at most one million */

struct set {
	struct {
		char *name, *text;
		size_t len;
	} of[FILES_MAX];
	size_t n, total;
};

static void set_release(struct set *s)
{
	while (s->n > 0) {
		s->n--;
		free(s->of[s->n].name);
		free(s->of[s->n].text);
	}
}
#define _set_ __attribute__((cleanup(set_release)))

static int is_policy(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

static int add(struct set *s, int dir, const char *name)
{
	char *text;
	size_t len;
	int r;

	if (s->n == FILES_MAX)
		return -E2BIG;
	r = util_read_file(dir, name, POLICY_TEXT_MAX, &text, &len);
	if (r < 0)
		return r;
	s->of[s->n].text = text;
	s->of[s->n].len = len;
	s->of[s->n].name = strdup(name);
	s->total += len;
	s->n++;
	return !s->of[s->n - 1].name ? -ENOMEM : s->total > TOTAL_MAX ? -E2BIG : 0;
}

/* In the order of their names, so that two sets can be compared. */
static int read_set(int dir, struct set *s)
{
	struct dirent **entries = NULL;
	int n = scandirat(dir, ".", &entries, is_policy, alphasort), r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add(s, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static bool same(const struct set *a, const struct set *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (strcmp(a->of[i].name, b->of[i].name) != 0 || a->of[i].len != b->of[i].len ||
		    memcmp(a->of[i].text, b->of[i].text, a->of[i].len) != 0)
			return false;
	return a->n == b->n;
}

static int check(const struct set *s, char *error, size_t error_size)
{
	for (size_t i = 0; i < s->n; i++) {
		_policy_ struct policy *p = NULL;
		int r =
		    policy_parse(s->of[i].text, s->of[i].len, s->of[i].name, &p, error, error_size);

		if (r < 0)
			return r;
	}
	return 0;
}

static int write_set(const char *path, const struct set *s, const char *from)
{
	_close_ int dir = -1;
	char file[PATH_MAX + 300];
	int r;

	if (mkdir(path, 0755) < 0)
		return -errno;
	snprintf(file, sizeof(file), "%s/" SOURCE_MARK, path);
	r = util_write_file(file, from, strlen(from), 0644);
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		if (snprintf(file, sizeof(file), "%s/%s", path, s->of[i].name) >= (int)sizeof(file))
			return -ENAMETOOLONG;
		r = util_write_file(file, s->of[i].text, s->of[i].len, 0644);
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r == 0 && (dir < 0 || fsync(dir) < 0) ? -errno : r;
}

/* One of ours: files only. Not there is fine. */
static int remove_set(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int r;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	r = rmdir(path);
	return r < 0 ? -errno : 0;
}

static int exchange(const char *made, const char *to)
{
	if (renameat2(AT_FDCWD, made, AT_FDCWD, to, RENAME_EXCHANGE) == 0)
		return remove_set(made);
	return errno == ENOENT && rename(made, to) == 0 ? 0 : -errno;
}

/* 1: to may be replaced, and current has what it holds; 0: there is none. */
static int look_at(const char *to, struct set *current)
{
	_close_ int dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	r = read_set(dir, current);
	if (r == 0 && faccessat(dir, SOURCE_MARK, F_OK, 0) < 0)
		return current->n ? -EEXIST : 0;
	return r < 0 ? r : 1;
}

static int open_source(const char *from)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/..data", from);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int source_copy(const char *from, const char *to, char *error, size_t error_size)
{
	_set_ struct set wanted = {}, current = {};
	_close_ int dir = open_source(from);
	char made[PATH_MAX];
	mode_t mask;
	int r = dir < 0 ? dir : read_set(dir, &wanted);

	if (r < 0)
		return util_refuse(r, error, error_size, "cannot read %s: %s", from, strerror(-r));
	r = check(&wanted, error, error_size);
	if (r < 0)
		return r;
	r = look_at(to, &current);
	if (r == -EEXIST)
		return util_refuse(r, error, error_size,
				   "%s holds policies that came from elsewhere: move them to where "
				   "%s comes from",
				   to, from);
	if (r < 0)
		return util_refuse(r, error, error_size, "cannot read %s: %s", to, strerror(-r));
	if (r == 1 && same(&wanted, &current))
		return 0;
	snprintf(made, sizeof(made), "%s.new", to);
	r = remove_set(made);
	mask = umask(0022);
	if (r == 0)
		r = write_set(made, &wanted, from);
	umask(mask);
	if (r == 0)
		r = exchange(made, to);
	return r < 0 ? util_refuse(r, error, error_size, "cannot replace %s: %s", to, strerror(-r))
		     : 1;
}
