/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics.h. A container's name, pod and labels are its owner's words: what is no printable UTF-8 is
 * shown as \xHH before the format's own escaping. */
#include <inttypes.h>
#include <string.h>
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/metrics.h"
#include "sidecar/node/node.h"

#define LABEL_MAX 1024 /* bytes shown */

static void put_label(FILE *f, const char *name, const char *value)
{
	char shown[LABEL_MAX];

	if (!value)
		value = "";
	utf8_escape(shown, sizeof(shown), value, strlen(value));
	fprintf(f, "%s=\"", name);
	for (const char *at = shown; *at; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', f);
		fputc(*at, f);
	}
	fputc('"', f);
}

static void put_info(FILE *f, const struct life *l)
{
	const struct {
		const char *name, *value;
	} labels[] = {{"id", l->meta.id},
		      {"name", l->meta.name},
		      {"namespace", l->meta.namespace},
		      {"pod", l->meta.pod},
		      {"image", l->meta.image},
		      {"policy", l->meta.policy},
		      {"armed", l->armed ? "yes" : "no"}};

	fputs("reeve_container_info{", f);
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		fputs(i ? "," : "", f);
		put_label(f, labels[i].name, labels[i].value);
	}
	fputs("} 1\n", f);
}

/* Two lives of one id run where nobody saw the first one end: the newer counts, it comes first. */
static bool is_listed(const struct life *const *shown, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(shown[i]->meta.id, id) == 0)
			return true;
	return false;
}

static uint64_t stored(const struct life *l)
{
	return l->stored;
}
static uint64_t denied(const struct life *l)
{
	return l->denied;
}
static uint64_t would_deny(const struct life *l)
{
	return l->would_deny;
}

void metrics_containers(const struct node *n, FILE *f)
{
	static const struct {
		const char *name, *help;
		uint64_t (*value)(const struct life *l);
	} sums[] = {
	    {"reeve_container_records_stored_total", "Records committed since the node started.", stored},
	    {"reeve_container_records_lost_total", "Records lost since the container started.", life_lost},
	    {"reeve_container_denied_total", "Denials stored since the node started.", denied},
	    {"reeve_container_would_deny_total", "Would-be denials stored since the node started.", would_deny},
	};
	const struct life *shown[METRICS_CONTAINERS_MAX];
	size_t count = 0, left_out = 0;

	for (const struct life *l = n->lives.first; l; l = l->next) {
		if (l->ended || is_listed(shown, count, l->meta.id))
			continue;
		if (count < METRICS_CONTAINERS_MAX)
			shown[count++] = l;
		else
			left_out++;
	}
	metrics_head(f, "reeve_container_info", "gauge", "Always 1; a running container and what is said of it.");
	for (size_t i = 0; i < count; i++)
		put_info(f, shown[i]);
	for (size_t s = 0; s < ARRAY_SIZE(sums); s++) {
		metrics_head(f, sums[s].name, "counter", sums[s].help);
		for (size_t i = 0; i < count; i++) {
			fprintf(f, "%s{", sums[s].name);
			put_label(f, "id", shown[i]->meta.id);
			fprintf(f, "} %" PRIu64 "\n", sums[s].value(shown[i]));
		}
	}
	metrics_one(f, "reeve_containers_left_out", "gauge", "Running containers beyond the bound on series.",
		    left_out);
}
