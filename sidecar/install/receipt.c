/* SPDX-License-Identifier: Apache-2.0 */
/* See receipt.h. */
#include "receipt.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/json.h"
#include "sidecar/common/sha256.h"
#include "sidecar/common/util.h"

void receipt_sha256(const char *text, size_t len, char ret[static RECEIPT_SHA256])
{
	uint8_t sum[SHA256_SIZE];
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, text, len);
	sha256_end(&h, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		sprintf(ret + 2 * i, "%02x", sum[i]);
}

static void release_file(struct receipt_file *f)
{
	free(f->path);
	free(f->after.inserted);
	free(f->former.inserted);
	rootfs_file_release(&f->before);
}

void receipt_release(struct receipt *r)
{
	for (size_t i = 0; i < r->files_n; i++)
		release_file(&r->files[i]);
	for (size_t i = 0; i < r->dirs_n; i++)
		free(r->dirs[i]);
	rootfs_file_release(&r->was);
	r->files_n = r->dirs_n = 0;
}

struct receipt_file *receipt_find(struct receipt *r, const char *path)
{
	for (size_t i = 0; i < r->files_n; i++)
		if (strcmp(r->files[i].path, path) == 0)
			return &r->files[i];
	return NULL;
}

/* What after has beyond before, if that is one piece and nothing was taken away. */
static char *inserted(const char *before, size_t before_len, const char *after, size_t after_len)
{
	size_t head = 0, tail = 0;

	if (after_len < before_len)
		return NULL;
	while (head < before_len && before[head] == after[head])
		head++;
	while (tail < before_len - head &&
	       before[before_len - 1 - tail] == after[after_len - 1 - tail])
		tail++;
	return head + tail == before_len ? strndup(after + head, after_len - before_len) : NULL;
}

const struct receipt_after *receipt_left(const struct receipt_file *f,
					 const struct rootfs_file *now)
{
	char sum[RECEIPT_SHA256];

	if (!now->exists)
		return NULL;
	receipt_sha256(now->text, now->len, sum);
	if (strcmp(sum, f->after.sum) == 0)
		return &f->after;
	return strcmp(sum, f->former.sum) == 0 ? &f->former : NULL;
}

static int copy_after(const struct receipt_after *from, struct receipt_after *ret)
{
	*ret = *from;
	if (from->inserted)
		ret->inserted = strdup(from->inserted);
	return from->inserted && !ret->inserted ? -ENOMEM : 0;
}

int receipt_add(struct receipt *r, const char *path, const struct rootfs_file *before,
		const struct rootfs_file *now, const char *after, size_t after_len)
{
	struct receipt_file *f = receipt_find(r, path);
	const struct receipt_after *left = f ? receipt_left(f, now) : NULL;
	struct receipt_file new = {.path = strdup(path), .before = *before};

	new.before.text = strdup(before->text);
	if (!f && r->files_n < RECEIPT_FILES_MAX)
		f = &r->files[r->files_n];
	if (!new.path || !new.before.text || !f || (left && copy_after(left, &new.former) < 0)) {
		release_file(&new);
		return f ? -ENOMEM : -E2BIG;
	}
	new.after.inserted = inserted(before->text, before->len, after, after_len);
	receipt_sha256(after, after_len, new.after.sum);
	if (f == &r->files[r->files_n])
		r->files_n++;
	else
		release_file(f);
	*f = new;
	return 0;
}

int receipt_add_dir(struct receipt *r, const char *dir)
{
	for (size_t i = 0; i < r->dirs_n; i++)
		if (strcmp(r->dirs[i], dir) == 0)
			return 0;
	if (r->dirs_n == RECEIPT_FILES_MAX)
		return -E2BIG;
	r->dirs[r->dirs_n] = strdup(dir);
	return r->dirs[r->dirs_n] ? (r->dirs_n++, 0) : -ENOMEM;
}

/* --- as text --- */

static void put_after(struct json_out *o, const struct receipt_after *a, const char *sum,
		      const char *inserted)
{
	if (a->sum[0])
		json_out_member_string(o, sum, a->sum);
	if (a->inserted)
		json_out_member_string(o, inserted, a->inserted);
}

static void put_file(struct json_out *o, const struct receipt_file *f)
{
	json_out_open_object(o);
	json_out_member_string(o, "path", f->path);
	put_after(o, &f->after, "sha256", "inserted");
	put_after(o, &f->former, "former_sha256", "former_inserted");
	if (f->before.exists) {
		json_out_member_string(o, "before", f->before.text);
		json_out_member_number(o, "mtime_s", f->before.st.st_mtim.tv_sec);
		json_out_member_number(o, "mtime_ns", f->before.st.st_mtim.tv_nsec);
	}
	json_out_close_object(o);
}

