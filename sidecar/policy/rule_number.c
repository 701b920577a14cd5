/* SPDX-License-Identifier: Apache-2.0 */
/* Rules whose object has no name of its own: memory, capability, kernel. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "kinds.h"
#include "rule.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/util.h"

#define NAMES_MAX 64 /* bits of policy_rule.which */
#define PREFIX "cap_"

/* Names behind "CAP_". */
static void capability_names(const char *ret[static NAMES_MAX + 1])
{
	unsigned n = 0;

	for (; n < NAMES_MAX && event_view_name(VIEW_CAPABILITY, n); n++)
		ret[n] = event_view_name(VIEW_CAPABILITY, n) + strlen(PREFIX);
	ret[n] = NULL;
}

static int add_capability(struct reader *r, const struct json *word, const void *arg, uint64_t *ret)
{
	struct json upper = *word;
	_free_ char *name = NULL;
	unsigned index;
	int err;

	if (word->type == JSON_STRING) {
		bool prefixed = strncasecmp(word->string, PREFIX, strlen(PREFIX)) == 0;

		name = strdup(word->string + (prefixed ? strlen(PREFIX) : 0));
		if (!name)
			return -ENOMEM;
		for (char *c = name; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		upper.string = name;
		if (strcmp(name, "ALL") == 0 && !prefixed) {
			*ret = ~0ull;
			return 0;
		}
	}
	err = reader_word(r, &upper, arg, &index);
	if (err == 0)
		*ret = 1ull << index;
	return err;
}

/* Names of the kinds of a mask. */
static void kind_names(uint64_t kinds, const char *ret[static NAMES_MAX + 1])
{
	unsigned n = 0;

	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (kinds >> k & 1)
			ret[n++] = event_kind(k)->name;
	ret[n] = NULL;
}

static int add_kind(struct reader *r, const struct json *word, const void *arg, uint64_t *ret)
{
	unsigned kind = 0, unused;

	if (word->type == JSON_STRING)
		kind = event_kind_number(word->string, strlen(word->string));
	if (!kind)
		return reader_word(r, word, arg, &unused);
	if (kinds_fault(kind))
		return reader_expected(r, word, kinds_fault(kind));
	*ret = 1ull << kind;
	return 0;
}

int rule_parse_number(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	bool capability = rule->subject == POLICY_CAPABILITY;
	const char *names[NAMES_MAX + 1];
	const struct json *m;

	if (rule->subject == POLICY_MEMORY)
		return rule_parse_access(r, j, "access", rule);
	rule->access = RV_DO_ANY;
	m = json_get(j, capability ? "capability" : "kind");
	if (!m)
		return reader_fail(r, j, "found no \"%s\", expected %s",
				   capability ? "capability" : "kind",
				   capability ? "\"capability\": \"CAP_...\" or \"all\""
					      : "\"kind\": a kind of event, as \"ptrace\"");
	if (capability)
		capability_names(names);
	else
		kind_names(kinds_decided(), names);
	return reader_words(r, m, capability ? add_capability : add_kind, names, &rule->which);
}
