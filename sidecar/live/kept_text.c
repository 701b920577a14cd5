/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a file of kept.h: {"name":..,"version":N,"old_version":N,"sha256":HEX,
 * "since_wall_ns":N,"names":BYTES,"policies":[{"file":PATH,"from":WORD,"bytes":N},...]}, a newline, the names, and
 * the texts one after the other. Bytes in, bytes out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "kept.h"
#include "kept_put.h"
#include "sidecar/common/util.h"

void kept_release(struct kept *k)
{
	json_free(k->head);
	free(k->data);
	*k = (struct kept){};
}

static bool take_number(const struct json *j, const char *key, uint64_t max, uint64_t *ret)
{
	int64_t n = json_get_number(j, key, -1);

	if (n < 0 || (uint64_t)n > max)
		return false;
	*ret = (uint64_t)n;
	return true;
}

static bool take_from(const struct json *j, enum list_from *ret)
{
	const char *word = json_get_string(j, "from", "");

	for (unsigned i = 0; list_from_names[i]; i++) {
		*ret = i;
		if (strcmp(word, list_from_names[i]) == 0)
			return true;
	}
	return false;
}

static int take_texts(struct kept *k, size_t at, size_t len)
{
	const struct json *policies = json_get(k->head, "policies");

	if (!policies || policies->type != JSON_ARRAY || policies->count > POLICY_LIST_MAX)
		return -EBADMSG;
	for (const struct json *p = policies->child; p; p = p->next) {
		const char *file = json_get_string(p, "file", NULL);
		uint64_t bytes;

		if (!file || !take_number(p, "bytes", len - at, &bytes) ||
		    !take_from(p, &k->of[k->n].from))
			return -EBADMSG;
		k->of[k->n].file = file;
		k->of[k->n].text = k->data + at;
		k->of[k->n++].len = bytes;
		at += bytes;
	}
	return at == len ? 0 : -EBADMSG;
}

static int parse(struct kept *k, size_t len)
{
	const char *end = memchr(k->data, '\n', len < KEPT_HEAD_MAX ? len : KEPT_HEAD_MAX);
	size_t at = end ? (size_t)(end - k->data) : 0;
	uint64_t version, old_version, names;
	const char *sha256;
	char error[256];
	int r;

	if (!end)
		return -EBADMSG;
	r = json_parse(k->data, at, false, &k->head, error, sizeof(error));
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	at++;
	sha256 = json_get_string(k->head, "sha256", "");
	if (!take_number(k->head, "version", UINT32_MAX, &version) ||
	    !take_number(k->head, "old_version", UINT32_MAX, &old_version) ||
	    !take_number(k->head, "since_wall_ns", INT64_MAX, &k->since_wall_ns) ||
	    !take_number(k->head, "names", len - at, &names) ||
	    strlen(sha256) != sizeof(k->sha256) - 1)
		return -EBADMSG;
	k->version = (uint32_t)version;
	k->old_version = (uint32_t)old_version;
	strcpy(k->sha256, sha256);
	k->names = k->data + at;
	k->names_len = names;
	return take_texts(k, at + names, len);
}

int kept_parse(char *data, size_t len, struct kept *ret)
{
	_kept_ struct kept k = {.data = data};
	int r = parse(&k, len);

	if (r < 0)
		return r;
	*ret = k;
	k = (struct kept){};
	return 0;
}

static void put_head(const struct kept_new *n, size_t names_len, struct json_out *o)
{
	char sha256[65];

	for (size_t i = 0; i < sizeof(n->table->sha256); i++)
		snprintf(sha256 + 2 * i, 3, "%02x", n->table->sha256[i]);
	json_out_open_object(o);
	json_out_member_string(o, "name", n->table->name);
	json_out_member_unsigned(o, "version", n->table->version);
	json_out_member_unsigned(o, "old_version", n->old_version);
	json_out_member_string(o, "sha256", sha256);
	json_out_member_unsigned(o, "since_wall_ns", n->since_wall_ns);
	json_out_member_unsigned(o, "names", names_len);
	json_out_key(o, "policies");
	json_out_open_array(o);
	for (unsigned i = 0; i < n->list->n; i++) {
		json_out_open_object(o);
		json_out_member_string(o, "file", n->list->of[i].file);
		json_out_member_string(o, "from", list_from_names[n->list->of[i].from]);
		json_out_member_unsigned(o, "bytes", n->list->of[i].len);
		json_out_close_object(o);
	}
	json_out_close_array(o);
	json_out_close_object(o);
}

int kept_write(const struct kept_new *n)
{
	_json_out_ struct json_out *o = json_out_new();
	_free_ char *names = NULL, *data = NULL;
	size_t names_len, head_len, len, at;
	const char *head;
	int r = o ? list_names(n->list, &names, &names_len) : -ENOMEM;

	if (r < 0)
		return r;
	if (names_len > KEPT_NAMES_MAX)
		names_len = 0;
	put_head(n, names_len, o);
	r = json_out_text(o, &head, &head_len);
	if (r < 0)
		return r;
	len = head_len + 1 + names_len;
	for (unsigned i = 0; i < n->list->n; i++)
		len += n->list->of[i].len;
	data = malloc(len);
	if (!data)
		return -ENOMEM;
	memcpy(data, head, head_len);
	data[head_len] = '\n';
	memcpy(data + head_len + 1, names, names_len);
	at = head_len + 1 + names_len;
	for (unsigned i = 0; i < n->list->n; i++) {
		memcpy(data + at, n->list->of[i].text, n->list->of[i].len);
		at += n->list->of[i].len;
	}
	return kept_put(n->id, n->table->version, n->changing, data, len);
}
