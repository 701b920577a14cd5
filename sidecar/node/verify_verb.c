/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs `verify` and `anchor`: whether what is stored is what was stored, and what to keep
 * elsewhere so that somebody else can tell. The status of verify is EUCLEAN when it is not. */
#include <errno.h>
#include <stdio.h>
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/verify.h"

static int start(struct client *c, const struct json *query)
{
	struct verify_anchor anchors[VERIFY_ANCHORS_MAX];
	struct verify *v;
	unsigned n;
	int r = client_find_life(c, query);

	if (r == 0)
		r = verify_anchors_read(json_get(query, "anchors"), anchors, &n, c->error,
					sizeof(c->error));
	if (r == 0)
		r = verify_new(c->store, c->life, anchors, n, &v);
	if (r < 0)
		return r;
	c->state = v;
	return 1;
}

static int write_findings(struct client *c, const struct verify *v)
{
	_json_out_ struct json_out *o = NULL;
	_free_ char *text = NULL;

	if (!c->json) {
		text = verify_to_text(v, c->id);
		return text ? client_printf(c, "%s", text) : -ENOMEM;
	}
	o = json_out_new();
	if (!o)
		return -ENOMEM;
	verify_to_json(v, c->id, o);
	return client_write_json(c, o);
}

static int step(struct client *c)
{
	struct verify *v = c->state;
	int r = verify_step(v);

	if (r == -E2BIG)
		snprintf(c->error, sizeof(c->error),
			 "the numbers of its records are too scattered");
	if (r != 0)
		return r;
	r = write_findings(c, v);
	if (r == 0 && !verify_intact(v)) {
		snprintf(c->error, sizeof(c->error), "the record of %s is not proven to be intact",
			 c->id ? c->id : "the node");
		r = -EUCLEAN;
	}
	return r;
}

static void release(struct client *c)
{
	verify_free(c->state);
	c->state = NULL;
}

const struct verb verb_verify = {"verify", start, step, release};

static int anchor_start(struct client *c, const struct json *query)
{
	_json_out_ struct json_out *o = json_out_new();
	int r = client_find_life(c, query);
	uint64_t links;

	if (r < 0)
		return r;
	r = o ? verify_anchor_json(c->store, c->life, c->id, o, &links) : -ENOMEM;
	if (r == 0 && links == 0 && !json_is_true(query, "any")) {
		snprintf(c->error, sizeof(c->error), "the record of %s has no chain",
			 c->id ? c->id : "the node");
		r = -ENOENT;
	}
	return r < 0 ? r : client_write_json(c, o);
}

static int nothing_more(struct client *c)
{
	(void)c;
	return 0;
}

const struct verb verb_anchor = {"anchor", anchor_start, nothing_more, NULL};
