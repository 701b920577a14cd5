// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include "oci-hooks/runc/bundle.h"
#include "oci-hooks/runc/conf.h"
#include "oci-hooks/runc/insert.h"
#include "sidecar/common/util.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static const char *const hook[] = {"/r/reeve-hook", NULL};
static char error[1000];

static int add(const struct dir *d)
{
	error[0] = '\0';
	return bundle_add_hook(d->path, "config.json", hook, error, sizeof(error));
}

static char *text_of(const struct dir *d, const char *name)
{
	char *text = NULL;
	size_t len;

	return util_read_file(d->fd, name, 1 << 20, &text, &len) == 0 ? text : NULL;
}

TEST("the file is replaced whole, with its mode; a second time not at all")
{
	_dir_ struct dir d = dir_make();
	_free_ char *once = NULL, *twice = NULL;
	struct stat before, between, after;

	dir_file(&d, "config.json", "{\"a\":1}\n");
	fchmodat(d.fd, "config.json", 0640, 0);
	fstatat(d.fd, "config.json", &before, 0);
	REQUIRE(add(&d) == 0);
	once = text_of(&d, "config.json");
	CHECK(strstr(once, "/r/reeve-hook") && strstr(once, "\"a\":1}\n"));
	fstatat(d.fd, "config.json", &between, 0);
	CHECK_INT(between.st_mode, before.st_mode);
	CHECK_INT(between.st_uid, before.st_uid);
	CHECK_INT(between.st_gid, before.st_gid);
	CHECK(between.st_ino != before.st_ino);
	REQUIRE(add(&d) == 0);
	twice = text_of(&d, "config.json");
	CHECK_STR(twice, once);
	fstatat(d.fd, "config.json", &after, 0);
	CHECK(after.st_ino == between.st_ino);
	CHECK_INT(dir_count(&d), 1);
}

TEST("another configuration than the bundle's is looked for from here, as crun does")
{
	_dir_ struct dir d = dir_make();
	_free_ char *there = NULL, *beside = NULL;
	_close_ int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir_file(&d, "other.json", "{}");
	dir_file(&d, "bundle/other.json", "{}");
	dir_file(&d, "sub/other.json", "{}");
	REQUIRE(here >= 0 && fchdir(d.fd) == 0);
	CHECK_INT(bundle_add_hook("bundle", "other.json", hook, error, sizeof(error)), 0);
	CHECK_INT(bundle_add_hook("bundle", "sub/other.json", hook, error, sizeof(error)), 0);
	REQUIRE(fchdir(here) == 0);
	beside = text_of(&d, "other.json");
	CHECK(strstr(beside, "/r/reeve-hook"));
	free(beside);
	beside = text_of(&d, "sub/other.json");
	CHECK(strstr(beside, "/r/reeve-hook"));
	there = text_of(&d, "bundle/other.json");
	CHECK_STR(there, "{}");
}

TEST("no file, no bundle: the runtime says so")
{
	_dir_ struct dir d = dir_make();
	_free_ char *in_file = NULL;

	CHECK_INT(add(&d), 0);
	CHECK_INT(bundle_add_hook("/nonexistent/bundle", "config.json", hook, error, sizeof(error)),
		  0);
	dir_file(&d, "file", "");
	in_file = dir_path(&d, "file/config.json");
	CHECK_INT(bundle_add_hook("/b", in_file, hook, error, sizeof(error)), 0);
	CHECK_INT(dir_count(&d), 1);
}

TEST("what is no file of its own is refused and left as it is")
{
	_dir_ struct dir d = dir_make();
	_free_ char *text = NULL;

	dir_file(&d, "real.json", "{}");
	REQUIRE(symlinkat("real.json", d.fd, "config.json") == 0);
	CHECK_INT(add(&d), -ELOOP);
	CHECK(strstr(error, "config.json: it is a symbolic link: put a copy"));
	text = text_of(&d, "real.json");
	CHECK_STR(text, "{}");
	unlinkat(d.fd, "config.json", 0);
	REQUIRE(mkfifoat(d.fd, "config.json", 0600) == 0);
	CHECK_INT(add(&d), -EINVAL);
	CHECK(strstr(error, "no regular file"));
	unlinkat(d.fd, "config.json", 0);
	mkdirat(d.fd, "config.json", 0700);
	CHECK_INT(add(&d), -EINVAL);
}

