/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `metrics`: the text for who asks by the query socket; "containers": those that run as well. */
#include <errno.h>
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/metrics.h"

static int write_containers(struct client *c)
{
	_free_ char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool failed;

	if (!f)
		return -ENOMEM;
	metrics_containers(c->node, f);
	failed = ferror(f);
	if (fclose(f) != 0 || failed)
		return -ENOMEM;
	return client_write(c, text, len);
}

static int start(struct client *c, const struct json *query)
{
	const struct json *containers = json_get(query, "containers");
	const char *text;
	size_t len;
	int r;

	if (c->json)
		return util_refuse(-EINVAL, c->error, sizeof(c->error),
				   "metrics has no format 'json', only Prometheus' text");
	r = metrics_text(c->node, &text, &len);
	if (r == 0)
		r = client_write(c, text, len);
	if (r == 0 && containers && containers->type == JSON_BOOL && containers->boolean)
		r = write_containers(c);
	return r;
}

static int nothing_more(struct client *c)
{
	(void)c;
	return 0;
}

const struct verb verb_metrics = {"metrics", start, nothing_more, NULL};
