/* SPDX-License-Identifier: Apache-2.0 */
/* See cuts.h. */
#include "sidecar/node/cuts.h"
#include <string.h>
#include "sidecar/node/counters.h"

static uint64_t sum(const __u64 *kinds)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < RV_KIND_MAX; k++)
		n += kinds[k];
	return n;
}

uint64_t cuts_cut(const struct cuts *c)
{
	return sum(c->cut);
}

uint64_t cuts_dropped(const struct cuts *c)
{
	return sum(c->dropped);
}

bool cuts_any(const struct cuts *c)
{
	static const struct cuts none;

	return memcmp(c, &none, sizeof(none)) != 0;
}

static void by_class(const char *key, const uint64_t *n, struct json_out *o)
{
	json_out_key(o, key);
	json_out_open_object(o);
	for (unsigned c = 0; c < CLASSES; c++)
		if (n[c])
			json_out_member_unsigned(o, class_name(c), n[c]);
	json_out_close_object(o);
}

void cuts_to_json(const struct cuts *c, struct json_out *o)
{
	json_out_open_object(o);
	counters_kinds("cut", c->cut, o);
	counters_kinds("dropped", c->dropped, o);
	json_out_member_unsigned(o, "denials_cut", c->denials);
	json_out_member_unsigned(o, "arguments_dropped", c->args_dropped);
	counters_merges("repeats_cut", (const uint64_t *)c->repeats_cut, o);
	counters_merges("repeats_dropped", (const uint64_t *)c->repeats_dropped, o);
	by_class("below", c->below, o);
	by_class("kept_bytes", c->kept, o);
	json_out_close_object(o);
}

static uint64_t positive(const struct json *j, const char *key)
{
	int64_t n = json_get_number(j, key, 0);

	return n > 0 ? (uint64_t)n : 0;
}

static void from_classes(const struct json *j, uint64_t *ret)
{
	for (unsigned c = 0; c < CLASSES; c++)
		ret[c] = positive(j, class_name(c));
}

void cuts_from_json(const struct json *j, struct cuts *ret)
{
	*ret = (struct cuts){.denials = positive(j, "denials_cut"),
			     .args_dropped = positive(j, "arguments_dropped")};
	counters_kinds_from(json_get(j, "cut"), ret->cut);
	counters_kinds_from(json_get(j, "dropped"), ret->dropped);
	counters_merges_from(json_get(j, "repeats_cut"), ret->repeats_cut);
	counters_merges_from(json_get(j, "repeats_dropped"), ret->repeats_dropped);
	from_classes(json_get(j, "below"), ret->below);
	from_classes(json_get(j, "kept_bytes"), ret->kept);
}