TEST("too big, not JSON: refused with the place, and left as it is")
{
	_dir_ struct dir d = dir_make();
	_free_ char *text = NULL;
	int fd;

	dir_file(&d, "config.json", "{\"hooks\":\n7}");
	CHECK_INT(add(&d), -EINVAL);
	CHECK(strstr(error, "/config.json: 2:1: \"hooks\" is not an object"));
	text = text_of(&d, "config.json");
	CHECK_STR(text, "{\"hooks\":\n7}");
	fd = openat(d.fd, "config.json", O_WRONLY);
	REQUIRE(fd >= 0 && ftruncate(fd, INSERT_SIZE_MAX + 1) == 0);
	close(fd);
	CHECK_INT(add(&d), -E2BIG);
	CHECK(strstr(error, "more than 16777216 bytes"));
	CHECK_INT(dir_count(&d), 1);
}

TEST("a directory that cannot be written is told, nothing is left")
{
	_dir_ struct dir d = dir_make();

	dir_file(&d, "config.json", "{}");
	fchmod(d.fd, 0555);
	setfsuid(65534); /* root writes everywhere */
	CHECK_INT(add(&d), -EACCES);
	setfsuid(geteuid());
	CHECK(strstr(error, "cannot write beside it"));
	fchmod(d.fd, 0700);
	CHECK_INT(dir_count(&d), 1);
}

TEST("a path longer than paths can be")
{
	char *path = malloc(5000);

	REQUIRE(path != NULL);
	memset(path, 'a', 4999);
	path[0] = '/';
	path[4999] = '\0';
	CHECK_INT(bundle_add_hook(path, "config.json", hook, error, sizeof(error)), -ENAMETOOLONG);
	CHECK(strstr(error, "longer than 4095 bytes"));
	path[3000] = '\0'; /* a part of it that is too long */
	memset(error, 'x', sizeof(error) - 1);
	CHECK_INT(bundle_add_hook(path, "config.json", hook, error, sizeof(error)), -ENAMETOOLONG);
	CHECK(strstr(error, "cannot open its directory (File name too long)"));
	free(path);
}

static int read_conf(const struct dir *d, const char *text, struct conf *ret)
{
	_free_ char *path = dir_path(d, "runc.json");

	dir_file(d, "runc.json", text);
	return conf_read(path, true, ret, error, sizeof(error));
}

TEST("the wrapper's configuration")
{
	_dir_ struct dir d = dir_make();
	struct conf c _conf_ = {}, none _conf_ = {};

	REQUIRE(read_conf(&d,
			  "{ // the real one\n\"runtime\":\"/usr/bin/crun\",\"fail\":\"closed\","
			  "\"hook\":[\"/opt/hook\",\"--record\",\"exec\"]}",
			  &c) == 0);
	CHECK_STR(c.runtime, "/usr/bin/crun");
	CHECK_STR(c.hook[0], "/opt/hook");
	CHECK_STR(c.hook[2], "exec");
	CHECK(c.hook[3] == NULL && c.fail_closed);
	REQUIRE(conf_read("/nonexistent/runc.json", true, &none, error, sizeof(error)) == 0);
	CHECK(none.runtime[0] == '\0' && !none.fail_closed && none.hook[1] == NULL);
	CHECK(strstr(none.hook[0], "/reeve-hook") != NULL);
}

