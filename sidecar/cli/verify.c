/* SPDX-License-Identifier: Apache-2.0 */
/* reeve verify: whether a container's record is what was stored. Which lines of an anchor's file
 * are of this container's life is found out here, by asking the node for the anchor of today. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "query.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "verbs.h"

#define ANCHOR_FILE_MAX (64u << 20)
#define ANCHORS_MAX 64 /* the node takes no more; the last ones of the file */
#define ANCHOR_TEXT_MAX 4096

struct anchors {
	struct json *of[ANCHORS_MAX];
	unsigned n;
};

static void anchors_release(struct anchors *a)
{
	while (a->n > 0)
		json_free(a->of[--a->n]);
}

struct answer {
	char text[ANCHOR_TEXT_MAX];
	size_t len;
};

static int take(void *arg, const void *data, size_t len)
{
	struct answer *a = arg;

	if (sizeof(a->text) - a->len < len)
		return -EFBIG;
	memcpy(a->text + a->len, data, len);
	a->len += len;
	return 0;
}

/* The anchor of now, which says which life is asked about. */
static int ask_now(const char *id, bool node, struct json **ret)
{
	struct json_out *request = query_request("anchor", id, true);
	struct answer answer = {};
	char error[2048] = "";
	int r;

	if (request) {
		json_out_member_bool(request, "node", node);
		json_out_member_bool(request, "any", true);
		json_out_close_object(request);
	}
	r = query_each(request, take, &answer, error, sizeof(error));
	if (r == 0)
		r = json_parse(answer.text, answer.len, false, ret, error, sizeof(error));
	return r < 0 ? log_err(0, "%s", error) : 0;
}

static bool same_life(const struct json *a, const struct json *b)
{
	static const char *const keys[] = {"generation", "started_wall_ns"};

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_get_number(a, keys[i], -1) != json_get_number(b, keys[i], -2))
			return false;
	return strcmp(json_get_string(a, "anchor", ""), json_get_string(b, "anchor", "-")) == 0;
}

static int take_line(struct anchors *a, const char *path, unsigned number, const char *line,
		     size_t len, const struct json *now)
{
	struct json *j = NULL;
	char error[256];
	int r = json_parse(line, len, false, &j, error, sizeof(error));

	if (r < 0)
		return log_err(0, "%s:%u: expected an anchor, a line of 'reeve anchor': %s", path,
			       number, error);
	if (!json_get(j, "anchor") || json_get_number(j, "links", 0) <= 0 ||
	    strlen(json_get_string(j, "head", "")) != 64) {
		json_free(j);
		return log_err(-EINVAL, "%s:%u: expected an anchor, a line of 'reeve anchor'", path,
			       number);
	}
	if (!same_life(j, now)) {
		json_free(j);
		return 0;
	}
	if (a->n == ANCHORS_MAX) {
		json_free(a->of[0]);
		memmove(a->of, a->of + 1, --a->n * sizeof(*a->of));
	}
	a->of[a->n++] = j;
	return 0;
}

static int read_anchors(const char *path, const struct json *now, struct anchors *ret)
{
	const char *id =
	    json_get_string(now, "anchor", "")[0] ? json_get_string(now, "anchor", "") : NULL;
	_free_ char *text = NULL;
	size_t len, end;
	int r = util_read_file(AT_FDCWD, path, ANCHOR_FILE_MAX, &text, &len);

	if (r < 0)
		return log_err(r, "read %s", path);
	for (size_t at = 0, line = 1; at < len; at = end + 1, line++) {
		end = at + strcspn(text + at, "\n");
		if (end > at)
			r = take_line(ret, path, (unsigned)line, text + at, end - at, now);
		if (r < 0)
			return r;
	}
	if (ret->n == 0)
		return log_err(
		    -ENOENT,
		    "%s: expected an anchor of %s%s as it was started this time; there is "
		    "none",
		    path, id ? "container " : "the node's log", id ? id : "");
	return 0;
}

static void put_anchors(const struct anchors *a, struct json_out *o)
{
	json_out_key(o, "anchors");
	json_out_open_array(o);
	for (unsigned i = 0; i < a->n; i++) {
		json_out_open_object(o);
		json_out_member_number(o, "links", json_get_number(a->of[i], "links", 0));
		json_out_member_string(o, "head", json_get_string(a->of[i], "head", ""));
		json_out_close_object(o);
	}
	json_out_close_array(o);
}

static int verify(const char *id, bool node, const char *anchor, bool json)
{
	_json_ struct json *now = NULL;
	struct anchors anchors = {};
	struct json_out *request;
	int r = anchor ? ask_now(id, node, &now) : 0;

	if (r == 0 && anchor)
		r = read_anchors(anchor, now, &anchors);
	if (r < 0) {
		anchors_release(&anchors);
		return 1;
	}
	request = query_request("verify", id, json);
	if (request) {
		json_out_member_bool(request, "node", node);
		put_anchors(&anchors, request);
		json_out_close_object(request);
	}
	anchors_release(&anchors);
	return query_print(request, false);
}

int verb_verify(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"node", no_argument, NULL, 'n'},
						{"anchor", required_argument, NULL, 'a'},
						{0}};
	const char *anchor = NULL;
	bool json = false, node = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = true;
		else if (c == 'n')
			node = true;
		else if (c == 'a')
			anchor = optarg;
		else
			return verb_usage("verify");
	}
	if (optind + !node != argc)
		return verb_usage("verify");
	return verify(node ? NULL : argv[optind], node, anchor, json);
}
