// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include "fuzz.h"
#include "sidecar/node/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char error[CONFIG_ERROR_MAX] = "";
	struct config c = {.keep = 1};
	int r = config_parse((const char *)data, len, "fuzz", &c, error, sizeof(error));

	if (r < 0) {
		assert(c.keep == 1 && strncmp(error, "fuzz:", 5) == 0 && !strchr(error, '\n'));
		assert(strstr(error, "found ") && strstr(error, "expected "));
		return 0;
	}
	assert(error[0] == '\0' && c.keep >= 100 && c.age_s >= 10);
	assert(c.container_bytes >= 1u << 20 && c.node_bytes >= 1u << 20 && c.free_bytes >= 1u << 20);
	return 0;
}
