// SPDX-License-Identifier: Apache-2.0
/* See record.h. */
#include "sidecar/common/record.h"
#include <errno.h>
#include <string.h>
#include "bpf/abi.h"
#include "sidecar/common/event.h"
#include "sidecar/common/util.h"

static unsigned kind_of(const char *name, size_t len)
{
	for (unsigned k = 1; k < RV_KIND_MAX; k++) {
		const char *known = event_kind_name(k);

		if (strlen(known) == len && memcmp(known, name, len) == 0 &&
		    strcmp(known, "unknown") != 0)
			return k;
	}
	return 0;
}

int record_parse(const char *text, uint32_t *ret, char *error, size_t error_size)
{
	uint32_t mask = 1u << RV_KIND_CHECKPOINT;

	if (strcmp(text, "all") == 0 || strcmp(text, "none") == 0) {
		*ret = text[0] == 'a' ? RV_RECORD_ALL : 0;
		return 0;
	}
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		unsigned kind = kind_of(at, len);

		if (!kind)
			return util_refuse(
			    -EINVAL, error, error_size,
			    "--record \"%.40s\": found \"%.*s\", expected " RECORD_USAGE, text,
			    (int)(len > 40 ? 40 : len), at);
		mask |= 1u << kind;
		at += len;
		if (!*at)
			break;
	}
	*ret = mask;
	return 0;
}
