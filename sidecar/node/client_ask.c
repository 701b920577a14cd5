/* SPDX-License-Identifier: Apache-2.0 */
/* See client.h. From a question's text to the verb that answers it. What nobody knows is refused: a filter
 * that is misspelt would let through what it is to keep away. */
#include <errno.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"

/* With the members their questions have beside "verb" and "format". */
static const struct {
	const struct verb *verb;
	const char *members;
} verbs[] = {
    {&verb_ps, "all"},
    {&verb_logs, "id node all follow reverse last fields colour since until kinds verdicts path exec tag pid "
		 "uid rule address port"},
    {&verb_ledger, "id node"},
    {&verb_stats, "id"},
    {&verb_status, ""},
    {&verb_verify, "id node anchors"},
    {&verb_anchor, "id node any"},
    {&verb_metrics, "containers"},
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word), n;

	for (; *words; words += n + strspn(words + n, " ")) {
		n = strcspn(words, " ");
		if (n == len && strncmp(words, word, n) == 0)
			return true;
	}
	return false;
}

static int check_members(struct client *c, const struct json *query, const char *members)
{
	for (const struct json *m = query->child; m; m = m->next)
		if (!has_word("verb format", m->key) && !has_word(members, m->key))
			return util_refuse(-EINVAL, c->error, sizeof(c->error),
					   "%s has no \"%.64s\"; it has: %s", c->verb->name, m->key,
					   *members ? members : "nothing more");
	return 0;
}

static int choose_format(struct client *c, const struct json *query)
{
	const char *format =
	    json_get_string(query, "format", c->lines && c->verb != &verb_metrics ? "json" : "text");
	bool logs = c->verb == &verb_logs;

	c->json = strcmp(format, "json") == 0;
	c->audit = logs && strcmp(format, "audit") == 0;
	c->raw = logs && !c->lines && strcmp(format, "raw") == 0;
	c->csv = logs && strcmp(format, "csv") == 0;
	if (c->json || c->audit || c->raw || c->csv || strcmp(format, "text") == 0)
		return 0;
	return util_refuse(-EINVAL, c->error, sizeof(c->error), "%s has no format '%.64s'%s", c->verb->name,
			   format, c->lines ? " in lines" : "");
}

int client_ask(struct client *c, const char *text, size_t len)
{
	_json_ struct json *j = NULL;
	const char *verb, *members = "";
	int r = json_parse(text, len, false, &j, c->error, sizeof(c->error));

	if (r < 0)
		return r;
	if (j->type != JSON_OBJECT)
		return util_refuse(-EINVAL, c->error, sizeof(c->error), "expected an object: {\"verb\":...}");
	verb = json_get_string(j, "verb", "");
	for (size_t i = 0; i < ARRAY_SIZE(verbs) && !c->verb; i++) {
		if (strcmp(verbs[i].verb->name, verb) == 0)
			c->verb = verbs[i].verb;
		members = verbs[i].members;
	}
	if (!c->verb)
		return util_refuse(-EINVAL, c->error, sizeof(c->error), "no verb '%.64s'", verb);
	c->node->query_counts.asked++;
	r = choose_format(c, j);
	if (r == 0)
		r = check_members(c, j, members);
	if (r < 0)
		c->verb = NULL;
	return r < 0 ? r : c->verb->start(c, j);
}
