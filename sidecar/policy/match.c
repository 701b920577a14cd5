/* SPDX-License-Identifier: Apache-2.0 */
/* See match.h. */
#include "match.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"

#define GLOB_MAX 256 /* bytes */
#define KEY_MAX 253  /* a label's prefix, as Kubernetes bounds it */
#define MATCHES_MAX 64

static const char *const identities[] = {"name", "image", "namespace", "pod", "annotations", NULL};

static int add(struct reader *r, const struct json *m, enum policy_identity what, struct policy *p)
{
	struct policy_match *match = &p->matches[p->matches_n];

	if (m->type != JSON_STRING)
		return reader_expected(r, m, "a glob, as \"web-*\"");
	if (strlen(m->string) > GLOB_MAX || !*m->string)
		return reader_expected(r, m, "a glob of 1 to 256 bytes");
	if (what == POLICY_ANNOTATION && strlen(m->key) > KEY_MAX)
		return reader_expected(r, m, "an annotation's key of at most 253 bytes");
	match->what = what;
	match->glob = strdup(m->string);
	match->key = what == POLICY_ANNOTATION ? strdup(m->key) : NULL;
	p->matches_n++;
	return match->glob && (match->key || what != POLICY_ANNOTATION) ? 0 : -ENOMEM;
}

static int add_annotations(struct reader *r, const struct json *m, struct policy *p)
{
	int err = 0;

	if (m->type != JSON_OBJECT || !m->child)
		return reader_expected(r, m, "{\"a key\": \"a glob\", ...}");
	if (m->count > MATCHES_MAX)
		return reader_expected(r, m, "at most 64 annotations");
	for (const struct json *j = m->child; err == 0 && j; j = j->next)
		err = add(r, j, POLICY_ANNOTATION, p);
	return err;
}

int match_parse(struct reader *r, const struct json *root, struct policy *p)
{
	const struct json *match = json_get(root, "match");
	int err;

	if (!match)
		return 0;
	if (match->type != JSON_OBJECT || !match->child)
		return reader_expected(r, match,
				       "{\"name\": GLOB, \"image\": GLOB, \"namespace\": GLOB, "
				       "\"pod\": GLOB, \"annotations\": {KEY: GLOB}}, one at least");
	err = reader_keys(r, match, identities);
	if (err < 0)
		return err;
	p->matches = calloc(POLICY_IDENTITIES + MATCHES_MAX, sizeof(*p->matches));
	if (!p->matches)
		return -ENOMEM;
	for (unsigned i = 0; err == 0 && identities[i]; i++) {
		const struct json *m = json_get(match, identities[i]);

		if (m)
			err = i == POLICY_ANNOTATION ? add_annotations(r, m, p) : add(r, m, i, p);
	}
	return err;
}

void match_release(struct policy *p)
{
	for (size_t i = 0; i < p->matches_n; i++) {
		free(p->matches[i].key);
		free(p->matches[i].glob);
	}
	free(p->matches);
}
