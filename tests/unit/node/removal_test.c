/* SPDX-License-Identifier: Apache-2.0 */
/* A whole record is removed, and something says that it was there. */
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/removal.h"
#include "tests/unit/node/scene.h"
#include "tests/unit/tap.h"

TEST("removal: database, log and seal go, the list says so with an anchor, and nobody finds it")
{
	_scene_ struct scene s;
	_json_ struct json *j = NULL;
	_free_ char *text = NULL;
	char said[256], error[64];
	struct life *other;
	size_t len;

	scene_begin(&s);
	scene_come(&s, 0, 199, false);
	scene_close(&s, 200);
	other = scene_admit(&s.all, "other", GENERATION + 1);
	CHECK_INT(dir_count(&s.dir), 4); /* with its log, and the seals */
	CHECK_INT(removal_do(&s.store, &s.all, s.life, "age", s.list), 0);
	CHECK_INT(dir_count(&s.dir), 2);
	CHECK(s.all.first == other && s.all.count == 1 && s.life->gone);
	CHECK_INT(store_rows(&s.store, s.life, 0), -ENOENT); /* who still points to it */
	CHECK_INT(store_begin(&s.store, s.life), -ENOENT);
	CHECK_INT(dir_count(&s.dir), 2);
	CHECK_INT(util_read_file(AT_FDCWD, s.list, 65536, &text, &len), 0);
	CHECK_INT(json_parse(text, len, false, &j, error, sizeof(error)), 0);
	CHECK_STR(json_get_string(j, "id", ""), "web");
	CHECK_INT(json_get_number(j, "last", 0), 200);
	CHECK_INT(json_get_number(json_get(j, "anchor"), "links", 0), 4);
	CHECK(removal_find(s.list, "we", said, sizeof(said)));
	CHECK(strstr(said, "'we' (web, ended ") && strstr(said, "by retention: age"));
	CHECK(removal_find(s.list, "web-name", said, sizeof(said)));
	CHECK(!removal_find(s.list, "age", said, sizeof(said)));
	CHECK(!removal_find(s.list, "", said, sizeof(said)));
	lives_forget(&s.all);
}

TEST("removal: one that was interrupted is finished, and nothing else")
{
	_scene_ struct scene s;

	scene_begin(&s);
	dir_file(&s.dir, "a@1.db.gone", "x");
	dir_file(&s.dir, "a@1.db-wal", "x");
	dir_file(&s.dir, "seals/a@1.seal", "x");
	dir_file(&s.dir, "seals/b@1.seal", "x");
	dir_file(&s.dir, "b@1.db", "x");
	dir_file(&s.dir, "gone", "x");
	dir_file(&s.dir, ".db.gone", "x");
	removal_finish(&s.store);
	CHECK_INT(dir_count(&s.dir), 3); /* and the one that begins with a dot */
}
