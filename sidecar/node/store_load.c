/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. What a database says of its life, when the node starts. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/store_inside.h"

static int read_container(struct db *db, struct life **ret)
{
	_free_ char *text = NULL;
	_json_ struct json *j = NULL;
	struct meta meta = {};
	char error[256];
	int r = db_get_text(db, "container", &text);

	if (r == 0)
		r = json_parse(text, strlen(text), false, &j, error, sizeof(error));
	if (r == 0)
		r = meta_from_json(j, &meta, error, sizeof(error));
	if (r < 0)
		return r;
	*ret = life_new(&meta);
	meta_release(&meta);
	return *ret ? 0 : -ENOMEM;
}

static int read_counters(struct db *db, struct life *l)
{
	_free_ char *text = NULL;
	_json_ struct json *j = NULL;
	char error[256];
	int r = db_get_text(db, "counters", &text);

	if (r == 0)
		r = json_parse(text, strlen(text), false, &j, error, sizeof(error));
	if (r == 0)
		counters_from_json(j, &l->counters);
	return r;
}

static int read_state(struct db *db, struct life *l)
{
	_free_ char *state = NULL;
	uint64_t tai = 0;
	int r = db_get_text(db, "state", &state);

	if (r == 0)
		r = db_get_number(db, "ended_wall_ns", &l->ended_wall_ns);
	if (r == 0)
		r = db_get_number(db, "duplicates", &l->duplicates);
	if (r == 0)
		r = db_get_number(db, "refused", &l->refused);
	if (r == 0)
		r = db_get_number(db, "tai_offset_ns", &tai);
	if (r < 0)
		return r;
	l->tai_offset_ns = (int64_t)tai;
	l->ended = strcmp(state, "ended") == 0;
	return 0;
}

/* Most have none. */
static int read_cuts(struct db *db, struct life *l)
{
	_free_ char *text = NULL;
	_json_ struct json *j = NULL;
	char error[256];
	int r = db_last_cut(db, &l->cut_high);

	if (r < 0 && r != -ENOENT)
		return r;
	r = db_get_text(db, "cuts", &text);
	if (r == 0)
		r = json_parse(text, strlen(text), false, &j, error, sizeof(error));
	if (r == 0)
		cuts_from_json(j, &l->cuts);
	return r == -ENOENT ? 0 : r;
}

static int read_events(struct db *db, struct life *l)
{
	_free_ char *kind = NULL;
	_free_ uint8_t *record = NULL;
	size_t len;
	uint64_t seq = 0;
	int r = db_get_last(db, &seq, &kind);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	life_note(l, seq, counters_kind(kind));
	r = db_get_record(db, 0, &record, &len);
	if (r == 0)
		life_note(l, 0, RV_KIND_ARMED);
	return r == -ENOENT ? 0 : r;
}

static int load(struct store *s, const char *file, struct life **ret)
{
	_life_ struct life *l = NULL;
	char path[PATH_MAX];
	struct db *db = NULL;
	int r;

	snprintf(path, sizeof(path), "%s/%s", s->dir, file);
	r = db_open(path, false, &db);
	if (r == 0)
		r = read_container(db, &l);
	if (r == 0)
		r = read_counters(db, l);
	if (r == 0)
		r = read_state(db, l);
	if (r == 0)
		r = read_cuts(db, l);
	if (r == 0)
		r = read_events(db, l);
	db_free(db);
	if (r < 0)
		return r;
	snprintf(l->file, sizeof(l->file), "%s", file);
	*ret = TAKE_PTR(l);
	return 0;
}

static bool is_database(const char *file)
{
	size_t len = strlen(file);

	return len > 3 && len < LIFE_FILE_MAX && strcmp(file + len - 3, ".db") == 0;
}

int store_load(struct store *s, struct lives *all)
{
	DIR *dir = opendir(s->dir);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		struct life *l = NULL;
		int r;

		if (!is_database(entry->d_name))
			continue;
		r = load(s, entry->d_name, &l);
		if (r < 0)
			log_err(r, "read store %s/%s (left as it is)", s->dir, entry->d_name);
		else
			lives_add(all, l);
	}
	closedir(dir);
	return 0;
}
