// SPDX-License-Identifier: Apache-2.0
/* The tree json_parse makes: how it is freed and asked. See json.h. */
#include "json.h"
#include <stdlib.h>
#include <string.h>

void json_free(struct json *j)
{
	while (j) {
		struct json *child = j->child;

		/* Lift one child to the front: no recursion, however deep. */
		if (child) {
			j->child = child->next;
			child->next = j;
			j = child;
			continue;
		}
		child = j->next;
		free(j->string);
		free(j->key);
		free(j);
		j = child;
	}
}

const struct json *json_get(const struct json *j, const char *key)
{
	if (!j || j->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = j->child; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

const char *json_get_string(const struct json *j, const char *key, const char *fallback)
{
	const struct json *m = json_get(j, key);

	return m && m->type == JSON_STRING ? m->string : fallback;
}

int64_t json_get_number(const struct json *j, const char *key, int64_t fallback)
{
	const struct json *m = json_get(j, key);

	return m && m->type == JSON_NUMBER ? m->number : fallback;
}

bool json_is_true(const struct json *j, const char *key)
{
	const struct json *m = json_get(j, key);

	return m && m->type == JSON_BOOL && m->boolean;
}
