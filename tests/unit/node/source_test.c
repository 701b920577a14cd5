// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"
#include "sidecar/node/source.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

#define ONE "{\"name\": \"one\", \"mode\": \"audit\", \"rules\": []}"
#define TWO "{\"name\": \"two\", \"mode\": \"audit\", \"rules\": []}"

static char error[600];

/* What the file has, or NULL: the caller frees it. */
static char *text_of(const char *path)
{
	char *text = NULL;
	size_t len;

	return util_read_file(AT_FDCWD, path, 4096, &text, &len) == 0 ? text : NULL;
}

TEST("source: copies policies alone, replaces them whole, says when nothing is new")
{
	_dir_ struct dir from = dir_make(), at = dir_make();
	_free_ char *to = dir_path(&at, "policies"), *made = dir_path(&at, "policies.new");
	_free_ char *one = dir_path(&at, "policies/one.json"),
		    *two = dir_path(&at, "policies/two.json");
	_free_ char *source = dir_path(&from, "one.json"), *text = NULL;
	mode_t mask = umask(0027); /* the node's */
	struct stat st;

	dir_file(&from, "one.json", ONE);
	dir_file(&from, "README", "no policy");
	CHECK_INT(source_copy(from.path, to, error, sizeof(error)), 1);
	umask(mask);
	text = text_of(one);
	CHECK_STR(text, ONE);
	CHECK(stat(one, &st) == 0 && (st.st_mode & 07777) == 0644);
	CHECK(stat(to, &st) == 0 && (st.st_mode & 07777) == 0755);
	CHECK_INT(source_copy(from.path, to, error, sizeof(error)), 0);
	CHECK(unlink(source) == 0);
	dir_file(&from, "two.json", TWO);
	CHECK_INT(source_copy(from.path, to, error, sizeof(error)), 1);
	CHECK(access(one, F_OK) < 0 && access(two, F_OK) == 0);
	CHECK(access(made, F_OK) < 0);
}

TEST("source: a mistake in one leaves the earlier set")
{
	_dir_ struct dir from = dir_make(), at = dir_make();
	_free_ char *to = dir_path(&at, "policies"), *one = dir_path(&at, "policies/one.json");
	_free_ char *two = dir_path(&at, "policies/two.json");

	dir_file(&from, "one.json", ONE);
	CHECK_INT(source_copy(from.path, to, error, sizeof(error)), 1);
	dir_file(&from, "two.json", "{\"name\": \"two\",\n\"mode\": \"maybe\"}");
	CHECK_INT(source_copy(from.path, to, error, sizeof(error)), -EINVAL);
	CHECK(strncmp(error, "two.json:2:", 11) == 0);
	CHECK(access(one, F_OK) == 0 && access(two, F_OK) < 0);
	CHECK(source_copy("/nowhere", to, error, sizeof(error)) == -ENOENT);
	CHECK(access(one, F_OK) == 0);
}

TEST("source: what somebody else put there is not replaced")
{
	_dir_ struct dir from = dir_make(), at = dir_make();
	_free_ char *own = dir_path(&at, "own.json");

	dir_file(&from, "one.json", ONE);
	dir_file(&at, "own.json", TWO);
	CHECK_INT(source_copy(from.path, at.path, error, sizeof(error)), -EEXIST);
	CHECK(strstr(error, at.path) != NULL);
	CHECK(access(own, F_OK) == 0);
}

TEST("source: of a ConfigMap the version that ..data names")
{
	_dir_ struct dir from = dir_make(), at = dir_make();
	_free_ char *to = dir_path(&at, "policies"), *one = dir_path(&at, "policies/one.json");
	_free_ char *first = dir_path(&from, "..1"), *second = dir_path(&from, "..2");
	_free_ char *data = dir_path(&from, "..data"), *next = dir_path(&from, "..data_tmp");
	_free_ char *link = dir_path(&from, "one.json"), *old = dir_path(&from, "..1/one.json");
	_free_ char *new = dir_path(&from, "..2/two.json"),
		    *two = dir_path(&at, "policies/two.json");

	REQUIRE(mkdir(first, 0755) == 0 && mkdir(second, 0755) == 0);
	REQUIRE(util_write_file(old, ONE, strlen(ONE), 0644) == 0);
	REQUIRE(util_write_file(new, TWO, strlen(TWO), 0644) == 0);
	REQUIRE(symlink("..1", data) == 0 && symlink("..data/one.json", link) == 0);
	CHECK_INT(source_copy(from.path, to, error, sizeof(error)), 1);
	CHECK(access(one, F_OK) == 0);
	REQUIRE(symlink("..2", next) == 0 && rename(next, data) == 0);
	CHECK_INT(source_copy(from.path, to, error, sizeof(error)), 1);
	CHECK(access(one, F_OK) < 0 && access(two, F_OK) == 0);
	CHECK(unlink(old) == 0 && unlink(new) == 0 && rmdir(first) == 0 && rmdir(second) == 0);
}
