/* SPDX-License-Identifier: Apache-2.0 */
/* See event_table.h. */
#include "event_table.h"
#include <string.h>
#include "util.h"

#define FIELD(type, name, view, doc)                                                               \
	{#name, doc, offsetof(record, name), sizeof(type), VIEW_##view, false},
#define STRING(name, view, doc) {#name, doc, offsetof(record, name##_len), 4, VIEW_##view, true},
#define KIND(NAME, number, lower, cause, profile, doc)                                             \
	case number: {                                                                             \
		typedef struct rv_##lower record;                                                  \
		static const struct event_field fields[] = {RV_FIELDS_##NAME(FIELD, STRING)};      \
		static const struct event_kind kind = {#lower, #cause, doc, RV_PROFILE_##profile,  \
						       sizeof(record), fields, ARRAY_SIZE(fields)};\
		_Static_assert(number > 0 && number < RV_KIND_MAX, #lower);                        \
		return &kind;                                                                      \
	}

const struct event_kind *event_kind(unsigned number)
{
	switch (number) {
		RV_KINDS(KIND)
	default:
		return NULL;
	}
}

/* The kinds of a hook: up to three names, as (A), (A, B), ... */
#define KINDS_1(a) 1ull << RV_KIND_##a
#define KINDS_2(a, b) KINDS_1(a) | KINDS_1(b)
#define KINDS_3(a, b, c) KINDS_2(a, b) | KINDS_1(c)
#define KINDS_N(a, b, c, n, ...) KINDS_##n
#define KINDS(...) (KINDS_N(__VA_ARGS__, 3, 2, 1, 0)(__VA_ARGS__))
#define H(NAME, number, attach, prog, kinds, since)                                                \
	[number] = {attach, NULL, prog, since, KINDS kinds, true},
#define N(NAME, number, attach, prog, kinds, since)                                                \
	[number] = {attach, NULL, prog, since, KINDS kinds, false},

const struct event_hook *event_hook(unsigned number)
{
	static struct event_hook hooks[RV_HOOK_MAX] = {RV_HOOKS(H, N)};

	if (number >= RV_HOOK_MAX || !hooks[number].attach)
		return NULL;
	if (!hooks[number].hook)
		hooks[number].hook = strrchr(hooks[number].attach, '/') + 1;
	return &hooks[number];
}

unsigned event_kind_number(const char *name, size_t len)
{
	for (unsigned k = 1; k < RV_KIND_MAX; k++) {
		const struct event_kind *kind = event_kind(k);

		if (kind && strlen(kind->name) == len && memcmp(kind->name, name, len) == 0)
			return k;
	}
	return 0;
}

const char *event_view_type(unsigned view)
{
#define TYPE(NAME, json) [VIEW_##NAME] = json,
	static const char *const types[] = {RV_VIEWS(TYPE)};

	return view < ARRAY_SIZE(types) ? types[view] : "";
}
