// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "oci-hooks/policy_files.h"
#include "sidecar/common/util.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static char error[600];

TEST("names: what may be one, at and over the bound")
{
	char name[65];

	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	CHECK(policy_files_name_valid(name));
	name[63] = 'a';
	name[64] = '\0';
	CHECK(!policy_files_name_valid(name));
	CHECK(policy_files_name_valid("A-b_9"));
	CHECK(!policy_files_name_valid("") && !policy_files_name_valid("a.b"));
	CHECK(!policy_files_name_valid("../a") && !policy_files_name_valid("a/b"));
	CHECK(!policy_files_name_valid("a\n"));
}

TEST("a name is a file in the directory, and must exist")
{
	_policy_files_ struct policy_files f = {};
	_dir_ struct dir d = dir_make();
	_free_ char *path = dir_path(&d, "a.json"), *none = dir_path(&d, "none.json");

	dir_file(&d, "a.json", "{}");
	CHECK_INT(policy_files_add_name(&f, d.path, "a", error, sizeof(error)), 0);
	CHECK_INT(f.count, 1);
	CHECK_STR(f.paths[0], path);
	CHECK_INT(policy_files_add_name(&f, d.path, "b", error, sizeof(error)), -ENOENT);
	CHECK(strstr(error, "b.json") != NULL);
	CHECK_INT(policy_files_add_name(&f, d.path, "../a", error, sizeof(error)), -EINVAL);
	CHECK_INT(policy_files_add_file(&f, path, 0, error, sizeof(error)), 0);
	CHECK_INT(f.count, 1);
	CHECK_INT(policy_files_add_file(&f, none, 1, error, sizeof(error)), 0);
	CHECK_INT(policy_files_add_file(&f, none, 0, error, sizeof(error)), -ENOENT);
	CHECK_INT(policy_files_add_file(&f, "a.json", 0, error, sizeof(error)), -EINVAL);
	CHECK_INT(f.count, 1);
}

TEST("files at and over their bound")
{
	_policy_files_ struct policy_files f = {};
	_dir_ struct dir d = dir_make();

	for (int i = 0; i <= SPAWN_POLICIES_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "p%d.json", i);
		dir_file(&d, name, "");
		snprintf(name, sizeof(name), "p%d", i);
		CHECK_INT(policy_files_add_name(&f, d.path, name, error, sizeof(error)),
			  i < SPAWN_POLICIES_MAX ? 0 : -E2BIG);
	}
	CHECK_INT(f.count, SPAWN_POLICIES_MAX);
}
