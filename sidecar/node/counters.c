/* SPDX-License-Identifier: Apache-2.0 */
/* See counters.h. */
#include "sidecar/node/counters.h"
#include <string.h>

#define ROW(NAME, number, name, cause, profile, doc) [number] = #name,
static const char *const kind_names[RV_KIND_MAX] = {RV_KINDS(ROW)};
#undef ROW

unsigned counters_kind(const char *name)
{
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (kind_names[k] && strcmp(kind_names[k], name) == 0)
			return k;
	return 0;
}

static void by_kind(const char *key, const __u64 *n, struct json_out *o)
{
	json_out_key(o, key);
	json_out_open_object(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (kind_names[k] && n[k])
			json_out_member_unsigned(o, kind_names[k], n[k]);
	json_out_close_object(o);
}

void counters_to_json(const struct rv_counters *c, struct json_out *o)
{
	json_out_open_object(o);
	json_out_member_unsigned(o, "issued", c->issued);
	json_out_member_unsigned(o, "armed", c->armed);
	by_kind("taken", c->taken, o);
	by_kind("lost", c->lost, o);
	json_out_key(o, "errors");
	json_out_open_array(o);
	for (unsigned e = 0; e < RV_ERROR_MAX; e++)
		json_out_unsigned(o, c->errors[e]);
	json_out_close_array(o);
	json_out_close_object(o);
}

static __u64 positive(int64_t n)
{
	return n > 0 ? (__u64)n : 0;
}

void counters_from_json(const struct json *j, struct rv_counters *ret)
{
	const struct json *taken = json_get(j, "taken"), *lost = json_get(j, "lost");
	const struct json *errors = json_get(j, "errors");
	unsigned e = 0;

	memset(ret, 0, sizeof(*ret));
	ret->issued = positive(json_get_number(j, "issued", 0));
	ret->armed = positive(json_get_number(j, "armed", 0));
	for (unsigned k = 0; k < RV_KIND_MAX; k++) {
		if (!kind_names[k])
			continue;
		ret->taken[k] = positive(json_get_number(taken, kind_names[k], 0));
		ret->lost[k] = positive(json_get_number(lost, kind_names[k], 0));
	}
	if (!errors || errors->type != JSON_ARRAY)
		return;
	for (const struct json *n = errors->child; n && e < RV_ERROR_MAX; n = n->next)
		ret->errors[e++] = n->type == JSON_NUMBER ? positive(n->number) : 0;
}
