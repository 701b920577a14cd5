// SPDX-License-Identifier: Apache-2.0
/* See bundle.h. No fsync: after a crash of the host the runtime makes its containers anew. */
#include "bundle.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include "insert.h"
#include "sidecar/common/util.h"

#define REASON_MAX 300

struct place {
	char path[PATH_MAX]; /* of the file, for messages */
	char *name;	     /* its last part */
	int dir;
};

/* The last part alone is not followed where it is a link: what it points to may serve others, too.
 */
static int open_place(const char *bundle, const char *config, struct place *p, char *why)
{
	bool in_bundle = strcmp(config, "config.json") == 0;
	char *slash;
	int n = snprintf(p->path, sizeof(p->path), "%s%s%s", in_bundle ? bundle : "",
			 in_bundle	       ? "/"
			 : strchr(config, '/') ? ""
					       : "./",
			 config);

	if (n >= (int)sizeof(p->path))
		return util_refuse(-ENAMETOOLONG, why, REASON_MAX,
				   "the bundle's path is longer than %d bytes", PATH_MAX - 1);
	slash = strrchr(p->path, '/');
	p->name = slash + 1;
	*slash = '\0';
	p->dir = open(slash == p->path ? "/" : p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	return p->dir < 0 ? util_refuse(-errno, why, REASON_MAX, "cannot open its directory (%s)",
					strerror(errno))
			  : 0;
}

static int read_config(const struct place *p, struct stat *ret_st, char **ret, size_t *ret_len,
		       char *why)
{
	_close_ int fd = openat(p->dir, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ELOOP)
		return util_refuse(-ELOOP, why, REASON_MAX,
				   "it is a symbolic link: put a copy of the file in its place");
	if (fd < 0)
		return util_refuse(-errno, why, REASON_MAX, "cannot open it (%s)", strerror(errno));
	if (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode))
		return util_refuse(-EINVAL, why, REASON_MAX, "it is no regular file");
	r = util_read_all(fd, INSERT_SIZE_MAX, 0, ret, ret_len);
	if (r == -EFBIG)
		return util_refuse(-E2BIG, why, REASON_MAX,
				   "it has more than %u bytes, expected at most as many",
				   INSERT_SIZE_MAX);
	return r < 0 ? util_refuse(r, why, REASON_MAX, "cannot read it (%s)", strerror(-r)) : 0;
}

static int write_new(int fd, const struct stat *like, const char *text, size_t len)
{
	int r = util_write_all(fd, text, len);

	if (r == 0 && fchown(fd, like->st_uid, like->st_gid) < 0)
		r = -errno;
	if (r == 0 && fchmod(fd, like->st_mode & 07777) < 0)
		r = -errno;
	return r;
}

static int replace(const struct place *p, const struct stat *like, const char *text, size_t len)
{
	char name[40];
	_close_ int fd = -1;
	uint64_t random;
	int r;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(name, sizeof(name), ".reeve-%016" PRIx64, random);
	fd = openat(p->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_new(fd, like, text, len);
	if (r == 0 && renameat(p->dir, name, p->dir, p->name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(p->dir, name, 0);
	return r;
}

int bundle_add_hook(const char *bundle, const char *config, const char *const *hook, char *error,
		    size_t error_size)
{
	struct place p = {.dir = -1};
	_free_ char *text = NULL, *made = NULL;
	_close_ int dir = -1;
	char why[REASON_MAX] = "";
	size_t len, made_len;
	struct stat st;
	int r = open_place(bundle, config, &p, why);

	dir = p.dir;
	if (r == 0)
		r = read_config(&p, &st, &text, &len, why);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0) {
		r = insert_hook(text, len, hook, &made, &made_len, why, sizeof(why));
		if (r == 1)
			return 0;
		if (r == 0 && (r = replace(&p, &st, made, made_len)) < 0)
			util_refuse(r, why, sizeof(why), "cannot write beside it and rename (%s)",
				    strerror(-r));
	}
	return r < 0 ? util_refuse(r, error, error_size, "%.400s: %s", p.path,
				   why[0] ? why : strerror(-r))
		     : 0;
}