TEST("a configuration that says what it cannot mean")
{
	static const struct {
		const char *text, *place;
	} rows[] = {
	    {"", ":1:1:"},
	    {"[]", ":1:1: expected an object"},
	    {"{\n \"runtime\":\"runc\"}", ":2:12: expected the absolute path"},
	    {"{\"runtime\":5}", ":1:12: expected the absolute path"},
	    {"{\"hook\":\"/opt/hook\"}", ":1:9: expected an array"},
	    {"{\"hook\":[]}", ":1:9: expected an array"},
	    {"{\"hook\":[\"hook\"]}", ":1:10: expected the absolute path"},
	    {"{\"hook\":[\"/h\",1]}", ":1:15: expected a string"},
	    {"{\"fail\":\"shut\"}", ":1:9: expected \"open\" or \"closed\""},
	    {"{\"path\":\"/x\"}", ":1:9: expected the members"},
	};
	_dir_ struct dir d = dir_make();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct conf c _conf_ = {};

		CHECK_INT(read_conf(&d, rows[i].text, &c), -EINVAL);
		if (!CHECK(strstr(error, rows[i].place)))
			printf("#   text %s: %s\n", rows[i].text, error);
	}
}

TEST("what makes no container goes by the runtime alone")
{
	_dir_ struct dir d = dir_make();
	_free_ char *path = dir_path(&d, "runc.json");
	struct conf c _conf_ = {}, bad _conf_ = {};

	dir_file(&d, "runc.json", "{\"fail\":\"close\",\"hook\":5,\"other\":1,\"runtime\":\"/usr/bin/crun\"}");
	CHECK_INT(conf_read(path, true, &bad, error, sizeof(error)), -EINVAL);
	REQUIRE(conf_read(path, false, &c, error, sizeof(error)) == 0);
	CHECK_STR(c.runtime, "/usr/bin/crun");
	dir_file(&d, "runc.json", "{\"runtime\":\"crun\"}");
	CHECK_INT(conf_read(path, false, &bad, error, sizeof(error)), -EINVAL);
}

static void program(const struct dir *d, const char *name)
{
	dir_file(d, name, "#!/bin/sh\n");
	fchmodat(d->fd, name, 0755, 0);
}

static void copy_self(const struct dir *d, const char *name)
{
	char *text = NULL;
	size_t len;
	int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	if (CHECK(fd >= 0) &&
	    CHECK(util_read_file(AT_FDCWD, "/proc/self/exe", 1 << 30, &text, &len) == 0))
		CHECK(util_write_all(fd, text, len) == 0);
	free(text);
	close(fd);
}

TEST("the real runtime: the one named, else runc, else crun, never ourselves")
{
	_dir_ struct dir d = dir_make();
	_free_ char *a = dir_path(&d, "a"), *b = dir_path(&d, "b"), *crun = dir_path(&d, "a/crun"),
		    *runc = dir_path(&d, "b/runc"), *copy = dir_path(&d, "copy");
	const char *const dirs[] = {a, b};
	struct conf c = {}, none = {}, gone = {}, self = {};

	CHECK_INT(conf_find_runtime(&none, dirs, 2, error, sizeof(error)), -ENOENT);
	program(&d, "a/crun");
	dir_file(&d, "a/runc", "no program");
	REQUIRE(conf_find_runtime(&c, dirs, 2, error, sizeof(error)) == 0);
	CHECK_STR(c.runtime, crun);
	program(&d, "b/runc");
	c.runtime[0] = '\0';
	REQUIRE(conf_find_runtime(&c, dirs, 2, error, sizeof(error)) == 0);
	CHECK_STR(c.runtime, runc);
	/* a link to ourselves, then a copy */
	unlinkat(d.fd, "b/runc", 0);
	REQUIRE(symlinkat("/proc/self/exe", d.fd, "b/runc") == 0);
	c.runtime[0] = '\0';
	REQUIRE(conf_find_runtime(&c, dirs, 2, error, sizeof(error)) == 0);
	CHECK_STR(c.runtime, crun);
	copy_self(&d, "copy");
	snprintf(self.runtime, sizeof(self.runtime), "%s", copy);
	CHECK_INT(conf_find_runtime(&self, dirs, 2, error, sizeof(error)), -ELOOP);
	CHECK(strstr(error, "is this wrapper itself"));
	strcpy(gone.runtime, "/nonexistent/runc");
	CHECK_INT(conf_find_runtime(&gone, dirs, 2, error, sizeof(error)), -ENOENT);
}
