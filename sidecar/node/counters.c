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

bool counters_known(unsigned kind)
{
	return kind < RV_KIND_MAX && kind_names[kind];
}

void counters_kinds(const char *key, const __u64 *n, struct json_out *o)
{
	json_out_key(o, key);
	json_out_open_object(o);
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		if (kind_names[k] && n[k])
			json_out_member_unsigned(o, kind_names[k], n[k]);
	json_out_close_object(o);
}

static const unsigned char merge_kinds[RV_MERGE_MAX] = {
#define MERGE(NAME, index) [index] = RV_KIND_##NAME,
    RV_MERGES(MERGE)
#undef MERGE
};

unsigned counters_merge(unsigned kind)
{
	for (unsigned i = 0; i < RV_MERGE_MAX; i++)
		if (merge_kinds[i] && merge_kinds[i] == kind)
			return i;
	return RV_MERGE_MAX;
}

unsigned counters_merge_kind(unsigned index)
{
	return index < RV_MERGE_MAX ? merge_kinds[index] : 0;
}

void counters_merges(const char *key, const uint64_t *n, struct json_out *o)
{
	json_out_key(o, key);
	json_out_open_object(o);
	for (unsigned i = 0; i < RV_MERGE_MAX; i++)
		if (merge_kinds[i] && n[i])
			json_out_member_unsigned(o, kind_names[merge_kinds[i]], n[i]);
	json_out_close_object(o);
}

void counters_to_json(const struct rv_counters *c, struct json_out *o)
{
	json_out_open_object(o);
	json_out_member_unsigned(o, "issued", c->issued);
	json_out_member_unsigned(o, "armed", c->armed);
	counters_kinds("taken", c->taken, o);
	counters_kinds("lost", c->lost, o);
	counters_merges("merged", (const uint64_t *)c->merged, o);
	counters_merges("merged_lost", (const uint64_t *)c->merged_lost, o);
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

void counters_kinds_from(const struct json *j, __u64 ret[static RV_KIND_MAX])
{
	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		ret[k] = kind_names[k] ? positive(json_get_number(j, kind_names[k], 0)) : 0;
}

void counters_merges_from(const struct json *j, __u64 ret[static RV_MERGE_MAX])
{
	for (unsigned i = 0; i < RV_MERGE_MAX; i++) {
		const char *name = kind_names[merge_kinds[i]];

		ret[i] = name ? positive(json_get_number(j, name, 0)) : 0;
	}
}

void counters_from_json(const struct json *j, struct rv_counters *ret)
{
	const struct json *errors = json_get(j, "errors");
	unsigned e = 0;

	memset(ret, 0, sizeof(*ret));
	ret->issued = positive(json_get_number(j, "issued", 0));
	ret->armed = positive(json_get_number(j, "armed", 0));
	counters_kinds_from(json_get(j, "taken"), ret->taken);
	counters_kinds_from(json_get(j, "lost"), ret->lost);
	counters_merges_from(json_get(j, "merged"), ret->merged);
	counters_merges_from(json_get(j, "merged_lost"), ret->merged_lost);
	if (!errors || errors->type != JSON_ARRAY)
		return;
	for (const struct json *n = errors->child; n && e < RV_ERROR_MAX; n = n->next)
		ret->errors[e++] = n->type == JSON_NUMBER ? positive(n->number) : 0;
}
