// SPDX-License-Identifier: Apache-2.0
/* See record.h. */
#include "sidecar/common/record.h"
#include <errno.h>
#include <string.h>
#include "sidecar/common/event_table.h"
#include "sidecar/common/util.h"

static uint64_t kinds_of_profile(unsigned profile)
{
	uint64_t kinds = 0;

	for (unsigned k = 1; k < RV_KIND_MAX; k++) {
		const struct event_kind *kind = event_kind(k);

		if (kind && kind->profile <= profile)
			kinds |= 1ull << k;
	}
	return kinds;
}

struct record record_default(void)
{
	return (struct record){kinds_of_profile(RV_PROFILE_NORMAL), 0};
}

/* A profile or a kind. */
static bool add_word(const char *word, size_t len, struct record *r)
{
	static const struct {
		const char *name;
		unsigned profile;
		uint32_t options;
	} profiles[] = {
	    {"quiet", RV_PROFILE_QUIET, 0},
	    {"normal", RV_PROFILE_NORMAL, 0},
	    {"all", RV_PROFILE_ALL, RV_OPTION_SINGLY},
	};
	unsigned kind = event_kind_number(word, len);

	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (strlen(profiles[i].name) != len || memcmp(profiles[i].name, word, len) != 0)
			continue;
		r->kinds |= kinds_of_profile(profiles[i].profile);
		r->options |= profiles[i].options;
		return true;
	}
	if (kind)
		r->kinds |= 1ull << kind;
	return kind != 0;
}

int record_parse(const char *text, struct record *ret, char *error, size_t error_size)
{
	struct record r = {.kinds = 1ull << RV_KIND_CHECKPOINT | 1ull << RV_KIND_REPEAT};

	if (strcmp(text, "none") == 0) {
		*ret = (struct record){0};
		return 0;
	}
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");

		if (!add_word(at, len, &r))
			return util_refuse(
			    -EINVAL, error, error_size,
			    "--record \"%.40s\": found \"%.*s\", expected " RECORD_USAGE, text,
			    (int)(len > 40 ? 40 : len), at);
		at += len;
		if (!*at)
			break;
	}
	*ret = r;
	return 0;
}

int record_repeat(const char *word, struct record *r, char *error, size_t error_size)
{
	if (strcmp(word, "each") == 0)
		r->options |= RV_OPTION_SINGLY;
	else if (strcmp(word, "count") == 0)
		r->options &= ~(uint32_t)RV_OPTION_SINGLY;
	else
		return util_refuse(-EINVAL, error, error_size,
				   "--repeat \"%.40s\": expected " REPEAT_USAGE, word);
	return 0;
}
