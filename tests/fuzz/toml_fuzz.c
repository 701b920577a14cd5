// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/install/toml.h"

/* What is read has a place in the text; what is not has a reason of one line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_toml_ struct toml t = {0};
	char error[256] = "";

	if (toml_parse((const char *)data, len, &t, error, sizeof(error)) < 0) {
		assert(error[0] && !strchr(error, '\n'));
		return 0;
	}
	for (size_t i = 0; i < t.n; i++) {
		const struct toml_item *item = &t.items[i];

		assert(item->line > 0 && item->column > 0 && item->path[0] != TOML_SEP[0]);
		assert(item->from <= item->to && item->to <= len);
		assert((item->type == TOML_STRING) == (item->string != NULL));
	}
	return 0;
}
