// SPDX-License-Identifier: Apache-2.0
/* See conf.h. */
#include "conf.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "sidecar/common/json.h"
#include "sidecar/common/util.h"

void conf_release(struct conf *c)
{
	json_free(c->root);
	c->root = NULL;
}

static int refuse(const char *path, const struct json *j, const char *what, char *error,
		  size_t error_size)
{
	return util_refuse(-EINVAL, error, error_size, "%s:%d:%d: %s", path, j->line, j->column,
			   what);
}

/* "" or an absolute path. */
static int take_path(const char *path, const struct json *j, char ret[static PATH_MAX], char *error,
		     size_t error_size)
{
	if (j->type != JSON_STRING || j->string[0] != '/' || strlen(j->string) >= PATH_MAX)
		return refuse(path, j, "expected the absolute path of a program", error,
			      error_size);
	strcpy(ret, j->string);
	return 0;
}

static int take_hook(const char *path, const struct json *j, struct conf *c, char *error,
		     size_t error_size)
{
	size_t n = 1;
	int r;

	if (j->type != JSON_ARRAY || j->count == 0 || j->count > CONF_HOOK_MAX)
		return refuse(path, j, "expected an array, the hook's path and its arguments",
			      error, error_size);
	r = take_path(path, j->child, c->hook_path, error, error_size);
	for (const struct json *a = j->child->next; r == 0 && a; a = a->next) {
		if (a->type != JSON_STRING)
			return refuse(path, a, "expected a string, an argument of the hook", error,
				      error_size);
		c->hook[n++] = a->string;
	}
	return r;
}

static int take_fail(const char *path, const struct json *j, struct conf *c, char *error,
		     size_t error_size)
{
	const char *word = j->type == JSON_STRING ? j->string : "";

	c->fail_closed = strcmp(word, "closed") == 0;
	if (c->fail_closed || strcmp(word, "open") == 0)
		return 0;
	return refuse(path, j, "expected \"open\" or \"closed\"", error, error_size);
}

static int take_members(const char *path, bool makes, struct conf *c, char *error,
			size_t error_size)
{
	int r = 0;

	if (c->root->type != JSON_OBJECT)
		return refuse(path, c->root, "expected an object", error, error_size);
	for (const struct json *j = c->root->child; j && r == 0; j = j->next) {
		if (strcmp(j->key, "runtime") == 0)
			r = take_path(path, j, c->runtime, error, error_size);
		else if (!makes)
			continue;
		else if (strcmp(j->key, "hook") == 0)
			r = take_hook(path, j, c, error, error_size);
		else if (strcmp(j->key, "fail") == 0)
			r = take_fail(path, j, c, error, error_size);
		else
			r = refuse(path, j,
				   "expected the members \"runtime\", \"hook\" and "
				   "\"fail\" alone",
				   error, error_size);
	}
	return r;
}

static int read_file(const char *path, bool makes, struct conf *c, char *error, size_t error_size)
{
	_free_ char *text = NULL;
	char why[200];
	size_t len;
	int r = util_read_file(AT_FDCWD, path, CONF_SIZE_MAX, &text, &len);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return util_refuse(r, error, error_size, "%s cannot be read (%s)", path,
				   r == -EFBIG ? "it is too big" : strerror(-r));
	r = json_parse(text, len, true, &c->root, why, sizeof(why));
	if (r < 0)
		return util_refuse(r, error, error_size, "%s:%s", path, why);
	return take_members(path, makes, c, error, error_size);
}

int conf_read(const char *path, bool makes, struct conf *ret, char *error, size_t error_size)
{
	int r;

	*ret = (struct conf){};
	r = util_sibling("reeve-hook", ret->hook_path, sizeof(ret->hook_path));
	if (r < 0)
		return util_refuse(r, error, error_size, "find reeve-hook beside this program: %s",
				   strerror(-r));
	r = read_file(path, makes, ret, error, error_size);
	if (r < 0)
		conf_release(ret);
	ret->hook[0] = ret->hook_path;
	return r;
}

/* By content: a copy of this program would run itself for ever. */
static bool same_content(int a, int b, size_t size)
{
	void *x = mmap(NULL, size, PROT_READ, MAP_PRIVATE, a, 0);
	void *y = mmap(NULL, size, PROT_READ, MAP_PRIVATE, b, 0);
	bool same = x != MAP_FAILED && y != MAP_FAILED && memcmp(x, y, size) == 0;

	if (x != MAP_FAILED)
		munmap(x, size);
	if (y != MAP_FAILED)
		munmap(y, size);
	return same;
}

static bool is_self(const char *path)
{
	_close_ int other = open(path, O_RDONLY | O_CLOEXEC);
	_close_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat a, b;

	if (other < 0 || self < 0 || fstat(other, &a) < 0 || fstat(self, &b) < 0)
		return false;
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return true;
	return a.st_size == b.st_size && a.st_size > 0 &&
	       same_content(other, self, (size_t)a.st_size);
}

bool conf_is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int conf_find_runtime(struct conf *c, const char *const *dirs, size_t dirs_count, char *error,
		      size_t error_size)
{
	static const char *const names[] = {"runc", "crun"};

	if (c->runtime[0]) {
		if (!conf_is_program(c->runtime))
			return util_refuse(-ENOENT, error, error_size,
					   "\"runtime\": %s is no program: install it, or name "
					   "another",
					   c->runtime);
		if (is_self(c->runtime))
			return util_refuse(-ELOOP, error, error_size,
					   "\"runtime\": %s is this wrapper itself: name the real "
					   "runtime",
					   c->runtime);
		return 0;
	}
	for (size_t n = 0; n < ARRAY_SIZE(names); n++)
		for (size_t d = 0; d < dirs_count; d++) {
			snprintf(c->runtime, sizeof(c->runtime), "%s/%s", dirs[d], names[n]);
			if (conf_is_program(c->runtime) && !is_self(c->runtime))
				return 0;
		}
	c->runtime[0] = '\0';
	return util_refuse(-ENOENT, error, error_size,
			   "found neither runc nor crun: install one, or name another as "
			   "\"runtime\"");
}