static int write_text(const struct rootfs *t, struct receipt *r, const char *text, size_t len)
{
	struct stat like = {.st_mode = 0600, .st_uid = geteuid(), .st_gid = getegid()};
	struct rootfs_file now = {.exists = true, .text = strndup(text, len), .len = len};
	int err =
	    now.text ? rootfs_write(t, RECEIPT_PATH, &r->was, text, len, &like, false) : -ENOMEM;

	if (err < 0) {
		rootfs_file_release(&now);
		return err;
	}
	rootfs_file_release(&r->was);
	r->was = now;
	return 0;
}

int receipt_write(const struct rootfs *t, struct receipt *r)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *text;
	size_t len;
	int err;

	json_out_open_object(o);
	json_out_member_number(o, "version", 1);
	json_out_key(o, "files");
	json_out_open_array(o);
	for (size_t i = 0; i < r->files_n; i++)
		put_file(o, &r->files[i]);
	json_out_close_array(o);
	json_out_key(o, "directories");
	json_out_open_array(o);
	for (size_t i = 0; i < r->dirs_n; i++)
		json_out_string(o, r->dirs[i], strlen(r->dirs[i]));
	json_out_close_array(o);
	json_out_close_object(o);
	err = o ? json_out_text(o, &text, &len) : -ENOMEM;
	return err < 0 ? err : write_text(t, r, text, len);
}

static int get_after(const struct json *j, const char *sum_key, const char *inserted_key,
		     struct receipt_after *ret)
{
	const char *sum = json_get_string(j, sum_key, ""),
		   *inserted = json_get_string(j, inserted_key, NULL);

	if (strlen(sum) != RECEIPT_SHA256 - 1)
		return sum[0] ? -EINVAL : 0;
	strcpy(ret->sum, sum);
	ret->inserted = inserted ? strdup(inserted) : NULL;
	return inserted && !ret->inserted ? -ENOMEM : 0;
}

static int get_file(const struct json *j, struct receipt *r)
{
	const char *path = json_get_string(j, "path", NULL);
	const char *before = json_get_string(j, "before", NULL);
	struct receipt_file *f = &r->files[r->files_n];
	int err;

	if (!path || path[0] != '/')
		return -EINVAL;
	if (r->files_n == RECEIPT_FILES_MAX)
		return -E2BIG;
	*f = (struct receipt_file){
	    .path = strdup(path),
	    .before = {.exists = before, .text = strdup(before ? before : "")},
	};
	r->files_n++;
	if (!f->path || !f->before.text)
		return -ENOMEM;
	err = get_after(j, "sha256", "inserted", &f->after);
	if (err == 0)
		err = get_after(j, "former_sha256", "former_inserted", &f->former);
	if (err < 0 || !f->after.sum[0])
		return err < 0 ? err : -EINVAL;
	f->before.len = strlen(f->before.text);
	f->before.st.st_mtim.tv_sec = json_get_number(j, "mtime_s", 0);
	f->before.st.st_mtim.tv_nsec = json_get_number(j, "mtime_ns", 0);
	return 0;
}

static const struct json *children(const struct json *root, const char *key)
{
	const struct json *list = json_get(root, key);

	return list ? list->child : NULL;
}

int receipt_read(const struct rootfs *t, struct receipt *ret, char *error, size_t error_size)
{
	_rootfs_file_ struct rootfs_file f = {0};
	_receipt_ struct receipt r = {0};
	struct json *root _json_ = NULL;
	char why[200] = "";
	int err = rootfs_read(t, RECEIPT_PATH, &f);

	if (err < 0)
		return util_refuse(err, error, error_size, "read %s: %s", RECEIPT_PATH,
				   strerror(-err));
	if (f.exists)
		err = json_parse(f.text, f.len, false, &root, why, sizeof(why));
	if (err == 0 && f.exists && json_get_number(root, "version", 0) != 1)
		err = util_refuse(-EINVAL, why, sizeof(why), "1:1: found no \"version\": 1");
	for (const struct json *j = children(root, "files"); err == 0 && j; j = j->next)
		err = get_file(j, &r);
	for (const struct json *j = children(root, "directories"); err == 0 && j; j = j->next)
		err = j->type == JSON_STRING ? receipt_add_dir(&r, j->string) : -EINVAL;
	if (err < 0)
		return util_refuse(
		    err, error, error_size,
		    "%s:%s: expected what 'reeve install' wrote; what it changed has to be "
		    "taken back by hand, then remove this file",
		    RECEIPT_PATH, why[0] ? why : "1:1");
	*ret = r;
	ret->was = f;
	f.text = NULL;
	r = (struct receipt){0};
	return 0;
}
